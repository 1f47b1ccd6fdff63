# SPDX-License-Identifier: GPL-2.0
"""The kernel's own suites: what they told, and two kernels' results compared."""
import pathlib
import types
import unittest

import support  # noqa: F401  (finds the modules below)
import boot
import kunitall
import suiteguest
import suiteresults
from bench import Failed
from suiteresults import FAILED, PASSED, SKIPPED, UNFINISHED
from checks import suites

VMTESTS = """\
x86_64
---------------------
running ./madv_populate
---------------------
TAP version 13
1..3
# [RUN] test_prot_read
ok 1 MADV_POPULATE_READ with PROT_READ, 17 pages
ok 2 # SKIP no device
not ok 3 range initially not populated
[FAIL]
running ./test_hmm.sh smoke
#  RUN           hmm.open_close ...
ok 1 # SKIP no driver
[SKIP]
running ./gup_test -u
GUP_FAST_BENCHMARK: Time: get:6 put:1 us
[PASS]
running ./map_populate
""".splitlines()

STRESS = """\
running stress-ng --stack 2 --timeout 16
stress-ng: info:  [90] setting to a 16 second run per stressor
stress-ng: fail:  [97] stack: oh no
[FAIL]
running stress-ng --swap 2 --timeout 16
[SKIP]
""".splitlines()

KUNIT = {"sub_groups": [{"name": "sysctl_test", "sub_groups": [], "test_cases": [
    {"name": "one", "status": "PASS"}, {"name": "two", "status": "SKIP"}]}, {
        "name": "outer", "test_cases": [], "sub_groups": [
            {"name": "inner", "sub_groups": [],
             "test_cases": [{"name": "a", "status": "ERROR"}, {"name": "a", "status": "FAIL"}]}]}],
         "test_cases": [{"name": "whole", "status": "PASS"}]}


class Parsers(unittest.TestCase):
    """What each suite prints."""

    def test_vmtests(self):
        self.assertEqual(suiteresults.of_vmtests(VMTESTS), {
            "./madv_populate": FAILED,
            "./madv_populate: MADV_POPULATE_READ with PROT_READ, N pages": PASSED,
            "./madv_populate: a case": SKIPPED,
            "./madv_populate: range initially not populated": FAILED,
            "./test_hmm.sh smoke": SKIPPED, "./test_hmm.sh smoke: hmm.open_close": SKIPPED,
            "./gup_test -u": PASSED, "./map_populate": UNFINISHED})

    def test_same_names_are_kept(self):
        lines = ["running ./a", "ok 1 pass 3", "running on", "not ok 2 pass 4", "[PASS]"]
        self.assertEqual(suiteresults.of_vmtests(lines),
                         {"./a": PASSED, "./a: pass N": PASSED, "./a: pass N (2)": FAILED})

    def test_stress(self):
        self.assertEqual(suiteresults.of_vmtests(STRESS), {
            "stress-ng --stack 2 --timeout 16": FAILED,
            "stress-ng --swap 2 --timeout 16": SKIPPED})

    def test_vmalloc(self):
        lines = ["Summary: fix_size_alloc_test passed: 10 failed: 0 repeat: 10 loops: 1 avg: 9",
                 "Summary: pcpu_alloc_test passed: 9 failed: 1 repeat: 10 loops: 1 avg: 9"]
        self.assertEqual(suiteresults.of_vmalloc(lines), {
            "test_vmalloc: fix_size_alloc_test": PASSED, "test_vmalloc: pcpu_alloc_test": FAILED})

    def test_kunit(self):
        self.assertEqual(suiteresults.of_kunit(KUNIT), {
            "sysctl_test.one": PASSED, "sysctl_test.two": SKIPPED, "outer.inner.a": FAILED,
            "outer.inner.a (2)": FAILED, "whole": PASSED})
        with self.assertRaises(KeyError):
            suiteresults.of_kunit({"name": "no group"})


class Compare(unittest.TestCase):
    """Differences are failures, whichever way."""

    def differs(self, ours, theirs, words):
        """Check that there is one difference, which has the words."""
        found = suiteresults.compare(ours, theirs)
        self.assertEqual(len(found.differences), 1, found)
        self.assertIn(words, found.differences[0])

    def test_same(self):
        one = {"a": PASSED, "b": FAILED, "c": PASSED, "d": SKIPPED}
        found = suiteresults.compare(one, dict(one))
        self.assertEqual(found.differences, [])
        self.assertEqual(found.same, {PASSED: ["a", "c"], FAILED: ["b"], SKIPPED: ["d"]})
        self.assertEqual(found.summary(), "2 pass, 1 fails, 1 are skipped on both")

    def test_differences(self):
        self.differs({"a": FAILED}, {"a": PASSED}, "a fails, passes on mainline")
        self.differs({"a": PASSED}, {"a": FAILED}, "a passes, fails on mainline")
        self.differs({"a": SKIPPED}, {"a": PASSED}, "a is skipped, passes")
        self.differs({"a": UNFINISHED}, {"a": PASSED}, "does not end")
        self.differs({}, {"a": SKIPPED}, "is not there on ours")

    def test_unsteady_on_mainline(self):
        for one, two in ((PASSED, FAILED), (FAILED, PASSED)):
            found = suiteresults.compare({"a": one, "b": PASSED}, {"a": two, "b": PASSED},
                                         {"a": one, "b": PASSED})
            self.assertEqual((found.differences, found.unsteady), ([], ["a"]))
            self.assertIn("unsteady on mainline: a", found.summary())

    def test_steady_on_mainline(self):
        found = suiteresults.compare({"a": FAILED}, {"a": PASSED}, {"a": PASSED})
        self.assertEqual((len(found.differences), found.unsteady), (1, []))
        found = suiteresults.compare({"a": UNFINISHED}, {"a": PASSED}, {"a": FAILED})
        self.assertEqual((len(found.differences), found.unsteady), (1, []))

    def test_table(self):
        self.assertEqual(suiteresults.table({"a": PASSED, "b": FAILED}, {"a": PASSED}),
                         "  passes        passes        a\n! fails         is not there  b\n")

    def test_our_own_tests(self):
        self.assertEqual(suiteresults.compare({"a": PASSED}, {}).added, ["a"])
        self.differs({"a": FAILED}, {}, "a fails, is not there on mainline")

    def test_faults(self):
        theirs = ["WARNING: CPU: 0 PID: 7 at mm/x.c:12 f+0x1a/0x20"]
        self.assertEqual(suiteresults.new_faults(
            ["WARNING: CPU: 1 PID: 99 at mm/x.c:15 f+0x1b/0x30", "BUG: new"], theirs), ["BUG: new"])


class Check(unittest.TestCase):
    """The check's verdict."""

    def ran(self, results, *lines):
        """Return what a kernel did."""
        return suites.Ran(results, dict.fromkeys(lines, "oops"), "log")

    def test_note_tells_what_is_bad_on_both(self):
        one = {"a": PASSED, "b": FAILED}
        note = suites.compared(self.ran(one, "Oops: 1"), self.ran(one, "Oops: 2"), "log")
        suites.compared(self.ran(one, "Oops"), self.ran(one), "log", self.ran(one, "Oops"))
        self.assertIn("bad on both: b", note)
        self.assertIn("1 lines of the log", note)

    def test_failures(self):
        good = self.ran({"a": PASSED})
        for ours, theirs, words in ((self.ran({"a": FAILED}), good, "a fails"),
                                    (self.ran({"a": PASSED}, "Oops: 1"), good, "oops: Oops: 1"),
                                    (self.ran({}), self.ran({}), "no test passes"),
                                    (self.ran({"a": FAILED}), self.ran({"a": FAILED}), "no test")):
            with self.assertRaises(Failed) as caught:
                suites.compared(ours, theirs, "log")
            self.assertIn(words, str(caught.exception))


class Data(unittest.TestCase):
    """What guests and kunit.py are given."""

    def test_guests_have_scripts(self):
        self.assertEqual(suiteguest.names("x86_64"),
                         ["selftests-memory-hotplug", "selftests-vm", "stress-ng"])

    def test_told(self):
        lines = ["guest: hello 6.1", "guest: begin x", "guest| running a", "Oops: 0000 [#1]"]
        told = suiteguest.told("x", boot.Outcome("x", "passed", [], lines=lines))
        self.assertEqual((told.lines, list(told.faults)), (["running a"], ["Oops: 0000 [#1]"]))
        self.assertEqual(told.problems, ["x did not end"])

    def test_kunit_command(self):
        kernel = types.SimpleNamespace(
            tree=pathlib.Path("/tree"), out=pathlib.Path("/out"), jobs=3,
            arch={"kernel": {"arch": "x86_64"}},
            command=lambda: ["make", "O=/out", "-j3", "ARCH=x86_64", "CC=ccache gcc"])
        words = kunitall.command(kunitall.facts("x86_64"), kernel, "vmemmap", "/r")
        self.assertIn("--make_options=CC=ccache gcc", words)
        self.assertIn("--kconfig_add=CONFIG_VMEMMAP_REPORT=y", words)
        self.assertNotIn("--make_options=O=/out", words)
        self.assertNotIn("--kconfig_add=CONFIG_VMEMMAP_REPORT=y",
                         kunitall.command(kunitall.facts("x86_64"), kernel, "mainline", "/r"))


if __name__ == "__main__":
    unittest.main()
