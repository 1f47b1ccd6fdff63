# SPDX-License-Identifier: GPL-2.0
"""What is compiled beside a kernel: modules/NAME that guests need, objects that are looked at."""
import hashlib
import pathlib
import re
import subprocess

import layout
from toolbox import Trouble, write_whole

RECIPES = layout.BED / "modules"


def _sources(name, recipes=RECIPES):
    return sorted(file for file in (recipes / name).iterdir() if file.is_file())


def key(names, recipes=RECIPES):
    """Return a digest of all that the modules are made of."""
    digest = hashlib.sha256()
    for name in names:
        for file in _sources(name, recipes):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def lay_out(name, out, recipes=RECIPES):
    """Write a module's sources below the O= folder out, those that differ; return their folder."""
    folder = pathlib.Path(out) / name
    for file in _sources(name, recipes):
        goal = folder / file.name
        if not goal.exists() or goal.read_bytes() != file.read_bytes():
            write_whole(goal, file.read_bytes())
    return folder


def compiled(kernel, name, *objects, recipes=RECIPES):
    """Compile objects as a kernel is compiled; return their folder, below its O= folder.

    kernel: a kernel.Kernel that is built.  name: a folder of recipes, whose Kbuild has the objects.
    Raises Trouble with the compiler's first complaint.
    """
    folder = lay_out(name, kernel.out, recipes)
    log = layout.log(kernel.build, f"{name}-{re.sub(r'[^a-z0-9]+', '-', kernel.label.lower())}")
    with open(log, "wb") as file:
        done = subprocess.run(kernel.command(f"M={folder}", *objects), stdout=file, stderr=file,
                              stdin=subprocess.DEVNULL, env=kernel.environment(), check=False)
    if done.returncode:
        told = re.findall(r"^.*(?:error:|\*\*\*).*$", log.read_text(errors="replace"), re.M)
        raise Trouble(f"{kernel.label}: {name} does not compile: {(told or ['no message'])[0]} "
                      f"(log: {log})")
    return folder
