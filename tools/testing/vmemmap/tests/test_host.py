# SPDX-License-Identifier: GPL-2.0
"""The fuzzer's reports, and the prover: what it proves, refutes, and does not understand."""
import pathlib
import shutil
import tempfile
import unittest

import support  # noqa: F401
import hostfuzz
import hostproof
import symbolic

from toolbox import Trouble

LCOV = """SF:/b/host/g/tree/mm/a.c
DA:1,3
DA:2,0
BRDA:1,0,0,3
BRDA:1,0,1,-
end_of_record
SF:/b/standin/kernel.h
DA:1,0
"""
MODULE = """
define dso_local void @prove_it(i64 noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp ult i64 %0, 10
  tail call void @host_assume(i1 noundef zeroext %3) #9
  %4 = icmp eq i32 %1, 0
  br i1 %4, label %5, label %9

5:                                                ; preds = %2, %5
  %6 = phi i64 [ %7, %5 ], [ %0, %2 ]
  %7 = add nuw i64 %6, 1
  %8 = icmp ult i64 %7, 12
  br i1 %8, label %5, label %9

9:                                                ; preds = %5, %2
  %10 = phi i64 [ 12, %2 ], [ %7, %5 ]
  %11 = icmp eq i64 %10, LAST
  tail call void @host_prove(i1 noundef zeroext %11, i32 noundef 7) #9
  ret void
}
"""


class Coverage(unittest.TestCase):
    """Of several geometries, with reasons for what is missing."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.tree = pathlib.Path(holder.name)
        (self.tree / "mm").mkdir()
        (self.tree / "mm/a.c").write_text("good();\nbad();\n", encoding="utf-8")
        self.files = hostfuzz.parse_lcov(LCOV, "/b/host/g/tree/")

    def test_parsed(self):
        self.assertEqual(list(self.files), ["mm/a.c"])
        self.assertEqual(self.files["mm/a.c"].percent(), (50, 50))
        hostfuzz.merge(self.files, {"mm/a.c": hostfuzz.File({2: 1}, {})})
        self.assertEqual(self.files["mm/a.c"].missed(), [])

    def test_judged(self):
        self.assertIn("mm/a.c:2", hostfuzz.judge(self.files, self.tree, {})[0])
        gaps = {("mm/a.c", "bad();"): "why"}
        self.assertEqual(hostfuzz.judge(self.files, self.tree, gaps), [])
        self.assertIn("bad();  (why)", hostfuzz.report(self.files, self.tree, gaps))
        gaps["mm/a.c", "gone();"] = "why"
        self.assertIn("gone();", hostfuzz.judge(self.files, self.tree, gaps)[0])

    def test_gaps(self):
        path = self.tree / "gaps"
        path.write_text("# text\nmm/a.c | if (a || b) | why\n", encoding="utf-8")
        self.assertEqual(hostfuzz.read_gaps(path), {("mm/a.c", "if (a || b)"): "why"})
        path.write_text("mm/a.c | line\n", encoding="utf-8")
        with self.assertRaisesRegex(Trouble, "gaps:1"):
            hostfuzz.read_gaps(path)

    def test_failure(self):
        text = "x\nFAILED: it broke\nTest unit written to /b/slow-unit-1\n" \
               "Test unit written to /b/crash-1\n"
        self.assertEqual(hostfuzz.failure(text, "prog", "corpus"),
                         "FAILED: it broke; again: HOST_VERBOSE=1 prog /b/crash-1")


@unittest.skipUnless(shutil.which("z3"), "z3 is not installed")
class Proofs(unittest.TestCase):
    """Loops, branches, values."""

    def proved(self, text):
        function, = symbolic.functions(text, "prove_")
        with symbolic.Solver() as solver:
            run = symbolic.Run(solver, function, {})
            run.all()
        return run.lines

    def test_holds(self):
        self.assertEqual(self.proved(MODULE.replace("LAST", "12")), {7: 11})

    def test_refuted(self):
        with self.assertRaisesRegex(symbolic.Refuted, "prove_it, line 7: not for arg0"):
            self.proved(MODULE.replace("LAST", "13"))

    def test_not_understood(self):
        with self.assertRaisesRegex(Trouble, "fadd"):
            self.proved(MODULE.replace("add nuw", "fadd").replace("LAST", "12"))

    def test_wanted(self):
        self.assertTrue(hostproof.wanted()["prove_subsections"])


if __name__ == "__main__":
    unittest.main()
