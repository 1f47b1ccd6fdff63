# SPDX-License-Identifier: GPL-2.0
"""KCSAN's reports: those about the memmap stay, the base's own are taken out whole."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support  # noqa: F401  (finds the modules below)
import kcsan
from toolbox import Trouble

REPORT = """{0}==================================================================
{0}BUG: KCSAN: data-race in {1}
{0}
{0}read-write to 0xffffffff82a00000 of 8 bytes by task 12 on cpu 1:
{0} one+0x12/0x30
{0} do_syscall_64+0x3b/0x90
{0}
{0}read (marked) to 0xffffffff82a00000 of 8 bytes by interrupt on cpu 0:
{0} two+0x12/0x30
{0}
{0}value changed: 0x1 -> 0x2
{0}
{0}Reported by Kernel Concurrency Sanitizer on:
{0}CPU: 0 PID: 12 Comm: x Not tainted 6.1.0 #1
{0}==================================================================
"""


def ours(name):
    """Say that only section_activate() is about the memmap."""
    return name == "section_activate"


class Reports(unittest.TestCase):
    """What without_others() takes out, and what it leaves."""

    def test_others_go(self):
        for mark in ("[    1.234567] ", "guest| <3>[    1.234567] ", ""):
            lines = ["before", *REPORT.format(mark, "one / two").splitlines(), "after"]
            lines.insert(6, "[    1.0] Oops: in between")
            left, titles = kcsan.without_others(lines, ours)
            self.assertEqual(left, ["before", "[    1.0] Oops: in between", "after"])
            self.assertEqual(titles, ["data-race in one / two"])

    def test_ours_stay(self):
        for what in ("section_activate / two", "one / section_activate", "section_activate"):
            lines = REPORT.format("", what).splitlines()
            self.assertEqual(kcsan.without_others(lines, ours), (lines, []))

    def test_after_others_ours_stay(self):
        other, our = (REPORT.format("", what).splitlines()
                      for what in ("one / two", "section_activate / two"))
        self.assertEqual(kcsan.without_others([*other, *our, *other], ours)[0], our)

    def test_nothing_reported(self):
        self.assertFalse(kcsan.reported(["kcsan: enabled early"]))
        self.assertTrue(kcsan.reported(REPORT.format("[ 1.0] ", "a / b").splitlines()))

    @unittest.skipUnless(shutil.which("gcc") and shutil.which("nm"), "gcc is not installed")
    def test_functions_of_objects(self):
        with tempfile.TemporaryDirectory() as folder:
            kernel = pathlib.Path(folder)
            with self.assertRaisesRegex(Trouble, "none of the objects"):
                kcsan.about_memmap(kernel)
            (kernel / "mm").mkdir()
            subprocess.run(["gcc", "-xc", "-", "-c", "-o", kernel / "mm/sparse.o"], check=True,
                           input=b"int word; static int near(void) { return word; }"
                                 b"int far_away(void) { return near() + other(); }",
                           stderr=subprocess.DEVNULL)
            about = kcsan.about_memmap(kernel)
        for name in ("near", "far_away", "near.isra.0", "near.constprop.0.cold", "near+0x12/0x20",
                     "pfn_to_online_page"):
            self.assertTrue(about(name), name)
        for name in ("word", "other", "nearer", "pfn_to_online_pages"):
            self.assertFalse(about(name), name)


if __name__ == "__main__":
    unittest.main()
