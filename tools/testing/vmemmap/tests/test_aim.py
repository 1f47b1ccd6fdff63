# SPDX-License-Identifier: GPL-2.0
"""AIM=: which folders are taken, what guests get of them, what its tables say."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
import aim
import machine
from toolbox import Trouble

PROGRAM = """#include <stdio.h>
int main(int argc, char **argv)
{
	printf("%s/aim_1.sh", argc > 1 ? "/opt/suite/scripts" : "/usr/local/share/reaim");
	return 0;
}
"""
CONSOLE = """[ 9.1] guest| # aim: Forks,JPM,JPM_C,JPS_C,parent_tm,childU_tm,childS_tm,std_dev,JTI,max_c,min_c
[ 9.1] guest| # aim: 2,120.50,60.25,1.00,10.00,3.00,1.50,0.10,98.00,10.00,9.90
[ 9.1] guest| ok 1 AIM with 2 tasks
[ 9.1] guest| # aim: Forks,JPM,JPM_C,JPS_C,parent_tm,childU_tm,childS_tm,std_dev,JTI,max_c,min_c
[ 9.2] guest| # aim: 4,inf,60.25,1.00,0.00,0.00,0.00,0.10,100.00,10.00,9.90
[ 9.2] guest| # timed: elapsed 5,6"""


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Folders(unittest.TestCase):
    """A folder that looks like a built suite."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        for name in ("src/driver.c", "data/fakeh.tgz", "data/workfile.shared", "data/other",
                     *(f"scripts/{name}" for name in aim.NEEDED_SCRIPTS)):
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(name)

    def compile(self, goal, *options):
        """Build what stands for the suite's program."""
        (self.folder / goal).parent.mkdir(exist_ok=True)
        subprocess.run(["gcc", "-O0", "-x", "c", "-", "-o", self.folder / goal, *options],
                       input=PROGRAM, text=True, check=True)

    def test_as_built(self):
        self.compile("src/reaim", "-static")
        found = aim.files(self.folder)
        self.assertEqual({place for place in found if place.startswith("aim/")}, {
            "aim/reaim", "aim/data/fakeh.tgz", "aim/data/workfile.shared", "aim/scripts/true",
            "aim/scripts/aim_1.sh", "aim/scripts/aim_2.sh", "aim/scripts/aim_3.sh"})
        # where it was told to look when it was compiled
        self.assertEqual(aim.script_places(self.folder / "src/reaim"),
                         ["/opt/suite/scripts", "/usr/local/share/reaim"])
        self.assertIn("opt/suite/scripts/true", found)

    def test_as_installed(self):
        (self.folder / "share").mkdir()
        (self.folder / "data").rename(self.folder / "share/reaim")
        for name in aim.NEEDED_SCRIPTS:
            (self.folder / "scripts" / name).rename(self.folder / "share/reaim" / name)
        self.compile("bin/reaim")
        # with the libraries that it needs
        self.assertTrue([place for place in aim.files(self.folder) if "libc.so.6" in place])

    def test_which_guests(self):
        self.compile("reaim", "-static")
        with mock.patch("aim.machine", return_value="powerpc"):
            self.assertTrue(aim.runs_on(self.folder, machine.arch_facts("powerpc")))
            self.assertFalse(aim.runs_on(self.folder, machine.arch_facts("x86_64")))
        with mock.patch("aim.machine", return_value="ia64"):
            self.assertFalse(aim.runs_on(self.folder, machine.arch_facts("ia64")))

    def test_key(self):
        self.compile("reaim", "-static")
        before = aim.key(self.folder)
        self.assertEqual(aim.key(self.folder), before)
        (self.folder / "data/workfile.shared").write_text("10 add_int\n")
        self.assertNotEqual(aim.key(self.folder), before)

    def test_others(self):
        with self.assertRaisesRegex(Trouble, "no such folder; AIM= has to be"):
            aim.check(self.folder / "none")
        with self.assertRaisesRegex(Trouble, "not built yet, none of reaim, src/reaim"):
            aim.check(self.folder)
        (self.folder / "src/driver.c").unlink()
        with self.assertRaisesRegex(Trouble, "no reaim there"):
            aim.check(self.folder)
        self.compile("reaim")
        (self.folder / "scripts/true").unlink()
        with self.assertRaisesRegex(Trouble, "true is in none of scripts"):
            aim.check(self.folder)
        (self.folder / "data/fakeh.tgz").unlink()
        with self.assertRaisesRegex(Trouble, "fakeh.tgz is in none of data"):
            aim.check(self.folder)


class Rows(unittest.TestCase):
    """Its table."""

    def test_rows(self):
        lines = CONSOLE.splitlines()
        self.assertEqual(aim.rows_of(lines[:4] + lines[5:]), [{
            "tasks": 2, "jobs_per_minute": 120.5, "jobs_per_second_per_task": 1.0, "real": 10.0,
            "cpu": 4.5, "jti": 98.0}])

    def test_no_time(self):
        with self.assertRaisesRegex(Trouble, "AIM with 4 tasks was over too soon"):
            aim.rows_of(CONSOLE.splitlines())


if __name__ == "__main__":
    unittest.main()
