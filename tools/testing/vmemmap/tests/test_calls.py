# SPDX-License-Identifier: GPL-2.0
"""Calls of functions while a kernel boots: where they are, and what the emulator is told."""
import pathlib
import tempfile
import types
import unittest
from unittest import mock

import support  # noqa: F401  (finds the tools)
import archdata
import boot
import calls
from toolbox import Trouble

X86 = """
ffffffff81000000 <setup>:
ffffffff81000000:\tcall   ffffffff81000040 <sparse_init>
ffffffff81000005:\tnop
ffffffff81000006:\tcall   ffffffff81000080 <sparse_init_nid>
ffffffff8100000b:\tjmp    ffffffff81000040 <sparse_init>
ffffffff81000010:\tje     ffffffff81000042 <sparse_init+0x2>

ffffffff81000040 <sparse_init>:
ffffffff81000040:\tcall   ffffffff81000040 <sparse_init>
ffffffff81000045:\tret
"""
POWERPC = """
c000000000000010:\tbl      c000000000000048 <sparse_init+0x8>
c000000000000014:\tbl      c000000000000040 <sparse_init>
c000000000000018:\tnop
c00000000000001c:\tble     c000000000000048 <sparse_init+0x8>
"""
IA64 = """
a000000100000010:\t[MIB]       mov r44=r32
a000000100000016:\t            nop.i 0x0
a00000010000001c:\t            br.call.sptk.many b0=a000000100000040 <sparse_init>;;
a000000100000020:\t[MIB]       mov r1=r32
"""


class Sites(unittest.TestCase):
    """What is found in a disassembly."""

    def found(self, arch, text, unit=1):
        """Return the calls of sparse_init() and another function, by an architecture's pattern."""
        call = archdata.load(arch)["kernel"]["call"]
        return calls.sites(text, call, ("sparse_init", "none"), unit)

    def test_architectures(self):
        x86, powerpc, ia64 = 0xffffffff81000000, 0xc000000000000000, 0xa000000100000000
        self.assertEqual(self.found("x86_64", X86),
                         {"sparse_init": [(x86, x86 + 5), (x86 + 0x40, x86 + 0x45)]})
        self.assertEqual(self.found("powerpc", POWERPC), {"sparse_init": [
            (powerpc + 0x10, powerpc + 0x14), (powerpc + 0x14, powerpc + 0x18)]})
        self.assertEqual(self.found("ia64", IA64, calls.BUNDLE),
                         {"sparse_init": [(ia64 + 0x10, ia64 + 0x20)]})

    def test_callers(self):
        x86 = 0xffffffff81000000
        names = ("sparse_init in setup", "sparse_init in none")
        self.assertEqual(calls.sites(X86, archdata.load("x86_64")["kernel"]["call"], names),
                         {"sparse_init in setup": [(x86, x86 + 5)]})

    def test_parts(self):
        with tempfile.TemporaryDirectory() as folder:
            vmlinux = pathlib.Path(folder) / "vmlinux"
            with self.assertRaisesRegex(Trouble, "no kernel there"):
                calls.of_kernel(str(vmlinux), "x86_64", {"a": ["sparse_init"]})
            vmlinux.write_text("")
            with mock.patch("calls._of_kernel", return_value={"b": [(1, 2)]}):
                self.assertEqual(calls.of_kernel(str(vmlinux), "x86_64", {"x": ["a", "b"]}),
                                 {"x": [(1, 2)]})
                with self.assertRaisesRegex(Trouble, "nothing calls a or c"):
                    calls.of_kernel(str(vmlinux), "x86_64", {"x": ["a", "c"]})

    def test_arguments(self):
        called = {"a": [(16, 20)], "b": [(1, 2), (3, 4)]}
        facts = {"user": [0, 15], "once": True}
        words = calls.arguments(facts, "p.so", "r", called, clock=False)[1].split(",")
        self.assertEqual(words, ["p.so", "out=r", "user=0:f", "once=1", "call=0:10:14",
                                 "call=1:1:2", "call=1:3:4"])
        self.assertIn("clock=1", calls.arguments(facts, "p", "r", called, clock=True)[1].split(","))

    def test_failed_guest(self):
        kernel = types.SimpleNamespace(label="k")
        with self.assertRaisesRegex(Trouble, r"k: it fell over \(log: l\)"):
            calls.checked(boot.Outcome("x", "failed", ["it fell over"], "l"), kernel)


if __name__ == "__main__":
    unittest.main()
