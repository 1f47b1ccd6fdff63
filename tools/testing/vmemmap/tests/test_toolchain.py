# SPDX-License-Identifier: GPL-2.0
"""The compiler that is built here: whole or not at all, once, and never against the user's."""
import os
import pathlib
import tarfile
import unittest
from unittest import mock

from support import Scratch

import archdata
import toolchain
from toolbox import Trouble

# A compiler that writes what it is asked for, or does not.
GOOD = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
: >"$2"
"""
SILENT = "#!/bin/sh\nexit 0\n"
BROKEN = "#!/bin/sh\necho 'cc1: error: no such thing' >&2\nexit 1\n"
CONFIGURE = """#!/bin/sh
echo run >>{runs}
cat >Makefile <<'END'
all: ; @{work}
install: ; mkdir -p $(DESTDIR)/usr/bin && cp {compiler} $(DESTDIR)/usr/bin/vax-gcc
END
"""


class Toolchains(Scratch):
    """With a made-up source package of a compiler for the VAX."""

    def setUp(self):
        super().setUp()
        self.source = self.folder / "source"
        (self.source / "patches").mkdir(parents=True)
        self.tools = self.folder / "bin"
        self.tools.mkdir()
        self.script(self.tools / "vax-ld", SILENT)
        self.script(self.tools / "vax-as", SILENT)
        clean = {key: value for key, value in os.environ.items() if key != "CROSS_COMPILE"}
        clean["PATH"] = f"{self.tools}:{os.environ['PATH']}"
        patch = mock.patch.dict(os.environ, clean, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.arch = {"name": "vax", "cross": "vax-", "toolchain": {
            "target": "vax", "package": "gcc-0-source", "source": str(self.source),
            "binutils": "binutils-vax", "patches": [], "empty": [], "omit": [],
            "configure": [], "build": ["all"], "install": ["install"], "make": {}}}
        self.offer(GOOD)
        quiet = mock.patch("toolchain.say")
        quiet.start()
        self.addCleanup(quiet.stop)

    @staticmethod
    def script(path, text):
        """Write a program."""
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def offer(self, compiler, work="true"):
        """Make the source package: building it does `work` and installs `compiler`."""
        program = self.folder / "compiler"
        self.script(program, compiler)
        tree = self.folder / "gcc-0"
        tree.mkdir(exist_ok=True)
        self.script(tree / "configure", CONFIGURE.format(
            runs=self.folder / "runs", work=work, compiler=program))
        with tarfile.open(self.source / "gcc-0.tar.xz", "w:xz") as archive:
            archive.add(tree, "gcc-0")

    def made(self):
        """Ask for the compiler."""
        return toolchain.Toolchain(self.build, self.arch).made()

    def runs(self):
        """How often it was built."""
        file = self.folder / "runs"
        return len(file.read_text(encoding="ascii").split()) if file.exists() else 0

    def test_built_once(self):
        prefix = self.made()
        self.assertEqual(toolchain.check(prefix), "")
        self.assertTrue(os.access(f"{prefix}ld", os.X_OK))
        self.assertEqual(self.made(), prefix)
        self.assertEqual(self.runs(), 1)
        left = [one.name for one in pathlib.Path(prefix).parents[1].parent.iterdir()]
        self.assertEqual(sorted(left), [".vax.lock", "vax"])

    def test_another_recipe_is_another_compiler(self):
        self.made()
        self.arch["toolchain"]["configure"] = ["--other"]
        self.made()
        self.assertEqual(self.runs(), 2)

    def test_one_that_broke_is_built_again(self):
        self.script(pathlib.Path(f"{self.made()}gcc"), BROKEN)
        self.made()
        self.assertEqual(self.runs(), 2)

    def test_what_does_not_compile_is_not_kept(self):
        for compiler, words in ((BROKEN, "no such thing"), (SILENT, "wrote no program")):
            self.offer(compiler)
            with self.assertRaisesRegex(Trouble, f"does not work: .*{words}.*log: .*log"):
                self.made()
            self.assertFalse((self.build / "toolchains" / "vax").exists())

    def test_failed_build_is_one_line_and_restarts_clean(self):
        self.offer(GOOD, "echo 'x.cc:1: error: no'; touch half; false")
        with self.assertRaisesRegex(Trouble, r"compiling the vax .*x\.cc:1: error: no \(log: "):
            self.made()
        self.assertFalse((self.build / "toolchains" / "vax").exists())
        self.offer(GOOD, "test ! -e half")
        self.made()

    def test_what_is_missing_is_named(self):
        self.arch["toolchain"]["source"] = str(self.folder / "none")
        with self.assertRaisesRegex(Trouble, "none is missing; .* install gcc-0-source"):
            self.made()
        self.arch["toolchain"]["source"] = str(self.source)
        (self.tools / "vax-ld").unlink()
        with self.assertRaisesRegex(Trouble, "vax-ld is not installed; .* binutils-vax"):
            self.made()
        self.script(self.tools / "vax-ld", SILENT)
        (self.source / "gcc-0.tar.xz").unlink()
        with self.assertRaisesRegex(Trouble, r"there is no gcc-\*.tar.\* in"):
            self.made()

    def test_the_users_compiler_goes_first(self):
        with mock.patch.dict(os.environ, CROSS_COMPILE="/mine/vax-"):
            self.assertEqual(toolchain.prefix(self.build, self.arch), "/mine/vax-")
        self.assertEqual(self.runs(), 0)
        self.assertIn("/toolchains/vax/bin/vax-", toolchain.prefix(self.build, self.arch))

    def test_packaged_compilers_are_not_built(self):
        packaged = archdata.load("x86_64")
        self.assertEqual(toolchain.prefix(self.build, packaged), packaged["cross"])
        with self.assertRaisesRegex(Trouble, "ARCH=x86_64: its compiler is packaged"):
            toolchain.Toolchain(self.build, packaged)


if __name__ == "__main__":
    unittest.main()
