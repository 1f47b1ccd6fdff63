# SPDX-License-Identifier: GPL-2.0
"""Compiles plugins for the emulators: measure/NAME.c."""
import os
import re

import layout
from toolbox import Trouble, lock, need, output

SOURCE = layout.BED / "measure"


def version(emulator):
    """Returns the version of the plugins' interface that an emulator takes.

    emulator: path of the program.  What plugins take here is the same in all versions, but QEMU 9
    takes none that says 1, and those before it none that says more.  Raises Trouble.
    """
    told = output([emulator, "--version"])
    found = re.search(r"version (\d+)\.", told)
    if not found:
        raise Trouble(f"{emulator} does not tell its version")
    return 1 if int(found[1]) < 9 else 2


def build(name, emulator, build_dir):
    """Compiles a plugin for an emulator; returns its path.  Raises Trouble."""
    need("gcc", "gcc")
    api = version(emulator)
    goal = os.path.join(build_dir, "measure", f"{name}-{api}.so")
    os.makedirs(os.path.dirname(goal), exist_ok=True)
    # An emulator may be running with the one that is there
    with lock(f"{goal}.lock"):
        output(["gcc", "-O2", "-fPIC", "-shared", f"-DPLUGIN_VERSION={api}", SOURCE / f"{name}.c",
                "-o", f"{goal}.new"])
        os.replace(f"{goal}.new", goal)
    return goal
