# SPDX-License-Identifier: GPL-2.0
"""The test runner: what it counts, what it says last, and how checks are found."""
import contextlib
import io
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)

import test as runner
from bench import Bench, Failed, Skipped
from toolbox import Trouble


def raising(error):
    """Return a test's work that raises error."""
    def work():
        raise error
    return work


class Runner(unittest.TestCase):
    """With tests that end in every way there is."""

    def run_all(self, *works):
        """Run works as tests; return the status and the lines on stdout."""
        tests = [runner.Test(f"t{number}", work) for number, work in enumerate(works)]
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            status = runner.summarise(runner.run_all(tests))
        return status, out.getvalue().splitlines()

    def test_all_good(self):
        status, lines = self.run_all(lambda: "note", lambda: None)
        self.assertEqual((status, lines[-1]), (0, "2 passed, 0 failed, 0 skipped"))

    def test_every_ending(self):
        status, lines = self.run_all(lambda: "", raising(Failed("bad", "x.log")),
                                     raising(Skipped("none here")), raising(Trouble("worse")))
        self.assertEqual((status, lines[-1]), (1, "1 passed, 2 failed, 1 skipped"))
        self.assertIn("FAILED t1: bad (log: x.log)", lines)
        self.assertIn("FAILED t3: worse", lines)

    def test_log_is_shown_from_the_reason(self):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write("boot\nBUG: wild in f+0x1f\nCall Trace:\nok 1\nnot ok 2 t\n")
            log.flush()
            for why, first in (("oops: BUG: wild in f", "  t0: BUG: wild in f+0x1f"),
                               ("t: t failed", "  t0: boot")):
                _, lines = self.run_all(raising(Failed(why, log.name)))
                self.assertIn(first, [line for line in lines if line.startswith("  ")][:1])
            _, lines = self.run_all(raising(Failed("bad", "missing.log")))
            self.assertEqual([line for line in lines if line.startswith("  ")], [])

    def test_long_ones_have_to_be_asked_for(self):
        test = runner.Test("x:bases:all", lambda: "ran", long=True)
        for only, status in (("", "skipped"), ("bases", "skipped"), ("bases:all", "passed")):
            with contextlib.redirect_stdout(io.StringIO()), \
                 contextlib.redirect_stderr(io.StringIO()):
                self.assertEqual(runner.attempt(runner.short(test, only)).status, status)

    def test_skipped_is_never_passed(self):
        status, lines = self.run_all(raising(Skipped("no emulator")))
        self.assertEqual((status, lines[-1]), (0, "0 passed, 0 failed, 1 skipped"))


class Compiled(unittest.TestCase):
    """How much of a kernel is built that a guest may boot."""

    def targets(self, config, lacking):
        """Return what is built of a config of ia64."""
        bench = Bench.__new__(Bench)
        bench.arch = {"name": "ia64", "kernel": {"compiled": ["64k", "flatmem"],
                                                 "compiled_target": "mm/ fs/proc/"}}
        bench.kernel = mock.Mock()
        with mock.patch("machine.lacking", return_value=lacking):
            bench.compiled(config)
        return bench.kernel.return_value.made.call_args[0]

    def test_what_is_built(self):
        self.assertEqual(self.targets("64k", "no emulator"), ("mm/", "fs/proc/"))
        self.assertEqual(self.targets("64k", ""), ())
        self.assertEqual(self.targets("flatmem", ""), ("mm/", "fs/proc/"))
        self.assertEqual(self.targets("default", "no emulator"), ())


if __name__ == "__main__":
    unittest.main()
