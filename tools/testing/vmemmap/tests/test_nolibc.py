# SPDX-License-Identifier: GPL-2.0
"""Headers for programs without a C library: nobody who compiles with them loses any."""
import os
import pathlib
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
import nolibc


@mock.patch("nolibc.toolchain.prefix", return_value="")
@mock.patch.object(nolibc.Compiler, "_uapi", lambda self: None)
class Headers(unittest.TestCase):
    """Each tree has its own links, which stay as they are as long as they are right."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = pathlib.Path(folder.name)
        for name in ("ours", "theirs"):
            header = self.build / "trees" / name / "tools" / "include" / "nolibc" / "std.h"
            header.parent.mkdir(parents=True)
            header.write_text(name, encoding="ascii")

    def compiler(self, name):
        """Returns a Compiler for one of the trees, whose library is empty."""
        def compile_(_self, _sources, goal, *_options):
            pathlib.Path(goal).write_text("", encoding="ascii")
        with mock.patch.object(nolibc.Compiler, "compile", compile_):
            return nolibc.Compiler("ia64", str(self.build / "trees" / name), str(self.build))

    def test_two_trees(self, _prefix):
        first, second = self.compiler("ours"), self.compiler("theirs")
        for compiler, text in ((first, "ours"), (second, "theirs")):
            self.assertEqual(pathlib.Path(compiler.kernel, "std.h").read_text("ascii"), text)
            self.assertTrue(os.path.exists(compiler.library))

    def test_links_stay(self, _prefix):
        link = pathlib.Path(self.compiler("ours").kernel, "std.h")
        before = link.lstat()
        old = link.with_name("gone.h")
        old.symlink_to("/none")
        self.compiler("ours")
        self.assertEqual(link.lstat().st_ino, before.st_ino)
        self.assertFalse(old.is_symlink())

    def test_wrong_link(self, _prefix):
        link = pathlib.Path(self.compiler("ours").kernel, "std.h")
        link.unlink()
        link.symlink_to("/none")
        self.compiler("ours")
        self.assertEqual(link.read_text("ascii"), "ours")


if __name__ == "__main__":
    unittest.main()
