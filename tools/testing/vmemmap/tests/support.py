# SPDX-License-Identifier: GPL-2.0
"""What several unit tests share: a tiny base, a tiny repository, tools run as programs."""
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

BED = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BED))
import layout  # noqa: E402  (makes series/ importable)

GUARDED = """int before;
#ifdef CONFIG_SPARSEMEM_VMEMMAP
int theirs;
#endif
int after;
"""
BASE = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n", "Kconfig": "# top\n",
    "mm/sparse-vmemmap.c": "int gone;\n", "mm/sparse.c": GUARDED,
    "mm/Kconfig": "config A\n\tbool\n\nconfig OLD\n\tbool\n\nconfig B\n\tbool\n",
    "arch/ia64/Kconfig": "config IA64\n", "include/linux/x.h": "int x;\n",
    "scripts/run.sh": "#!/bin/sh\n",
}
CLASSIC = """Subject: take it out

Why.
---
--- a/mm/Kconfig
+++ b/mm/Kconfig
@@ -3,5 +3,2 @@
 
-config OLD
-	bool
-
 config B
"""
FLATMEM = """Subject: FLATMEM for measurements

Why.
---
--- a/mm/sparse.c
+++ b/mm/sparse.c
@@ -1,2 +1,3 @@
 int before;
+int flat;
 int after;
"""
STEP = """Subject: mm: add ours

Why ours.

Adds: mm/ours.c
---
--- a/mm/sparse.c
+++ b/mm/sparse.c
@@ -1,2 +1,3 @@
 int before;
+int ours;
 int after;
"""


class Scratch(unittest.TestCase):
    """A test with a tiny base tarball and a tiny repository in a folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.build = self.folder / "build"
        self.top = self.folder / "top"
        self.tarball = make_tarball(self.folder / "6.1.1-1/base.tar.xz", BASE)
        self.put("series/classic.patch", CLASSIC)
        self.put("series/flatmem.patch", FLATMEM)
        self.put("series/cover-letter", "From: A B <a@b.example>\nSubject: all\n\nText.\n")
        self.put("series/patches/series", "0001-ours.patch\n")
        self.put("series/patches/0001-ours.patch", STEP)
        self.put("mm/ours.c", "int ours_too;\n")

    def put(self, name, text):
        """Write a file of the tiny repository."""
        file = self.top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file


def make_tarball(path, files):
    """Write a linux-source-like tarball with files, {name: text}."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"linux-source-6.1/{name}")
            member.size = len(text)
            member.mtime = 1000000000
            member.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def program(file, *arguments, **environment):
    """Run one of the tools and return the finished process with its output as text."""
    return subprocess.run([str(file), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env={**os.environ, **environment})


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class PluginCase(unittest.TestCase):
    """A plugin for the emulator, compiled together with a made-up emulator around it."""

    PLUGIN = HARNESS = None                 # the source's path; C text with a main()

    @classmethod
    def setUpClass(cls):
        if cls.PLUGIN is None:
            raise unittest.SkipTest("nothing by itself")
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        (cls.folder / "harness.c").write_text(cls.HARNESS, encoding="ascii")
        cls.program = cls.folder / "plugin"
        subprocess.run(["gcc", "-w", "-o", cls.program, cls.folder / "harness.c", cls.PLUGIN],
                       check=True)
