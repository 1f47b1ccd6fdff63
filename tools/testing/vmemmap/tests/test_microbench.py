# SPDX-License-Identifier: GPL-2.0
"""The microbenchmark: what it prints, the arithmetic, models that do not agree."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support  # noqa: F401  (makes the tools importable)
import microbench
from toolbox import Trouble

PRINTED = """sequential loop 0 1.0 2.0 4.0
sequential loop 1 0.5 2.0 1.0
random loop 0 3.0 3.0 3.0
random loop 1 3.0 6.0 1.5
done
"""
# Where the second one's table has to be
TABLE_AT = 0x200000000000
# A model for the program in user space: struct page has eight bytes
MODEL = """
#include "microbench.h"
static void walk(struct walk *walk) { walk->sum = walk->count + WRONG; }
static unsigned long table_size(unsigned long pages) { return pages; }
static void place(void *map, unsigned long pages, void *table)
{
	*(char *)map = *((char *)table + pages - 1);
}
const struct model MODEL = { .page_size = SIZE, .table_size = table_size, .table_at = AT,
	.place = place, .walk = { [0 ... OPERATIONS - 1] = { walk, walk } } };
"""


class Printed(unittest.TestCase):
    """What the program prints."""

    def test_parse(self):
        found = microbench.parse(PRINTED, 2)
        self.assertEqual(found["sequential"]["loop"], [[1.0, 2.0, 4.0], [0.5, 2.0, 1.0]])
        self.assertEqual(found["random"]["loop"][1], [3.0, 6.0, 1.5])

    def test_incomplete(self):
        lines = PRINTED.splitlines()
        for wrong, text in (("end", ""), ("end", PRINTED.removesuffix("done\n")),
                            ("missing", "\n".join(lines[1:])),
                            ("as many", "\n".join(lines[:3] + lines[4:])),
                            ("as many", PRINTED.replace(" 6.0", "")),
                            ("as many", "random loop 0\nrandom loop 1\ndone")):
            with self.assertRaisesRegex(Trouble, wrong):
                microbench.parse(text, 2)

    def test_processor(self):
        self.assertEqual(microbench.processor("flags\t: fpu\nmodel name\t: A  B\nmodel\t: 1\n"),
                         "A  B")
        self.assertIn("without", microbench.processor(""))

    def test_flags(self):
        self.assertEqual(
            microbench.code_flags("cmd_/a-O0/walk.o := gcc -Wp,-MMD,x -Ia -DX -fmacro-prefix-map=/a "
                                  "-mno-sse -O2 -Wall -std=gnu11 -c -o /a/walk.o\n\nx := -O3\n"),
            "-mno-sse -O2 -std=gnu11")


class Arithmetic(unittest.TestCase):
    """Ratios are of the same round."""

    def test_ratio(self):
        self.assertEqual(microbench.ratio([1.0, 2.0, 4.0], [0.5, 2.0, 1.0]), (0.5, 0.25, 1.0))
        self.assertEqual(microbench.spread([1.0, 2.0, 4.0], [0.5, 2.0, 1.0]),
                         "0.500 (0.250..1.000)")

    def test_table(self):
        lines = microbench.table(["one", "two"], microbench.parse(PRINTED, 2)["sequential"])
        self.assertRegex(lines[1], r"^loop +2\.00 +1\.00 +0\.500 \(0\.250\.\.1\.000\)$")


class Arguments(unittest.TestCase):
    """Bad input is one line."""

    def test_memory(self):
        for wrong in ("0", "3", "1,,2", "1,x", "-1", "128"):
            done = support.program(support.BED / "microbench.py", "--build", "/none",
                                   "--base-version", "1", f"--memory={wrong}", "classic")
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn("powers of two", done.stderr)

    def test_backing(self):
        done = support.program(support.BED / "microbench.py", "--build", "/none", "--base-version",
                               "1", "--backing=1G", "classic")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Program(unittest.TestCase):
    """The program with models of user space."""

    def run_with(self, sizes, wrong, *arguments):
        """Build it with two models and run it."""
        source = microbench.SOURCE / microbench.NAME
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "model.c").write_text(MODEL, encoding="ascii")
            (folder / "list.c").write_text(microbench.listed(2), encoding="ascii")
            for number in (0, 1):
                subprocess.run(["gcc", "-c", "-I", source, f"-DMODEL=model_{number}",
                                f"-DAT={number and TABLE_AT}ul", f"-DSIZE={sizes[number]}",
                                f"-DWRONG={wrong * number}",
                                folder / "model.c", "-o", folder / f"{number}.o"], check=True)
            subprocess.run(["gcc", "-Wall", "-Werror", "-I", source, source / "main.c",
                            folder / "list.c", folder / "0.o", folder / "1.o", "-o",
                            folder / "program"], check=True)
            return support.program(folder / "program", *arguments)

    def test_prints(self):
        done = self.run_with((8, 8), 0, 1024, "4K", 3, 1)
        self.assertEqual(done.stderr, "")
        found = microbench.parse(done.stdout, 2)
        self.assertEqual(sorted(found), ["random", "sequential"])
        self.assertEqual(len(found["random"]), 9)
        self.assertEqual(len(found["random"]["loop"][1]), 3)

    def test_disagree(self):
        for sizes, wrong, told in (((8, 8), 1, "something else"), ((8, 16), 0, "16 in model")):
            done = self.run_with(sizes, wrong, 1024, "4K", 1, 1)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(told, done.stderr)

    def test_arguments(self):
        for arguments in ((), (1000, "4K", 1, 1), (1024, "1G", 1, 1), (1024, "4K", 0, 1),
                          (1024, "4K", 1, "x"), (1 << 25, "4K", 1, 1)):
            done = self.run_with((8, 8), 0, *arguments)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)


if __name__ == "__main__":
    unittest.main()
