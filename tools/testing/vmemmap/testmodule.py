# SPDX-License-Identifier: GPL-2.0
"""Modules that an architecture's guests need beside the kernel: modules/NAME, built with it."""
import hashlib
import pathlib

import layout
from toolbox import write_whole

RECIPES = layout.BED / "modules"


def _sources(name):
    return sorted(file for file in (RECIPES / name).iterdir() if file.is_file())


def key(names):
    """Return a digest of all that the modules are made of."""
    digest = hashlib.sha256()
    for name in names:
        for file in _sources(name):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def lay_out(name, out):
    """Write a module's sources below the O= folder out, those that differ; return their folder."""
    folder = pathlib.Path(out) / name
    for file in _sources(name):
        goal = folder / file.name
        if not goal.exists() or goal.read_bytes() != file.read_bytes():
            write_whole(goal, file.read_bytes())
    return folder
