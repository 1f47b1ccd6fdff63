# SPDX-License-Identifier: GPL-2.0
"""Compiles programs for guests of an architecture that has no C library.

They get the kernel's nolibc from the composed tree, with this repository's part of it on top, and
nolibc/libc.{c,h} for the rest; every standard header is libc.h under another name.
"""
import os
import subprocess

import archdata
import layout
import toolchain
from toolbox import Trouble, lock, output, write_whole

SOURCE = layout.BED / "nolibc"
OURS = layout.TOP / "tools" / "include" / "nolibc"
HEADERS = ("elf.h", "errno.h", "fcntl.h", "glob.h", "inttypes.h", "limits.h", "poll.h", "setjmp.h",
           "signal.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "termios.h", "time.h",
           "unistd.h", "net/if.h", "netinet/in.h", "sys/ioctl.h", "sys/mman.h", "sys/mount.h",
           "sys/prctl.h", "sys/reboot.h", "sys/resource.h", "sys/socket.h", "sys/stat.h",
           "sys/syscall.h", "sys/types.h", "sys/wait.h")
# Loops of nolibc's memcpy() and memset() must not become calls of these.
FLAGS = ("-nostdinc", "-nostdlib", "-static", "-O2", "-Wall", "-fno-stack-protector",
         "-fno-tree-loop-distribute-patterns", "-fno-asynchronous-unwind-tables")


class Compiler:
    """Compiles for one architecture with the headers of one tree."""

    def __init__(self, name, tree, build):
        """name: of the architecture; tree: a composed tree; build: the build folder.

        Raises Trouble where the compiler cannot be had or headers cannot be made.
        """
        self.arch = archdata.load(name)
        self.tree = tree
        self.folder = os.path.join(build, "user", self.arch["name"], "nolibc")
        self.kernel = os.path.join(self.folder, os.path.basename(tree), "kernel")
        self.log = str(layout.log(build, f"nolibc-{self.arch['name']}"))
        self.gcc = toolchain.prefix(build, self.arch) + "gcc"
        self.library = os.path.join(os.path.dirname(self.kernel), "libc.o")
        # Others may be compiling with what is there
        with lock(f"{self.folder}.lock"):
            self._headers()
            self.compile([str(SOURCE / "libc.c")], f"{self.library}.new", "-c")
            os.replace(f"{self.library}.new", self.library)

    def words(self):
        """Returns the compiler's command line up to the sources."""
        own = output([self.gcc, "-print-file-name=include"]).strip()
        return [self.gcc, *FLAGS, "-I", os.path.join(self.folder, "include"), "-I", str(SOURCE),
                "-isystem", own, "-isystem", os.path.join(self.folder, "uapi", "usr", "include"),
                "-idirafter", self.kernel]

    def compile(self, sources, goal, *options):
        """Compiles sources into the file goal.  Raises Trouble with the first complaint."""
        done = subprocess.run([*self.words(), *options, *sources, "-o", goal], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, check=False)
        with open(self.log, "w", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            told = [line for line in done.stderr.splitlines()
                    if "error:" in line or "undefined" in line]
            raise Trouble(f"{sources[0]} does not compile: {(told or ['no message'])[0]} "
                          f"(log: {self.log})")

    def program(self, source, goal):
        """Compiles one source file into a program."""
        self.compile([source, self.library, "-lgcc"], goal, "-s")

    def _headers(self):
        for name in HEADERS:
            write_whole(os.path.join(self.folder, "include", name), "#include <libc.h>\n")
        os.makedirs(self.kernel, exist_ok=True)
        theirs = os.path.join(self.tree, "tools", "include", "nolibc")
        wanted = {name: os.path.join(theirs, name) for name in os.listdir(theirs)
                  if name.endswith(".h")}
        wanted.update({file.name: str(file) for file in OURS.glob("*.h")})
        for name in os.listdir(self.kernel):
            if name not in wanted:
                os.remove(os.path.join(self.kernel, name))
        for name, target in wanted.items():
            link = os.path.join(self.kernel, name)
            if not os.path.islink(link) or os.readlink(link) != target:
                os.symlink(target, f"{link}.new")
                os.replace(f"{link}.new", link)
        self._uapi()

    def _uapi(self):
        """What user space may include of the kernel; the same for all variants of a base."""
        out = os.path.join(self.folder, "uapi")
        stamp = os.path.join(out, "made-from")
        base = os.path.basename(os.path.dirname(self.tree))
        try:
            with open(stamp, encoding="utf-8") as file:
                if file.read() == base:
                    return
        except OSError:
            pass
        os.makedirs(out, exist_ok=True)
        clean = {key: value for key, value in os.environ.items()
                 if key in ("PATH", "HOME", "TMPDIR")}
        with open(self.log, "w", encoding="utf-8") as log:
            if subprocess.run(["make", "-s", "-C", self.tree, f"O={out}",
                               f"ARCH={self.arch['kernel']['arch']}", "headers"], stdout=log,
                              stderr=log, env=clean, stdin=subprocess.DEVNULL,
                              check=False).returncode:
                raise Trouble(f"the kernel's headers cannot be made, see {self.log}")
        write_whole(stamp, base)


def sources():
    """Returns the paths of all files that programs are made from here, in order."""
    return sorted(str(file) for folder in (SOURCE, OURS) for file in folder.glob("*.[ch]"))
