#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Builds the cross compiler of an architecture for which Debian packages none.

toolchain.py --build DIR --arch A [--jobs N]

The compiler's prefix, as CROSS_COMPILE takes it, is printed.  From [toolchain] of
arch/ARCH.toml: Debian's own compiler source, for C and without a C library, with the packaged
binutils.  It takes some minutes, once; only a compiler that has compiled something is kept.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import archdata
import layout
import worker
from toolbox import Trouble, lock, need, run_tool, say

FAILURE = re.compile(r"error:|No rule to make|Error \d|No space left")
# A program that needs the assembler, the linker and the compiler's own library (a division is
# a call where the processor has no instruction for it).
PROGRAM = "long a, b; void _start(void) { a = a / b; }\n"
STAMP = "recipe.json"


class Toolchain:
    """The compiler of one architecture: its recipe, and the folder that it is built into."""

    def __init__(self, build, arch, jobs=0):
        """build: folder for everything made; arch: what archdata.load() returned.

        Raises Trouble where the architecture has no recipe.
        """
        if "toolchain" not in arch:
            raise Trouble(f"ARCH={arch['name']}: its compiler is packaged, none is built")
        self.recipe = arch["toolchain"]
        self.name = arch["name"]
        self.target = self.recipe["target"]
        self.source = pathlib.Path(self.recipe["source"])
        self.home = layout.toolchain(build, self.name)
        self.work = self.home.with_name(f".{self.name}.work")
        self.log = layout.log(build, f"toolchain-{self.name}")
        self.cache = layout.ccache(build)
        self.jobs = int(jobs) or os.cpu_count() or 1
        self._held = None

    @property
    def prefix(self):
        """The path that CROSS_COMPILE takes."""
        return f"{self.home}/bin/{self.target}-"

    def made(self):
        """Build the compiler unless there is one that works, and return its prefix.

        Raises Trouble with the first complaint and the log's path.
        """
        if self._good():
            return self.prefix
        with lock(self.home.with_name(f".{self.name}.lock")) as self._held:
            if not self._good():
                self._build()
        return self.prefix

    def _good(self):
        """Say whether what is there was built by this recipe, and compiles."""
        try:
            done = json.loads((self.home / STAMP).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        if done != self._key():
            return False
        complaint = check(self.prefix)
        if complaint:
            say(f"{self.name} compiler: {complaint}; building it again")
        return not complaint

    def _key(self):
        text = json.dumps(self.recipe, sort_keys=True)
        return {"recipe": hashlib.sha256(text.encode()).hexdigest()}

    def _build(self):
        start = time.monotonic()
        tarball = self._requirements()
        # what an interrupted run left is worth nothing: nobody knows how far it came
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "objects").mkdir(parents=True)
        self.log.write_bytes(b"")
        self._run("unpacking", ["tar", "-xf", tarball, "-C", self.work, "--anchored",
                                *(f"--exclude=gcc-*/{name}" for name in self.recipe["omit"])])
        (self.work / "source").symlink_to(next(self.work.glob("gcc-*")).name)
        self._patch()
        self._run("configuring", ["../source/configure", "--prefix=/usr",
                                  f"--target={self.target}", *self.recipe["configure"],
                                  *(f"--with-{tool}={shutil.which(f'{self.target}-{tool}')}"
                                    for tool in ("as", "ld"))])
        self._run("compiling", [*self._make(), *self.recipe["build"]])
        self._run("installing", [*self._make(), f"DESTDIR={self.work / 'root'}",
                                 *self.recipe["install"]])
        root = self.work / "root" / "usr"
        self._link_binutils(root / "bin")
        complaint = check(f"{root}/bin/{self.target}-")
        if complaint:
            raise Trouble(f"the compiler built for {self.name} does not work: {complaint} "
                          f"(log: {self.log})")
        (root / STAMP).write_text(json.dumps(self._key()), encoding="utf-8")
        # a link is somebody's own folder: put aside, not emptied
        if self.home.is_symlink():
            self.home.unlink()
        shutil.rmtree(self.home, ignore_errors=True)
        os.replace(root, self.home)
        shutil.rmtree(self.work)
        say(f"{self.name} compiler: built in {time.monotonic() - start:.0f} s")

    def _requirements(self):
        package = self.recipe["package"]
        if not self.source.is_dir():
            raise Trouble(f"{self.source} is missing; as root: apt-get install {package}")
        for program, owner in {f"{self.target}-ld": self.recipe["binutils"], "make": "make",
                               "g++": "g++", "patch": "patch", "xz": "xz-utils"}.items():
            need(program, owner)
        tarballs = sorted(self.source.glob("gcc-*.tar.*"))
        if not tarballs:
            raise Trouble(f"there is no gcc-*.tar.* in {self.source}; as root: "
                          f"apt-get install --reinstall {package}")
        return tarballs[0]

    def _patch(self):
        # they are written against a folder src/; some change documents that Debian leaves out
        (self.work / "src").symlink_to("source")
        for name in self.recipe["patches"]:
            self._run("patching", ["patch", "-s", "-p2", "-d", self.work / "source", "-i",
                                   self.source / "patches" / name])
        for name in self.recipe["empty"]:
            (self.work / "source" / name).write_bytes(b"")

    def _make(self):
        return ["make", f"-j{self.jobs}", "MAKEINFO=true",
                *(f"{name}={value}" for name, value in self.recipe["make"].items())]

    def _link_binutils(self, folder):
        # so that one prefix serves for all tools
        for tool in pathlib.Path(shutil.which(f"{self.target}-ld")).parent.glob(
                f"{self.target}-*"):
            if not (folder / tool.name).exists():
                (folder / tool.name).symlink_to(tool)

    def _environment(self):
        clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")
                 if name in os.environ}
        cache = "ccache " if shutil.which("ccache") else ""
        clean.update(LC_ALL="C", CC=f"{cache}gcc", CXX=f"{cache}g++",
                     CCACHE_DIR=str(self.cache), CCACHE_NOHASHDIR="1")
        return clean

    def _run(self, phase, command):
        say(f"{self.name} compiler: {phase}")
        objects = self.work / "objects"
        worker.work(f"{phase} the {self.name} compiler", command, self.log, FAILURE,
                    lambda _text: f"{sum(1 for _ in objects.rglob('*.o'))} objects",
                    held=self._held, env=self._environment(), cwd=objects)


def check(prefix):
    """Compile, assemble and link a program of one line with the compiler of that prefix.

    Returns what is wrong, in one line; "" if nothing is.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "program.c"
        source.write_text(PROGRAM, encoding="ascii")
        try:
            done = subprocess.run([f"{prefix}gcc", "-O2", "-nostartfiles", "-nostdlib", "-static",
                                   source, "-lgcc", "-o", source.with_suffix("")], text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL, cwd=folder)
        except OSError as error:
            return f"{prefix}gcc: {error.strerror}"
        if done.returncode:
            words = done.stderr.strip().splitlines()
            return words[0] if words else f"{prefix}gcc ended with status {done.returncode}"
        if not source.with_suffix("").exists():
            return f"{prefix}gcc wrote no program"
    return ""


def prefix(build, arch, jobs=0):
    """Return what CROSS_COMPILE has to be for an architecture, its compiler built if need be.

    build: folder for everything made; arch: what archdata.load() returned.  CROSS_COMPILE in the
    environment takes precedence, and nothing is built then.  Raises Trouble.
    """
    given = os.environ.get("CROSS_COMPILE")
    if given:
        return given
    return Toolchain(build, arch, jobs).made() if "toolchain" in arch else arch["cross"]


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--arch", required=True)
    parser.add_argument("--jobs", type=int, default=0)
    options = parser.parse_args()
    print(Toolchain(options.build, archdata.load(options.arch), options.jobs).made())


if __name__ == "__main__":
    run_tool(main)
