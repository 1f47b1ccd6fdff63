# SPDX-License-Identifier: GPL-2.0
"""The program that runs a command between marks."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import support  # noqa: F401  (makes the tools importable)
import workload


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Timed(unittest.TestCase):
    """Run on this machine."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.holder.cleanup)
        cls.program = pathlib.Path(cls.holder.name) / "timed"
        workload.compile_with(["gcc", "-O2"], "timed", cls.program)

    def run_it(self, *words):
        """Run it; return its exit status, what it told as {name: number}, and its complaints."""
        done = subprocess.run([self.program, *words], capture_output=True, text=True, check=False)
        told = dict(re.findall(r"^timed: (\w+) ([\d.]+)$", done.stdout, re.M))
        return done.returncode, {name: float(text) for name, text in told.items()}, done.stderr

    def test_idle(self):
        status, told, _ = self.run_it("/bin/sleep", "0.3")
        self.assertEqual(status, 0)
        self.assertEqual(list(told), ["elapsed", "user", "system", "percent", "switches", "sleeps"])
        self.assertGreaterEqual(told["elapsed"], 0.3)
        self.assertLess(told["user"] + told["system"], 0.2)
        self.assertGreaterEqual(told["sleeps"], 1)

    def test_busy_children(self):
        status, told, _ = self.run_it("/bin/sh", "-c",
                                      "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'")
        self.assertEqual(status, 0)
        self.assertGreater(told["user"], 0.05)

    def test_statuses(self):
        self.assertEqual(self.run_it("--part=3", "/bin/sh", "-c", "exit 5")[0], 5)
        self.assertEqual(self.run_it("/bin/sh", "-c", "kill -9 $$")[0], 137)
        status, _, complaint = self.run_it("/none")
        self.assertEqual((status, complaint), (127, "timed: /none: No such file or directory\n"))

    def test_bad_usage(self):
        for words in ((), ("--part=1",), ("--part=256", "/bin/true"), ("--part=x", "/bin/true"),
                      ("--other", "/bin/true")):
            with self.subTest(words):
                status, told, complaint = self.run_it(*words)
                self.assertEqual((status, told), (2, {}))
                self.assertEqual(complaint, "usage: timed [--part=0..255] COMMAND [ARGUMENT]...\n")


if __name__ == "__main__":
    unittest.main()
