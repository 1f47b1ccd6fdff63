# SPDX-License-Identifier: GPL-2.0
"""Boot and scale, and adding memory: guests from data, kernels' logs, figures."""
import copy
import types
import unittest

from support import layout

import measure_plan
import memblocklog
import memories
from measurements import hotadd, scale
from toolbox import Trouble

TIB = 1 << 40
FAR = {"first": "2T", "end": "63T", "maxmem": "80T", "parameter": "memmap=", "parameters": "p"}
LOG = """[ 0.0] memblock_alloc_try_nid: 64 bytes align=0x40 nid=-1 setup_arch+0x1/0x2
[ 0.0] memblock_alloc_try_nid: 16384 bytes align=0x40 nid=-1 sparse_init+0x7b/0x1c9
[ 0.0] memblock_alloc_exact_nid_raw: 4194304 bytes align=0x200000 nid=0 sparse_init_nid+0x11a/0x31c
[ 0.0] memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 alloc_table+0xc/0x24
[ 0.0] memblock_alloc_try_nid_raw: 4096 bytes align=0x1000 nid=0 pfn_bitmap_fill_hole+0xc/0x24
[ 0.0] memblock_phys_free: [0x200000-0x3fffff] sparse_init_nid+0x2/0x3
[ 0.0] Zone ranges:
[ 0.0] memblock_alloc_try_nid: 75 bytes align=0x40 nid=-1 io_apic_init_mappings+0x32/0x1c1
"""


def done(lines):
    """Return lines in which all is had that is asked for."""
    return [more for line in lines for more in (
        line, *(["memblock_reserve: [0x1-0x2] memblock_alloc_range_nid+0xa8/0x131"]
                if "memblock_alloc" in line else []))]


class Memories(unittest.TestCase):
    """Memory of guests, from scale.toml."""

    def test_ours_are_good(self):
        data = scale.load()
        for arch in ("x86_64", "powerpc"):
            everything = memories.of_arch(data[arch], False)
            quick = memories.of_arch(data[arch], True)
            self.assertLessEqual({one.name for one in quick}, {one.name for one in everything})
            self.assertLessEqual(set(data[arch]["timed"]), {one.name for one in everything})
            for only in data[arch].get("only", {}).values():
                self.assertLessEqual(set(only), {one.name for one in everything})
            for one in everything:
                self.assertEqual(one.low + sum(size for _, size in one.pieces), one.size)
                memories.machine_of(one)

    def test_pieces(self):
        one = memories.scattered({"size": "16G", "low": "1G", "pieces": 15}, FAR)
        self.assertEqual((one.name, one.low, len(one.pieces)), ("16G-scattered-15", 1 << 30, 15))
        ends = [0] + [place + size for place, size in one.pieces]
        self.assertTrue(all(place >= end for (place, _), end in zip(one.pieces, ends)))
        self.assertGreaterEqual(one.pieces[0][0], 2 * TIB)
        self.assertLessEqual(ends[-1], 63 * TIB)
        fields, parameters = memories.machine_of(one)
        self.assertEqual((fields["memory"], fields["slots"], len(fields["devices"])),
                         (1 << 30, 15, 15))
        self.assertRegex(parameters, r"^p memmap=1024M@\d+G(,1024M@\d+G){14}$")
        self.assertEqual(memories.machine_of(memories.contiguous("1G")), ({"memory": 1 << 30}, ""))

    def test_bad_ones(self):
        good = {"size": "16G", "low": "1G", "pieces": 15}
        for more, complaint in (({"pieces": 17}, "not 17 equal pieces"),
                                ({"size": "x"}, "not a size"),
                                ({"low": "1G", "size": "1G"}, "no sections"),
                                ({"size": "2G", "pieces": 64}, "no sections")):
            with self.subTest(complaint), self.assertRaisesRegex(Trouble, complaint):
                memories.scattered({**good, **more}, FAR)
        with self.assertRaisesRegex(Trouble, "'first' is missing"):
            memories.scattered(good, {})
        many = memories.scattered({"size": "65G", "low": "1G", "pieces": 256}, FAR)
        with self.assertRaisesRegex(Trouble, "too many pieces"):
            memories.machine_of(many)
        with self.assertRaisesRegex(Trouble, 'no memory "2G"; known: 1G'):
            memories.of_arch({"contiguous": ["1G"], "quick": ["2G"]}, True)


class Log(unittest.TestCase):
    """What memblock=debug says."""

    def test_kinds(self):
        self.assertEqual(memblocklog.taken(done(LOG.splitlines()), scale.load()["log"]), {
            "memmap": 2 << 20, "page tables": 4096, "section tables": 16384,
            "bitmaps": 4096})

    def test_callers_that_are_called(self):
        lines = [f"memblock_alloc_{call}: {size} bytes align=0x10000 nid=0 memmap_alloc+0x34/0x48"
                 for call, size in (("exact_nid_raw", 65536), ("try_nid_raw", 65536),
                                    ("try_nid_raw", 2 << 20))]
        lines.insert(0, "memblock_alloc_try_nid: 64 bytes align=0x80 nid=0 sparse_init+0xac/0x26c")
        facts = scale.load()["log"]
        found = memblocklog.taken(done(lines), facts)
        self.assertEqual((found["page tables"], found["memmap"]), (65536, 65536 + (2 << 20)))

    def test_asked_for_in_vain(self):
        lines = ["memblock_alloc_try_nid: 64 bytes align=0x80 nid=0 sparse_init+0xac/0x26c",
                 "memblock_alloc_exact_nid_raw: 17179869184 bytes align=0x1 nid=0 memmap_alloc+0x2/0x4"]
        lines += done(["memblock_alloc_try_nid_raw: 16777216 bytes align=0x1000000 nid=0 "
                       "__earlyonly_bootmem_alloc.constprop.0+0x34/0x48"])
        self.assertEqual(memblocklog.taken(lines, scale.load()["log"])["memmap"], 16 << 20)

    def test_flatmem(self):
        lines = ["memblock_alloc_try_nid: 4096 bytes align=0x80 nid=0 early_alloc_pgtable+0x1/0x2",
                 "Zone ranges:",
                 "memblock_alloc_try_nid_raw: 4096 bytes align=0x80 nid=0 memmap_alloc+0x1/0x2",
                 "memblock_alloc_try_nid: 32 bytes align=0x80 nid=0 free_area_init_node+0x1/0x2"]
        self.assertEqual(memblocklog.taken(done(lines), scale.load()["log"]), {
            "memmap": 4096, "page tables": 0, "section tables": 32, "bitmaps": 0})

    def test_unknown(self):
        facts = scale.load()["log"]
        with self.assertRaisesRegex(Trouble, "unknown purpose: memblock_alloc_try_nid_raw: 4096"):
            memblocklog.taken(LOG.replace("alloc_table", "odd").splitlines(), facts)
        with self.assertRaisesRegex(Trouble, "no memory taken for the memmap"):
            memblocklog.taken([], facts)


class Figures(unittest.TestCase):
    """Arithmetic of the two reports."""

    def test_scale(self):
        counted = {"populate": {"instructions": 7}, "initialise": {"instructions": 2000000},
                   "deferred": {"instructions": 500000}}
        self.assertEqual((scale.populate(counted), scale.initialise(counted)), (7, 2.5))
        timed = [{"populate": [3000000, 1000000, 2000000]}, {"populate": [1, 1, 1]}]
        self.assertEqual((scale.milliseconds(timed[0]), scale.spread(timed)), (2, 100))
        self.assertEqual(scale.spread([]), 0)

    def test_middle(self):
        self.assertEqual(hotadd.middle([1000, 2, 4, 0]), 3)
        self.assertEqual(hotadd.middle([5]), 5)
        told = {"map": {"each": [0, 10, 10, 99], "times": 4}}
        self.assertEqual(hotadd.per_block(told, 8), {"map": 5})

    def test_runs(self):
        result = {"runs": [{"map": 90}, {"map": 110}]}
        self.assertEqual(hotadd.means(result), {"map": 100})
        self.assertEqual(hotadd.spread([result, {"runs": [{"map": 1}, {"map": 1}]}], "map"), 20)

    def test_blocks(self):
        self.assertEqual(hotadd.blocks_in(["x", "guest| # 8 blocks in each DIMM, 134217728 bytes "
                                           "in each block"]), (8, 128 << 20))
        with self.assertRaisesRegex(Trouble, "did not tell"):
            hotadd.blocks_in(["x"])

    def test_dimms(self):
        for arch in ("x86_64", "powerpc"):
            facts = hotadd.load()[arch]
            for case in facts["case"]:
                actions, env = hotadd.dimms_of(case, facts["dimms"])
                self.assertEqual(len(env["DIMMS"].split(",")), facts["dimms"])
                self.assertIn("plug dimm0", actions)
        bad = copy.deepcopy(case)
        bad["first"] = "1G"
        with self.assertRaisesRegex(Trouble, "'distance'"):
            hotadd.dimms_of(bad, 1)


class Points(unittest.TestCase):
    """What the two measurements want measured."""

    def plan(self, quick, name):
        """Return a plan of one group of that name with two models."""
        models = tuple(types.SimpleNamespace(name=name, label=name, kernel=None)
                       for name in ("classic", "flatmem"))
        group = types.SimpleNamespace(name=name, title="t", models=models,
                                      arch=types.SimpleNamespace(name="x86_64"))
        return types.SimpleNamespace(quick=quick, groups=(group,), build="/b")

    def test_names(self):
        for module, group in ((scale, "x86_64-no-numa"), (hotadd, "x86_64")):
            for quick in (True, False):
                names = [point.name for point in module.points(self.plan(quick, group))]
                self.assertTrue(names)
                self.assertEqual(len(names), len(set(names)))
                self.assertFalse([name for name in names if "flatmem-" in name and
                                  "scattered" in name])
                self.assertFalse(quick and [name for name in names if name.endswith("-time")])

    def test_groups_have_hotplug(self):
        for arch, facts in hotadd.load().items():
            if arch == "parts":
                continue
            known = {group.name: group for group in measure_plan.groups("/b", "6.1")}
            for name in (*facts["groups"], *facts["quick_groups"]):
                with self.subTest(name):
                    self.assertEqual(known[name].arch.name, arch)
                    config = known[name].models[0].kernel.config
                    text = (layout.BED / "configs" / f"{config}.config").read_text()
                    self.assertNotIn("# CONFIG_MEMORY_HOTPLUG is not set", text)

    def test_time_and_much_memory_alone(self):
        for point in scale.points(self.plan(False, "x86_64-no-numa")):
            self.assertEqual(point.alone, "time" in point.name or "256G" in point.name)


if __name__ == "__main__":
    unittest.main()
