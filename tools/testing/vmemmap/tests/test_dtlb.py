# SPDX-License-Identifier: GPL-2.0
"""Measuring TLB misses: what is told to the plugin, its model, and what its numbers become."""
import subprocess
import unittest

import support
import dtlb
import rst
from toolbox import Trouble

# Stands for QEMU: takes the plugin's functions, and calls them as accesses of a guest would.
HARNESS = r"""
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
typedef void (*call)(unsigned, void *);
typedef void (*mem)(unsigned, uint32_t, uint64_t, void *);
static call phase;
static mem touch;
static void (*translate)(uint64_t, void *);
static void (*end)(uint64_t, void *);
static uint64_t address;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t i, void *f) { translate = f; }
size_t qemu_plugin_tb_n_insns(void *t) { return 1; }
void *qemu_plugin_tb_get_insn(void *t, size_t i) { return t; }
uint64_t qemu_plugin_insn_vaddr(void *i) { return address; }
void qemu_plugin_register_vcpu_insn_exec_cb(void *i, call f, int g, void *d)
{ if (address == 0x1000 && !phase) phase = f; }
void qemu_plugin_register_vcpu_mem_cb(void *i, mem f, int g, int k, void *d) { touch = f; }
bool qemu_plugin_mem_is_store(uint32_t info) { return false; }
void qemu_plugin_register_atexit_cb(uint64_t i, void *f, void *d) { end = f; }
int qemu_plugin_install(uint64_t, const void *, int, char **);
int main(int argc, char **argv)
{
	uint64_t start, step; long count;
	if (qemu_plugin_install(0, NULL, argc - 1, argv + 1))
		return 1;
	address = 0x1000;
	translate(0, NULL);
	phase(0, NULL);
	while (scanf("%lx %lx %ld", &start, &step, &count) == 3)
		for (; count--; start += step)
			touch(0, 0, start, NULL);
	end(0, NULL);
	return 0;
}
"""
MEMMAP = 0xfffe000000000000


class Model(support.PluginCase):
    """The plugin, with a made-up processor around it."""

    PLUGIN, HARNESS = support.BED / "measure" / "dtlb.c", HARNESS

    def counts(self, accesses, *arguments):
        """Return {"KEY NAME": number} after accesses, (start, step, count) each."""
        out = self.folder / "out"
        done = subprocess.run([self.program, f"out={out}", "phase=1000", *arguments],
                              input="".join(f"{start:x} {step:x} {count}\n"
                                            for start, step, count in accesses), text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dtlb.read(out)["1"]

    def test_a_leaf_is_one_miss(self):
        large = self.counts([(MEMMAP, 64, 65536)], f"map=m:{MEMMAP:x}:ffffffffffffffff:22:vector")
        self.assertEqual((large["vector m"], large["walked m"]), (1, 0))
        self.assertEqual(large["access m"], 65536)

    def test_base_pages_are_one_miss_each(self):
        small = self.counts([(MEMMAP, 64, 65536)], f"map=m:{MEMMAP:x}:ffffffffffffffff:14:vector")
        self.assertEqual(small["vector m"], 256)

    def test_the_walker_finds_all_but_its_own_pages(self):
        region_5 = 0xa000400000000000
        found = self.counts([(region_5, 64, 65536)],
                            f"map=m:{region_5:x}:bfffffffffffffff:14:walked")
        # 256 entries of the linear page table lie in one page of it
        self.assertEqual((found["walked m"], found["vector m"]), (255, 1))

    def test_what_fits_stays(self):
        pages = f"map=m:{MEMMAP:x}:ffffffffffffffff:14:vector"
        for entries, misses in ((16, 16), (15, 32)):
            found = self.counts([(MEMMAP, 1 << 14, 16)] * 2, pages, f"tlb={entries}")
            # the first level has 32 entries, and would hide it
            self.assertEqual(found["l1 m"], 16)
            found = self.counts([(MEMMAP, 1 << 14, 16), (MEMMAP + 4096, 4096 << 2, 16)], pages,
                                f"tlb={entries}")
            self.assertEqual(found["vector m"], misses)

    def test_pinned_and_physical_are_free(self):
        found = self.counts([(0x4000, 64, 100), (MEMMAP, 64, 100)], f"pin={MEMMAP:x}:{MEMMAP:x}",
                            f"map=m:0:ffffffffffffffff:14:vector")
        self.assertEqual((found["access m"], found["vector m"]), (99, 1))

    def test_bad_argument(self):
        for bad in ("tlb=0", "map=m:0:1:14:magic", "nonsense"):
            done = subprocess.run([self.program, bad], capture_output=True, text=True)
            self.assertEqual(done.stderr, f"dtlb: cannot take {bad}\n")


class Report(unittest.TestCase):
    """How the memmap is mapped, out of a kernel's report."""

    SIZES = "sizes: struct page 64 B, base page 16 KiB, section 1024 MiB"
    REGION_7 = "range: 0xfffe000000000000-0xfffe03ffffffffff, 4096 GiB"

    def test_one_size(self):
        found = dtlb.learn("x", ["model: x", self.REGION_7, "node 0: leaves of 16 KiB: 0",
                                 "node 0: leaves of 4096 KiB: 2"], {0, 1})
        self.assertEqual(found, [dtlb.Map("memmap", MEMMAP, 0xfffe03ffffffffff, 22, "vector")])
        found = dtlb.learn("x", ["range: 0xa000400000000000-0xa00043ffffffffff, 4096 GiB",
                                 "node 0: leaves of 16 KiB: 512"], {0, 1})
        self.assertEqual((found[0].shift, found[0].how), (14, "walked"))
        self.assertEqual(dtlb.learn("x", ["model: SPARSEMEM with a table of sections"], {0}), [])

    def test_large_leaves_lie_where_all_sections_are(self):
        found = dtlb.learn("x", [self.REGION_7, self.SIZES, "node 0: leaves of 4096 KiB: 1",
                                 "node 0: leaves of 16384 KiB: 1"], {3, 4, 5, 6, 7})
        self.assertEqual([(one.first - MEMMAP, one.last + 1 - one.first, one.shift)
                          for one in found],
                         [(16 << 20, 16 << 20, 24), (12 << 20, 4 << 20, 22)])
        self.assertEqual(dtlb.mapped(found, 24), "16 MiB, 4 MiB")

    def test_report_that_cannot_be(self):
        with self.assertRaisesRegex(Trouble, "has 2 leaves of 16384 KiB, 1 were expected"):
            dtlb.learn("x", [self.REGION_7, self.SIZES, "node 0: leaves of 4096 KiB: 1",
                             "node 0: leaves of 16384 KiB: 2"], {0, 1, 2, 3, 4})
        with self.assertRaisesRegex(Trouble, "x: the report has 3 leaves of 16 KiB, 0 were"):
            dtlb.learn("x", [self.REGION_7, self.SIZES, "node 0: leaves of 16 KiB: 3",
                             "node 0: leaves of 4096 KiB: 2"], {0, 1})

    def test_sections(self):
        pieces = [[0, 2 << 30], [3 << 30, 7 << 29], [4 << 30, 0]]
        self.assertEqual(dtlb.sections_of(1 << 30, pieces), {0})
        self.assertEqual(dtlb.sections_of(9 << 28, pieces), {0, 1, 3})
        self.assertEqual(dtlb.sections_of(3 << 30, pieces), {0, 1, 3, 4})

    def test_bad_kernel(self):
        for text in ("x", "x:vmemmap", "x:other:default"):
            with self.assertRaisesRegex(Trouble, "not LABEL:VARIANT:CONFIG"):
                dtlb.parse(text, "/b", "v")
        with self.assertRaisesRegex(Trouble, "no kernel there; make kernel ARCH=ia64 VARIANT=cla"):
            dtlb.parse("x:classic:default", "/b", "v")


class Tables(unittest.TestCase):
    """What numbers become."""

    def test_row(self):
        result = {"mapped": "4 MiB", "phases": {"1": {
            "instructions kernel": 7, "walked memmap": 0, "vector memmap": 2, "walked user": 3,
            "vector linear": 4, "vector user": 5, "exec vhpt_miss": 6}}}
        self.assertEqual(dtlb.row("x", "2G", result, 1),
                         ["x", "2G", "4 MiB", "7", "0", "2", "3", "9", "6", "-", "-", "-"])

    def test_rst(self):
        self.assertEqual(rst.table(("who", "what for"), [["a b", "1"], ["c", "-"]]).splitlines(),
                         ["===  ====", "who  what", "     for", "===  ====", "a b     1",
                          "c       -", "===  ===="])
        self.assertEqual(rst.made_by(["x", "a b"]), rst.HEAD + "Made by::\n\n\tx 'a b'")


if __name__ == "__main__":
    unittest.main()
