# SPDX-License-Identifier: GPL-2.0
"""Builds the programs that guests run while something is measured: workloads/NAME/*.c.

They are static and need nothing but a kernel; other files of the folder are their data.
"""
import os
import shlex
import subprocess

import layout
import nolibc
from toolbox import Trouble, lock, need

SOURCE = layout.BED / "workloads"
FLAGS = ("-Wall", "-Wextra")


def names():
    """Returns the names of all workloads, sorted."""
    return sorted(folder.name for folder in SOURCE.iterdir() if any(folder.glob("*.c")))


def sources(name):
    """Returns the paths of a workload's C files, sorted.  Raises Trouble if there is no such one."""
    if name not in names():
        raise Trouble(f"there is no workload {name}; known: {', '.join(names())}")
    return sorted(str(path) for path in (SOURCE / name).glob("*.c"))


def compile_with(compiler, name, goal):
    """Compiles a workload with a compiler that has a C library.

    compiler: words up to the sources; goal: path of the program.  Raises Trouble with the first
    complaint.
    """
    done = subprocess.run([*compiler, *FLAGS, "-static", "-s", "-I", SOURCE / name, *sources(name),
                           "-o", goal], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "error" in line]
        raise Trouble(f"workload {name} does not compile: {(told or ['no message'])[0]}")


def build(arch, tree, build_dir, name):
    """Builds a workload for an architecture's guests and returns the program's path.

    arch: a machine.Arch.  tree: a composed tree, for nolibc and headers.  Raises Trouble.
    """
    goal = os.path.join(build_dir, "user", arch.name, "workloads", name)
    os.makedirs(os.path.dirname(goal), exist_ok=True)
    # Another guest may be starting with the program
    with lock(f"{goal}.lock"):
        _build(arch, tree, build_dir, name, f"{goal}.new")
        os.replace(f"{goal}.new", goal)
    return goal


def _build(arch, tree, build_dir, name, goal):
    if arch.user.get("libc") == "nolibc":
        compiler = nolibc.Compiler(arch.name, tree, build_dir)
        compiler.compile([*sources(name), compiler.library, "-lgcc"], goal, "-s", "-I",
                         str(SOURCE / name))
    else:
        compiler = arch.user.get("cc", "gcc")
        need(compiler, arch.user.get("package", compiler))
        compile_with([compiler, *shlex.split(arch.user.get("cflags", ""))], name, goal)
