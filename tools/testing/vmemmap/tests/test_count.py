# SPDX-License-Identifier: GPL-2.0
"""Counting instructions: the plugin, with a made-up processor around it, and its tables."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support
import count
import plugin
from toolbox import Trouble

# Stands for QEMU. Lines of input: "x ADDRESS" executes an instruction, "l ADDRESS AT" lets it load
# from there, "s ADDRESS AT" store; "c N" goes on with another CPU.
HARNESS = r"""
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
typedef void (*call)(unsigned, void *);
typedef void (*mem)(unsigned, uint32_t, uint64_t, void *);
static struct { call f; void *data; } execs[8];
static int exec_count;
static mem touch;
static void (*translate)(uint64_t, void *);
static void (*end)(uint64_t, void *);
static uint64_t address;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t i, void *f) { translate = f; }
size_t qemu_plugin_tb_n_insns(void *t) { return 1; }
void *qemu_plugin_tb_get_insn(void *t, size_t i) { return t; }
uint64_t qemu_plugin_insn_vaddr(void *i) { return address; }
void qemu_plugin_register_vcpu_insn_exec_cb(void *i, call f, int g, void *d)
{ execs[exec_count].f = f; execs[exec_count++].data = d; }
void qemu_plugin_register_vcpu_mem_cb(void *i, mem f, int g, int k, void *d) { touch = f; }
bool qemu_plugin_mem_is_store(uint32_t info) { return info; }
void qemu_plugin_register_atexit_cb(uint64_t i, void *f, void *d) { end = f; }
int qemu_plugin_install(uint64_t, const void *, int, char **);
int main(int argc, char **argv)
{
	uint64_t at; char what; unsigned cpu = 0;
	if (qemu_plugin_install(0, NULL, argc - 1, argv + 1))
		return 1;
	while (scanf(" %c %lx", &what, &address) == 2) {
		if (what == 'c') {
			cpu = address;
			continue;
		}
		exec_count = 0;
		touch = NULL;
		translate(0, NULL);
		for (int i = 0; i < exec_count; i++)
			execs[i].f(cpu, execs[i].data);
		if (what != 'x' && scanf("%lx", &at) == 1 && touch)
			touch(cpu, what == 's', at, NULL);
	}
	end(0, NULL);
	return 0;
}
"""
KERNEL = 0xffffffff81000000
USER = 0x400000
BEGIN, END = f"s {USER:x} d41520000", f"s {USER:x} d41520008"


class Plugin(support.PluginCase):
    """What it counts."""

    PLUGIN, HARNESS = plugin.SOURCE / "count.c", HARNESS

    def result(self, lines, *arguments, mark=(f"mark={count.MARK:x}",)):
        """Return what the plugin writes after lines of input."""
        out = self.folder / "out"
        subprocess.run([self.program, f"out={out}", *mark, "user=0:7fffffffffff", *arguments],
                       input="\n".join(lines), text=True, check=True)
        return json.loads(out.read_text())

    def test_many_calls(self):
        data = self.result([f"x {KERNEL:x}", f"x {KERNEL + 4:x}"] * 300,
                           f"call=1:{KERNEL:x}:{KERNEL + 4:x}")
        self.assertEqual((data["parts"][0]["times"], data["parts"][0]["each"]), (300, [1] * 256))

    def test_only_between_marks(self):
        outside = [f"x {KERNEL:x}", f"l {KERNEL:x} 1000", f"x {USER:x}", f"s {USER:x} 2000"]
        inside = [f"x {KERNEL:x}", f"x {KERNEL + 4:x}", f"l {KERNEL + 8:x} 1000",
                  f"s {KERNEL + 12:x} 1000", f"l {USER:x} 1000"]
        data = self.result([*outside, BEGIN, *inside, END, *outside])
        self.assertEqual(data["wrong"], "")
        part, = data["parts"]
        self.assertEqual((part["part"], part["times"]), (0, 1))
        self.assertEqual(part["kernel"], {"instructions": 4, "repeats": 0, "loads": 1, "stores": 1})
        # one of the two is the store that marks the end
        self.assertEqual(part["user"], {"instructions": 2, "repeats": 0, "loads": 1, "stores": 1})

    def test_parts_add_up(self):
        other = [line.replace("d41520000", "d41520010").replace("d41520008", "d41520018")
                 for line in (BEGIN, END)]
        data = self.result([BEGIN, f"x {KERNEL:x}", END, other[0], other[1], BEGIN, END])
        self.assertEqual([(part["part"], part["times"], part["kernel"]["instructions"])
                          for part in data["parts"]], [(0, 2, 1), (1, 1, 0)])

    def test_repetitions(self):
        lines = [BEGIN, *[f"x {KERNEL:x}"] * 5, f"x {KERNEL + 2:x}", f"x {KERNEL:x}", END]
        for arguments, expected in (((), (7, 0)), (("once=1",), (3, 4))):
            kernel = self.result(lines, *arguments)["parts"][0]["kernel"]
            self.assertEqual((kernel["instructions"], kernel["repeats"]), expected)

    def test_names(self):
        lines = [BEGIN, f"l {KERNEL:x} 9000", f"l {KERNEL:x} 9007", f"l {KERNEL:x} 9008",
                 f"l {KERNEL:x} 8fff", f"s {KERNEL:x} 9000", f"l {USER:x} 9000",
                 f"x {KERNEL + 64:x}", END]
        part = self.result(lines, "range=base:9000:9007", "range=none:1:1",
                           f"exec=call:{KERNEL + 64:x}", f"exec=start:{KERNEL:x}")["parts"][0]
        self.assertEqual(part["loads"], {"base": 2, "none": 0})
        self.assertEqual(part["executions"], {"call": 1, "start": 5})

    def test_the_kernel_marks_nothing(self):
        self.assertEqual(self.result([f"s {KERNEL:x} d41520000"])["parts"], [])

    def test_marks_that_do_not_match(self):
        other = BEGIN.replace("d41520000", "d41520010")
        for lines, wrong in (([END], ""), ([BEGIN], "a part has not ended"),
                             ([BEGIN, other, END.replace("08", "18")],
                              "a part begins before the last one has ended"),
                             ([other, END], "a part ends that has not begun"),
                             (["c 1", f"x {KERNEL:x}"], "the guest has more than one CPU")):
            with self.subTest(wrong):
                self.assertEqual(self.result(lines)["wrong"], wrong)

    def test_calls(self):
        def at(offset):
            return f"x {KERNEL + offset:x}"
        # 0x10 calls what is at 0x40, which calls 0x80 from 0x44
        lines = [at(0), at(0x10), at(0x40), at(0x44), at(0x80), at(0x48), at(0x15), at(0x15)]
        calls = [f"call=0:{KERNEL + 0x10:x}:{KERNEL + 0x15:x}",
                 f"call=9:{KERNEL + 0x44:x}:{KERNEL + 0x48:x}"]
        data = self.result(lines * 2, *calls)
        self.assertEqual(data["wrong"], "")
        self.assertEqual([(part["part"], part["times"], part["kernel"]["instructions"])
                          for part in data["parts"]], [(0, 2, 10), (9, 2, 4)])
        # nobody marks anything: user mode is left alone, wherever it stores to
        self.assertEqual(self.result([lines[1], BEGIN, f"s {USER:x} 0", *lines[2:]], *calls,
                                     mark=())["parts"][0],
                         self.result(lines, *calls)["parts"][0])
        self.assertEqual([part["each"] for part in data["parts"]], [[5, 5], [2, 2]])
        timed = self.result(lines * 2, *calls, "clock=1")["parts"]
        self.assertEqual([(part["part"], part["times"]) for part in timed], [(0, 2), (9, 2)])
        for whole, inner in zip(*(part["each"] for part in timed)):
            self.assertGreater(whole, inner)
        self.assertNotIn("kernel", timed[0])

    def test_calls_that_do_not_match(self):
        call = f"call=1:{KERNEL:x}:{KERNEL + 4:x}"
        for lines, wrong in (([f"x {KERNEL + 4:x}"], ""), ([f"x {KERNEL:x}"] * 2 +
                             [f"x {KERNEL + 4:x}"], "a part begins again before it has ended"),
                             ([f"x {KERNEL:x}"], "a part has not ended")):
            with self.subTest(wrong):
                self.assertEqual(self.result(lines, call)["wrong"], wrong)

    def test_bad_arguments(self):
        for bad in ("call=1:2", "call=256:1:2", "call=x:1:2", "clock=2", "nonsense", "user=1", "range=a:2:1", "range=a", "exec=a", "exec=,:1", "once=2",
                    "mark="):
            with self.subTest(bad):
                done = subprocess.run([self.program, bad], capture_output=True, text=True,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr), (1, f"count: cannot take {bad}\n"))


def result(kernel, instructions, loads, **more):
    """Return a result with one part."""
    mode = {"instructions": instructions, "loads": 0, "stores": 0, "repeats": 0}
    return {"kernel": kernel, "parts": [{"part": 0, "kernel": mode, "user": mode, "loads": loads,
                                         "executions": {}, **more}]}


class Tables(unittest.TestCase):
    """Numbers next to each other."""

    def test_change(self):
        self.assertEqual(count.change(100, 97), "-3.00")
        self.assertEqual(count.change(400, 401), "0.25")
        self.assertEqual(count.change(1000000, 999999), "0.00")
        self.assertEqual(count.change(0, 5), "-")
        self.assertEqual(count.change(None, 5), "-")

    def test_table(self):
        lines = count.table([result("classic", 1000, {"mem_section": 8}),
                             result("vmemmap", 990, {"other": 1})], 0)
        self.assertRegex(lines[0], r"^ +classic +vmemmap +% change \(-ve good\)$")
        self.assertRegex(lines[1], r"^kernel instructions +1000 +990 +-1\.00$")
        self.assertIn("loads mem_section", lines[-2])
        self.assertRegex(lines[-2], r" 8 +- +-$")
        self.assertRegex(lines[-1], r"^loads other +- +1 +-$")

    def test_spread(self):
        self.assertEqual(count.spread([result("x", 1000, {}), result("x", 1001, {})]), 0.1)

    def test_rows(self):
        lines = ["[ 3.2] guest| # 2       7810.9     98   1.536      1.520      65.0911\r",
                 "[ 3.2] guest| ok 2 2 tasks", "[ 3.2] guest| # peak: 1.0 jobs"]
        self.assertEqual([row["tasks"] for row in count.rows_of(lines)], [2.0])
        self.assertEqual(count.rows_of(lines)[0]["jobs_per_second_per_task"], 65.0911)


class Data(unittest.TestCase):
    """measure/*.toml"""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def test_ours_are_good(self):
        for file in count.SOURCE.glob("*.toml"):
            for arch in ("x86_64", "powerpc", "ia64"):
                work = count.load(file.stem, arch)
                self.assertTrue(work.functions and work.objects)

    def test_bad_ones(self):
        good = (count.SOURCE / "multiuser.toml").read_text()
        for text, complaint in (
                (good.replace("about", "abuot", 1), '"about" is missing'),
                ("more = 1\n" + good, 'unknown key "more"'), ("=", "not TOML"),
                (good.replace('"1G"', '"1X"'), "not a size")):
            (self.folder / "bad.toml").write_text(text)
            with self.subTest(complaint), self.assertRaisesRegex(Trouble, complaint):
                count.load("bad", "x86_64", self.folder)
        with self.assertRaisesRegex(Trouble, "no work none; known: bad"):
            count.load("none", "x86_64", self.folder)

    def test_kernels(self):
        with self.assertRaisesRegex(Trouble, "odd is none of"):
            count.parse("odd", "/b", "v", "x86_64")
        with self.assertRaisesRegex(Trouble, "no kernel there; make kernel ARCH=x86_64"):
            count.parse("classic", "/b", "v", "x86_64")

    def test_arguments(self):
        work = count.load("multiuser", "x86_64")
        known = {"mem_section": (0x1000, 8), "handle_mm_fault": (0x2000, 99), "phys_base": (1, 0)}
        text = count.arguments(work, {"user": [0, 15], "once": True}, known, "p.so", "r")[1]
        self.assertEqual(text.split(","), [
            "p.so", "out=r", "mark=d41520000", "user=0:f", "once=1",
            "range=mem_section:1000:1007", "exec=handle_mm_fault:2000"])

    def test_symbols(self):
        if not shutil.which("gcc"):
            self.skipTest("gcc is not installed")
        (self.folder / "x.c").write_text("long object[2] = { 1 }; int main(void) { return 0; }\n")
        subprocess.run(["gcc", "-static", "-o", self.folder / "x", self.folder / "x.c"], check=True)
        self.assertEqual(count.symbols(self.folder / "x")["object"][1], 16)

    def test_results(self):
        out = self.folder / "out"
        for text, complaint in (("", "no result"), ('{"wrong": "x", "parts": []}', "out: x"),
                                ('{"wrong": "", "parts": []}', "marked nothing")):
            out.write_text(text)
            with self.assertRaisesRegex(Trouble, complaint):
                count.read(out)


class Emulators(unittest.TestCase):
    """Which version of the interface they take."""

    def version(self, told):
        """Return what is found for an emulator that tells that."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "qemu"
            file.write_text(f"#!/bin/sh\necho '{told}'\n")
            file.chmod(0o755)
            return plugin.version(str(file))

    def test_versions(self):
        self.assertEqual(self.version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)"), 1)
        self.assertEqual(self.version("QEMU emulator version 11.0.50"), 2)
        with self.assertRaisesRegex(Trouble, "does not tell its version"):
            self.version("hello")


if __name__ == "__main__":
    unittest.main()
