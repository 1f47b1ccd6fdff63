# SPDX-License-Identifier: GPL-2.0
"""Composing: the trees, the same commits each time, and one line for what is wrong."""
import os
import subprocess
import sys
import unittest

from support import BASE, FLATMEM, STEP, Scratch, layout, make_tarball, program

import compose
import mail
from toolbox import Trouble

VERSION = "6.1.1-1"


class Compose(Scratch):
    """On a tiny base."""

    def tree(self, variant):
        """Compose and check one variant out, as compose.tree() does."""
        series = compose.compose(self.build, self.tarball, VERSION, self.top)
        path = compose.tree_path(self.build, VERSION, variant)
        compose.check_out(series.store, path, series.tip(variant))
        return path

    def test_three_trees(self):
        mainline, classic, ours = map(self.tree, ("mainline", "classic", "vmemmap"))
        for name, text in BASE.items():
            self.assertEqual((mainline / name).read_text(), text)
        self.assertTrue(os.access(mainline / "scripts/run.sh", os.X_OK))
        self.assertEqual((classic / "mm/sparse.c").read_text(), "int before;\nint after;\n")
        self.assertFalse((classic / "mm/sparse-vmemmap.c").exists())
        self.assertNotIn("OLD", (classic / "mm/Kconfig").read_text())
        self.assertIn("int ours;", (ours / "mm/sparse.c").read_text())
        self.assertTrue((ours / "mm/ours.c").exists())

    def test_flatmem_is_classic_and_a_hook(self):
        tree = self.tree("flatmem")
        self.assertEqual((tree / "mm/sparse.c").read_text(), "int before;\nint flat;\nint after;\n")
        self.assertFalse((tree / "mm/sparse-vmemmap.c").exists())
        self.put("series/flatmem.patch", FLATMEM.replace("flat;", "flatter;"))
        self.assertIn("flatter", (self.tree("flatmem") / "mm/sparse.c").read_text())

    def test_empty_series(self):
        self.put("series/patches/series", "# none yet\n")
        (self.top / "series/patches/0001-ours.patch").unlink()
        self.assertFalse((self.tree("vmemmap") / "mm/sparse-vmemmap.c").exists())

    def test_same_input_same_commits(self):
        first = compose.compose(self.build, self.tarball, VERSION, self.top)
        again = compose.compose(self.folder / "other", self.tarball, VERSION, self.top)
        self.assertEqual(first.commits, again.commits)
        self.assertEqual(len(first.commits), 2)

    def test_only_what_differs_is_written(self):
        tree = self.tree("vmemmap")
        for name in ("mm/ours.c", "mm/Kconfig"):
            os.utime(tree / name, (5, 5))
        # git looks closer at a file whose times changed, and leaves it if it is the same
        self.put("mm/ours.c", "int changed;\n")
        self.tree("vmemmap")
        self.assertEqual((tree / "mm/Kconfig").stat().st_mtime, 5)
        self.assertNotEqual((tree / "mm/ours.c").stat().st_mtime, 5)
        self.assertEqual((tree / "mm/ours.c").read_text(), "int changed;\n")

    def test_what_a_killed_run_left(self):
        tree = self.tree("vmemmap")
        (tree / "mm/sparse.c").write_text("half of")
        (tree / "mm/left-over.c").write_text("")
        (tree / "Kconfig").unlink()
        (self.build / "git/worktrees/vmemmap/index.lock").touch()
        self.tree("vmemmap")
        self.assertIn("int ours;", (tree / "mm/sparse.c").read_text())
        self.assertTrue((tree / "Kconfig").exists())
        self.assertFalse((tree / "mm/left-over.c").exists())

    def test_tree_removed_by_hand(self):
        tree = self.tree("vmemmap")
        subprocess.run(["rm", "-rf", tree], check=True)
        self.assertTrue((self.tree("vmemmap") / "mm/ours.c").exists())

    def test_patch_that_no_longer_applies(self):
        self.put("series/patches/0001-ours.patch", STEP.replace("int before", "int other"))
        with self.assertRaisesRegex(Trouble, r"0001-ours\.patch does not apply to base "
                                             r"6\.1\.1-1: .*mm/sparse\.c"):
            self.tree("vmemmap")

    def test_file_that_is_not_there(self):
        (self.top / "mm/ours.c").unlink()
        with self.assertRaisesRegex(Trouble, "0001-ours.patch adds mm/ours.c, which is not"):
            self.tree("vmemmap")

    def test_listed_patch_is_missing(self):
        self.put("series/patches/series", "0001-ours.patch\n0002-none.patch\n")
        with self.assertRaisesRegex(Trouble, "lists 0002-none.patch, which is not there"):
            self.tree("vmemmap")

    def test_patch_that_nobody_lists(self):
        self.put("series/patches/0002-loose.patch", STEP)
        with self.assertRaisesRegex(Trouble, "0002-loose.patch is not listed"):
            self.tree("vmemmap")

    def test_broken_tarball(self):
        self.tarball.write_bytes(self.tarball.read_bytes()[:-40])
        with self.assertRaisesRegex(Trouble, "is damaged"):
            self.tree("mainline")

    def test_other_tarball(self):
        self.tarball = make_tarball(self.folder / "6.1.1-1/other.tar.xz", {"README": "x\n"})
        with self.assertRaisesRegex(Trouble, "is not a Linux 6.1 source: it has no"):
            self.tree("mainline")

    def test_mail_gives_the_same_tree(self):
        series = compose.compose(self.build, self.tarball, VERSION, self.top)
        patches = mail.write(series, self.folder / "mails", self.top)
        self.assertEqual([patch.name for patch in patches],
                         ["0001-take-it-out.patch", "0002-mm-add-ours.patch"])
        cover = (self.folder / "mails" / mail.COVER).read_text()
        self.assertIn("Subject: [PATCH 0/2] all", cover)
        self.assertNotIn("***", cover)
        clone = compose.tree_path(self.build, VERSION, "am")
        compose.check_out(series.store, clone, series.base)
        series.store.git("am", "-q", *patches, cwd=clone, GIT_COMMITTER_NAME="x",
                         GIT_COMMITTER_EMAIL="x@y.example")
        self.assertEqual(series.store.git("rev-parse", "HEAD^{tree}", cwd=clone),
                         series.store.git("rev-parse", f"{series.commits[-1]}^{{tree}}"))


class CommandLine(Scratch):
    """What a user types wrong gives one line and leaves nothing behind."""

    def complains(self, words, *arguments):
        """Run compose.py and check that it says one line with words in it."""
        done = program(sys.executable, "-B", layout.SERIES / "compose.py", "--build", self.build,
                       *arguments)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertFalse((self.build / "trees").exists())

    def test_unknown_variant(self):
        self.complains("VARIANT=flat is none of mainline", "--base", self.tarball,
                       "--variant", "flat")

    def test_no_such_tarball(self):
        self.complains("there is no tarball", "--base", self.folder / "none.tar.xz")


if __name__ == "__main__":
    unittest.main()
