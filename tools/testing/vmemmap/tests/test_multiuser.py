# SPDX-License-Identifier: GPL-2.0
"""The multiuser workload: its table, its mixes, what it does when a job fails."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import support  # noqa: F401  (makes the tools importable)
import workload
from toolbox import Trouble

ROW = re.compile(r"^(\d+) +(\d+\.\d) +(\d+) +(\d+\.\d{3}) +(\d+\.\d{3}) +(\d+\.\d{4})$", re.M)
# No job waits for a device, none needs sockets.
QUICK = "".join(f"1 {kind}\n" for kind in ("add-int", "sort", "pages", "fork", "write", "pipes"))


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Multiuser(unittest.TestCase):
    """The program, run on this machine."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.holder.name)
        cls.program = cls.folder / "multiuser"
        workload.compile_with(["gcc", "-O2"], "multiuser", cls.program)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))

    def mix(self, text):
        """Return the path of a mix with that text."""
        file = self.folder / "test.mix"
        file.write_text(text, encoding="ascii")
        return file

    def run_it(self, *options, mix=QUICK, status=0, **more):
        """Run the program; return what it printed, all of it."""
        done = subprocess.run([self.program, f"--mix={self.mix(mix)}", f"--dir={self.work}", *options],
                              capture_output=True, text=True, check=False, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(list(self.work.iterdir()), [], "files were left behind")
        return done.stdout + done.stderr

    def test_rows_are_consistent(self):
        text = self.run_it("--start=1", "--end=5", "--increment=2", "--jobs=12")
        rows = [[float(cell) for cell in row] for row in ROW.findall(text)]
        self.assertEqual([row[0] for row in rows], [1, 3, 5])
        self.assertEqual(rows[0][2], 100)
        for tasks, per_minute, jti, real, cpu, per_task in rows:
            # a printed time is off by half a millisecond at most
            most = 0.0006 / real
            self.assertAlmostEqual(per_minute * real / 60 / tasks / 12, 1, delta=most + 0.001)
            self.assertAlmostEqual(per_task * 60 * tasks / per_minute, 1, delta=0.01)
            self.assertTrue(0 <= jti <= 100 and cpu >= 0)
        peak = max(rows, key=lambda row: row[1])
        self.assertIn(f"peak: {peak[1]} jobs per minute with {int(peak[0])} tasks", text)
        self.assertIn("crossover: beyond 5 tasks", text)

    def test_all_kinds_and_mixes_agree(self):
        listed = subprocess.run([self.program, "--list=1"], capture_output=True, text=True,
                                check=True).stdout
        kinds = [line.split()[1] for line in listed.splitlines()]
        self.assertEqual(len(kinds), len(set(kinds)))
        for file in (workload.SOURCE / "multiuser").glob("*.mix"):
            lines = [line.split() for line in file.read_text().splitlines()
                     if line and not line.startswith("#")]
            self.assertLessEqual({line[1] for line in lines}, set(kinds), file)
            if file.name == "shared.mix":
                self.assertEqual(sorted(line[1] for line in lines), sorted(kinds))

    def test_each_kind_once(self):
        text = self.run_it("--jobs=60", "--end=1", "--missing=skip",
                           mix=(workload.SOURCE / "multiuser/shared.mix").read_text())
        self.assertEqual(len(ROW.findall(text)), 1)

    def test_same_seed_same_work(self):
        def trace(seed):
            out = self.folder / "trace"
            subprocess.run(["strace", "-f", "-qq", "-e", "trace=lseek", "-e", "signal=none", "-o",
                            out, self.program, f"--seed={seed}", "--end=1", "--jobs=2",
                            f"--mix={self.mix('1 random-read')}", f"--dir={self.folder}"],
                           check=True, stdout=subprocess.DEVNULL)
            return [re.sub(r"^\d+ ", "", line) for line in out.read_text().splitlines()]
        if not shutil.which("strace"):
            self.skipTest("strace is not installed")
        one = trace(1)
        self.assertEqual(one, trace(1))
        self.assertNotEqual(one, trace(2))

    def test_tap(self):
        text = self.run_it("--tap=1", "--end=2", "--jobs=6")
        lines = text.splitlines()
        self.assertEqual(lines[:2], ["TAP version 13", "1..2"])
        self.assertEqual([line for line in lines if line.startswith("ok ")],
                         ["ok 1 1 tasks", "ok 2 2 tasks"])

    def test_environment(self):
        text = self.run_it("--jobs=6", env={**os.environ, "MULTIUSER_END": "2"})
        self.assertEqual(len(ROW.findall(text)), 2)

    def test_bad_usage(self):
        for option, complaint in (
                ("--tasks=1", "there is no option --tasks=1"), ("--end", "there is no option --end"),
                ("--end=x", "--end=x: not a number"), ("--end=0", "--end=0: not a number"),
                ("--mix=/none", "/none: No such file"), ("x", "x: not an option"),
                ("--missing=x", "--missing=x: neither"),
                ("--dir=/none", "/none/multiuser.")):
            with self.subTest(option):
                text = self.run_it(option, status=1 if "dir" in option else 2)
                self.assertIn(complaint, text)
                self.assertEqual(len(text.splitlines()), 1)

    def test_bad_mixes(self):
        for mix, complaint in (
                ("1 none\n", ':1: there is no kind "none"'),
                ("# x\n1 sort\n2 sort\n", ':3: "sort" is there twice'),
                ("sort\n", ":1: not a weight"), ("", "there is no job in it"),
                ("0 sort\n", "there is no job in it")):
            with self.subTest(mix):
                text = self.run_it(mix=mix, status=2)
                self.assertIn(complaint, text)
                self.assertEqual(len(text.splitlines()), 1)

    def test_a_kind_that_cannot_be_done(self):
        text = self.run_it(mix="1 pipes\n", status=1, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (5, 5)))
        self.assertEqual(text, "multiuser: job pipes: pipe: Too many open files\n")

    def started(self, *options, mix):
        """Start the program; return it and its tasks' folder, once the second task is at work."""
        process = subprocess.Popen(
            [self.program, "--start=3", "--end=3", "--scale=2000", f"--dir={self.work}",
             f"--mix={self.mix(mix)}", *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        folder = self.work / f"multiuser.{process.pid}"
        for _ in range(2000):
            if (folder / "3").is_dir():
                return process, folder
            time.sleep(0.01)
        process.kill()
        raise AssertionError("it does not start")

    def ends_with(self, process, pattern):
        """Check what the program says last, and that nothing is left of it."""
        text, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(text.splitlines()[-1], pattern)
        self.assertNotRegex(text, ROW)
        self.assertEqual(list(self.work.iterdir()), [])

    def test_a_failing_job_ends_the_run(self):
        process, folder = self.started(mix="1 look-up\n")
        while (folder / "2").exists():
            shutil.rmtree(folder / "2", ignore_errors=True)
        self.ends_with(process, r"^multiuser: 3 tasks: task 2: job look-up: \w+: "
                       r"No such file or directory$")

    def test_a_killed_task_ends_the_run(self):
        process, folder = self.started(mix="1 primes\n")
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            process.kill()
            process.communicate()
            shutil.rmtree(folder)
            self.skipTest("this kernel does not tell children")
        os.kill(int(children.read_text().split()[1]), signal.SIGKILL)
        self.ends_with(process, "^multiuser: 3 tasks: task 2: (job primes|at its start): it was "
                       "killed$")


# Calls functions of the program with what is given to it.
HARNESS = r"""
#define main program_main
#include "multiuser.c"
#undef main
int main(int argc, char **argv)
{
	long n[32] = { 0 };
	for (int i = 2; i < argc; i++)
		n[i - 2] = atol(argv[i]);
	if (argv[1][0] == 'c') {
		struct row a = { .tasks = n[0], .per_minute = n[1] };
		struct row b = { .tasks = n[2], .per_minute = n[3] };
		printf("%d %d %ld\n", crossed(&a), crossed(&b), (long)crossover_between(&a, &b));
	} else if (argv[1][0] == 't') {
		struct result r[32] = { 0 };
		results = r;
		for (int i = 0; i < argc - 2; i++)
			r[i].nanoseconds = n[i];
		printf("%u\n", timing_index(argc - 2));
	} else {
		jobs_per_task = n[0];
		for (int i = 1; i < argc - 2; i++)
			kinds[kind_count++].weight = n[i];
		share_out();
		for (unsigned i = 0; i < kind_count; i++)
			printf("%u ", kinds[i].quota);
	}
	return 0;
}
"""


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Figures(unittest.TestCase):
    """What is computed from times and weights."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.holder.name)
        (folder / "harness.c").write_text(HARNESS)
        cls.program = folder / "harness"
        ours = [file for file in workload.sources("multiuser")
                if not file.endswith("multiuser.c")]
        subprocess.run(["gcc", "-O1", "-I", workload.SOURCE / "multiuser", "-o", cls.program,
                        folder / "harness.c", *ours], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def ask(self, what, *numbers):
        """Return the numbers that the harness answers with."""
        text = subprocess.run([self.program, what, *map(str, numbers)], check=True,
                              capture_output=True, text=True).stdout
        return [int(word) for word in text.split()]

    def test_crossover(self):
        # tasks, and jobs per minute in tenths: equal at 150 tasks, half way
        self.assertEqual(self.ask("c", 100, 2000, 200, 1000), [0, 1, 1500])
        self.assertEqual(self.ask("c", 100, 1001, 101, 1010)[:2], [0, 1])

    def test_timing_index(self):
        self.assertEqual(self.ask("t", 5000), [100])
        self.assertEqual(self.ask("t", 5000, 5000, 5000), [100])
        # mean 2, standard deviation 1
        self.assertEqual(self.ask("t", 1000, 3000, 1000, 3000), [50])
        # a deviation that is larger than the mean
        self.assertEqual(self.ask("t", 0, 0, 0, 9000), [0])

    def test_quotas(self):
        self.assertEqual(self.ask("q", 10, 30, 10, 10), [6, 2, 2])
        self.assertEqual(self.ask("q", 4, 1, 1, 1), [2, 1, 1])
        self.assertEqual(sum(self.ask("q", 100, 30, 20, 10, 7, 3, 1)), 100)
        self.assertEqual(self.ask("q", 2, 5, 5, 1), [1, 1, 0])


class Workloads(unittest.TestCase):
    """workload.py"""

    def test_names(self):
        self.assertIn("multiuser", workload.names())

    def test_unknown(self):
        with self.assertRaisesRegex(Trouble, "there is no workload none; known: .*multiuser"):
            workload.sources("none")


if __name__ == "__main__":
    unittest.main()
