# SPDX-License-Identifier: GPL-2.0
"""Figures of kernels that are not run: disassembly, sizes, configs."""
import pathlib
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
import archdata
import configure
import statics

X86 = """
0000000000000000 <classic>:
   0:\tmov    %rdi,%rdx
   3:\tcmp    $0x7ffff,%rdx
   a:\tja     45 <classic+0x45>
   c:\tmov    0x0(%rip),%rax        # 1e <classic+0x1e>
  12:\tmov    (%rax,%rcx,8),%rax
  16:\tlea    0x0(,%rdi,8),%rax
  1a:\tmov    %rax,0x8(%rdx)
  1e:\ttestb  $0x2,(%rdx)
  20:\tadd    %gs:0x0(%rip),%rdi
  28:\tmov    0xffffffff81000000,%rax
  30:\tret
  31:\tdata16 cs nopw 0x0(%rax,%rax,1)

0000000000000040 <next>:
  40:\tmovabs $0xffffea0000000000,%rax
  4a:\tendbr64
  4e:\tjmp    53 <__x86_return_thunk>
  53:\tint3
"""
POWERPC = """
0000000000000000 <f>:
   0:\taddis   r2,r12,56
   4:\taddi    r2,r2,-19536
   8:\taddis   r9,r2,0
   c:\tld      r9,0(r9)
   8:\tlis     r4,3
   c:\tlwzx    r3,r9,r4
  10:\tli      r3,0
  14:\tstd     r3,8(r1)
  18:\tblr
  1c:\tnop
  20:\tori     r2,r2,0
  24:\tori     r3,r2,0
"""
IA64 = """
0000000000000000 <f>:
   0:\t[MII]       nop.m 0x0
   6:\t            shladd r8=r32,3,r14
   c:\t            nop.i 0x0;;
  10:\t[MIB]       ld8 r8=[r8]
  16:\t            nop.i 0x0
  1c:\t      (p06) br.cond.dpnt.few 260 <f+0x160>;;
  20:\t[MMI] (p11) ld8.acq r8=[r23]
  26:\t            ldf.fill f8=[r2]
  2c:\t            mov r3=r16;;
  30:\t[MLX]       cmpxchg4.acq r8=[r9],r3,ar.ccv
  36:\t            movl r8=0xfffe000000000000;;
  40:\t[MMB]       st8 [r3]=r8
  46:\t            lfetch [r3]
  4c:\t            br.ret.sptk.many b0;;
"""
BLOAT = """add/remove: 1/1 grow/shrink: 1/1 up/down: 30/-120 (-90)
Function                                     old     new   delta
grown                                         10      20     +10
fresh                                          -      20     +20
shrunk                                       120      20    -100
gone                                          20       -     -20
Total: Before=1000, After=910, chg -9.00%
"""


class Disassembly(unittest.TestCase):
    """With the patterns of arch/*.toml."""

    def count(self, arch, text):
        """Return what is counted for an architecture."""
        facts = archdata.load(arch)["kernel"]
        return statics.count_lines(text, facts["load"], facts["idle"])

    def test_x86(self):
        self.assertEqual(self.count("x86_64", X86), {"classic": (10, 5), "next": (1, 0)})

    def test_powerpc(self):
        self.assertEqual(self.count("powerpc", POWERPC), {"f": (7, 2)})

    def test_ia64(self):
        self.assertEqual(self.count("ia64", IA64), {"f": (10, 4)})


class Figures(unittest.TestCase):
    """What other tools print."""

    def test_movers(self):
        self.assertEqual(statics.movers(BLOAT)[:3], [("shrunk", -100), ("fresh", 20), ("gone", -20)])

    def test_text(self):
        self.assertEqual(statics.text_size("   text\t   data\n 7910226\t2371032\n"), 7910226)

    def test_variables(self):
        text = statics.variables("                 U mem_section\n                 U .TOC.\n"
                                 "                 w weak\n0000000000000000 T f\n")
        self.assertEqual(text.count(";"), 2)
        self.assertIn("\nunsigned long mem_section[64];", text)
        self.assertEqual(statics.variables(""), "")

    def test_configs(self):
        self.assertEqual(configure.differences(
            "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=1\nCONFIG_S=\"x\"\n",
            "# a comment\nCONFIG_A=y\nCONFIG_C=2\nCONFIG_D=m\nCONFIG_S=\"x\"\n"),
            ["CONFIG_C", "CONFIG_D"])

    def test_table(self):
        one = statics.Figures("classic", 1000, {name: (10, 2)
                                                for name in statics.CONVERSIONS.values()})
        two = statics.Figures("vmemmap", 990, {name: (5, 0)
                                               for name in statics.CONVERSIONS.values()})
        lines = statics.table([one, two])
        self.assertRegex(lines[1], r"^text bytes +1000 +990 +-1\.00$")
        self.assertRegex(lines[-1], r"^pfn_valid loads +2 +0 +-100\.00$")
        self.assertEqual(len(lines), 2 + 2 * len(statics.CONVERSIONS))

    def test_functions(self):
        text = ("ffffffff81000010 0000000000000020 T f\nffffffff81000040 0000000000000010 t f.7\n"
                "ffffffff82000000 0000000000000008 D data\nffffffff81000050 t no_size\n")
        self.assertEqual(statics.functions(text), {"f": 0x30})

    def test_compare(self):
        kernel = mock.Mock(out=pathlib.Path("/none"), cross=lambda: "")
        lines = "{:016x} {:016x} T {}\n".format
        with mock.patch("statics.output", side_effect=[
                lines(1, 100, "f") + lines(2, 50, "g"), lines(1, 90, "f") + lines(2, 70, "h")]):
            self.assertEqual(statics.compare(kernel, kernel), (100, -10, 20))


if __name__ == "__main__":
    unittest.main()
