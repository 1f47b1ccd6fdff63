# SPDX-License-Identifier: GPL-2.0
"""The judge of guests: what must fail does fail, by made-up consoles."""
import dataclasses
import os
import pathlib
import unittest

import support
import guest
import judge
import ktap
import machine

BUILD = pathlib.Path(os.environ.get("VMEMMAP_BUILD", support.BED.parents[2] / "build"))
TREES = sorted(BUILD.glob("trees/*/*/tools/testing/kunit/kunit_parser.py"))

SUITE = ["KTAP version 1", "1..1", "    KTAP version 1", "    # Subtest: vmemmap", "    1..1",
         "    ok 1 every_pfn", "ok 1 vmemmap"]
HELLO = ["Linux version 6.1.1", *SUITE, "guest: hello 6.1.1"]
PASSED = ["TAP version 13", "1..1", "#  RUN           global.one ...",
          "#            OK  global.one", "ok 1 global.one"]
END = ["guest: begin check", "guest| checked 5 pfns, 0 errors", "guest: end check 0",
       "guest: begin log", "guest: end log 0", "guest: done"]


def section(lines, status=0, name="walk"):
    """Return the lines as init prints them when they are a test's output."""
    return [f"guest: begin {name}", *("guest| " + line for line in lines),
            f"guest: end {name} {status}"]


def stamped(lines):
    """Return the lines with the kernel's time in front."""
    return [f"[{number / 10:12.6f}] {line}" for number, line in enumerate(lines, 1)]


@unittest.skipUnless(TREES, "no composed tree, so no KTAP parser")
class Judge(unittest.TestCase):
    """Each test is one way for a guest to pass or to fail."""

    @classmethod
    def setUpClass(cls):
        cls.parser = ktap.load_parser(str(TREES[0].parents[3]))
        cls.faults = judge.read_faults()

    def verdict(self, lines, more="", variant="vmemmap", arch=None):
        """Judge a guest with one test "walk" by its console."""
        one = guest.parse(f'about = "x"\nmemory = "64M"\ntests = ["walk"]\n{more}', "x", "x86_64",
                          "x.toml")
        return judge.judge(one, variant, stamped(lines), self.parser, self.faults,
                           arch)

    def fails(self, lines, words, more="", variant="vmemmap"):
        """Check that a console is judged to be bad, and why."""
        problems = self.verdict(lines, more, variant).problems
        self.assertTrue(any(words in problem for problem in problems), problems)

    def test_good(self):
        verdict = self.verdict(HELLO + section(PASSED) + END)
        self.assertEqual(verdict.problems, [])
        self.assertEqual(verdict.passed, ["kunit.vmemmap.every_pfn", "walk.global.one"])
        self.assertEqual(verdict.checked, 5)

    def test_nothing_at_all(self):
        self.fails([], "user space did not start")

    def test_missing_plan(self):
        self.fails(HELLO + section([PASSED[0], *PASSED[2:]]) + END, "walk: output: no plan")

    def test_no_ktap(self):
        self.fails(HELLO + section(["sh: not found"], 127) + END, "walk: no KTAP output")

    def test_not_ok(self):
        bad = [PASSED[0], PASSED[1], "not ok 1 global.one"]
        self.fails(HELLO + section(bad, 1) + END, "walk: global.one failed")

    def test_fewer_results_than_planned(self):
        self.fails(HELLO + section([PASSED[0], "1..2", *PASSED[2:]]) + END, "missing")

    def test_exit_status(self):
        self.fails(HELLO + section(PASSED, 1) + END, "walk: exit status 1")

    def test_not_started_and_not_ended(self):
        self.fails(HELLO + END, "walk: was not started")
        self.fails(HELLO + section(PASSED)[:-1], "walk: did not end")

    def test_panics_on_purpose(self):
        more = 'dump = { by = "machine", tools = ["crash"] }'
        self.assertEqual(self.verdict(HELLO + section(PASSED)[:-1], more).problems, [])
        self.fails(HELLO + section(PASSED) + END, "walk: ended, but was to panic", more)
        self.fails(HELLO + END, "walk: was not started", more)

    def test_skip(self):
        lines = HELLO + section([*PASSED[:3], "ok 1 # SKIP not here"]) + END
        self.fails(lines, "global.one was skipped")
        self.assertEqual(self.verdict(lines, '[expect]\nmay_skip = ["walk.global.one"]').problems,
                         [])
        arch = dataclasses.replace(machine.arch_facts("x86_64"), may_skip=("walk.global.one",))
        self.assertEqual(self.verdict(lines, arch=arch).problems, [])
        self.assertEqual(self.verdict(lines, variant="mainline").problems, [])
        self.assertEqual(self.verdict(lines, variant="mainline").skipped, ["walk.global.one"])

    def test_kernel_messages_between_results(self):
        lines = section(PASSED)
        for place in range(1, len(lines)):
            mixed = lines[:place] + ["ok 7 said the kernel", "1..99"] + lines[place:]
            self.assertEqual(self.verdict(HELLO + mixed + END).problems, [])

    def test_faults(self):
        for line, means in (
                ("BUG: kernel NULL pointer dereference, address: 0", "oops"),
                ("Oops: 0000 [#1] SMP", "oops"),
                ("Kernel panic - not syncing: x", "panic"),
                ("WARNING: CPU: 0 PID: 1 at mm/x.c:3 f+0x1/0x2", "warning"),
                ("WARNING: possible circular locking dependency detected", "warning"),
                ("BUG: KASAN: use-after-free in f", "bug"),
                ("BUG: Bad page state in process x", "bug"),
                ("kmemleak: 3 new suspected memory leaks", "leak"),
                ("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "hang"),
                ("INFO: task x:1 blocked for more than 120 seconds.", "hang"),
                ("page dumped because: VM_BUG_ON_PAGE(x)", "bad page"),
                ("vmemmap: no memory for section 3", "memmap")):
            self.fails(HELLO + section(PASSED) + [line] + END, means)
            self.fails([line] + HELLO + section(PASSED) + END, means)
            self.fails(HELLO + section(PASSED)[:2] + [line] + section(PASSED)[2:] + END, means)

    def test_allowed(self):
        lines = HELLO + section(PASSED) + ["vmemmap: no memory for section 3"] + END
        self.assertEqual(self.verdict(lines, "[expect]\nallow = ['section 3']").problems, [])

    def test_levels(self):
        for message in ("<3>[    1.000000] x: something broke", "<4>[    1.0] vmemmap: odd"):
            end = [*END[:4], f"guest| {message}", *END[4:]]
            self.fails(HELLO + section(PASSED) + end, message.rpartition("] ")[2])
        end = [*END[:4], "guest| <4>[    1.000000] ACPI: whatever", *END[4:]]
        self.assertEqual(self.verdict(HELLO + section(PASSED) + end).problems, [])

    def test_check(self):
        rest = HELLO + section(PASSED)
        self.fails(rest + END[3:], "no vmemmap/check")
        self.assertEqual(self.verdict(rest + END[3:], "check = false").problems, [])
        self.fails(rest + [END[0], "guest| checked 5 pfns, 2 errors", *END[2:]], "2 errors")
        self.fails(rest + [END[0], "guest| checked 0 pfns, 0 errors", *END[2:]], "0 pfns")
        self.fails(rest + [END[0], "guest| cat: I/O error", *END[2:]], "check: no result")

    def test_kunit(self):
        rest = ["guest: hello 6.1.1", *section(PASSED), *END]
        self.fails(rest, "no suite ran")
        self.assertEqual(self.verdict(rest, variant="classic").problems, [])
        bad = [line.replace("ok 1", "not ok 1") for line in SUITE]
        self.fails(bad + rest, "kunit: vmemmap.every_pfn failed")
        self.fails(SUITE[:-1] + rest, "kunit")
        self.fails([line for line in SUITE if "1..1" not in line] + rest, "no plan")
        skip = [line.replace("ok 1 every_pfn", "ok 1 every_pfn # SKIP x") for line in SUITE]
        self.fails(skip + rest, "kunit: vmemmap.every_pfn was skipped")
        self.assertEqual(self.verdict(skip + rest,
                                      '[expect]\nmay_skip = ["kunit.vmemmap.every_pfn"]').problems,
                         [])

    def test_expected_lines(self):
        lines = HELLO + section(PASSED) + END
        self.fails(lines, "no line on the console matches", "[expect]\nconsole = ['^node 1: ']")


if __name__ == "__main__":
    unittest.main()
