# SPDX-License-Identifier: GPL-2.0
"""Makes an archive with programs for guests to run, a compiler for one, out of Debian's packages.

It is unpacked over the guests' initramfs.  It is made once and kept; what it was made from is told
beside it.
"""
import hashlib
import json
import os
import re
import shutil

import cpio
import foreign
from toolbox import Trouble, lock, need, output, say, write_whole

_FOLDERS = ("lib", "lib64", "usr/lib", "usr/lib64")


def recipe(data, arch, kind="toolchain"):
    """Returns what an architecture's archive is made from.

    data, kind: what make() takes; arch: its name.  Returns a dict with "debian", "packages",
    "programs" and "links".  Raises Trouble where the data do not know it.
    """
    if arch not in data:
        raise Trouble(f"image.toml: there is no [{kind}.{arch}]: Debian has no such programs that "
                      f"run there")
    triplet = data[arch]["triplet"]

    def name(text):
        return text.replace("TRIPLET", triplet)
    return {"debian": data[arch]["debian"], "triplet": triplet,
            # packages cannot have a _ in their names
            "packages": [text.replace("TRIPLET", triplet.replace("_", "-"))
                         for text in data["packages"]],
            "programs": [name(text) for text in data["programs"]],
            "links": {link: name(target) for link, target in data["links"].items()}}


def needed(path):
    """Returns (interpreter or "", names of the libraries) that an ELF file asks for."""
    told = output(["readelf", "-ld", path])
    interpreter = re.search(r"\[Requesting program interpreter: (\S+)\]", told)
    return (interpreter[1] if interpreter else "",
            re.findall(r"\(NEEDED\) +Shared library: \[(\S+)\]", told))


def _library(tree, triplet, name):
    """Returns the path of a library in an unpacked tree."""
    for folder in _FOLDERS:
        for place in (os.path.join(folder, triplet), folder):
            path = os.path.join(tree, place, name)
            if os.path.exists(path):
                return path
    raise Trouble(f"none of the packages has {name}; image.toml has to name one more")


def closure(tree, triplet, programs):
    """Returns {place in the guest: path} of programs and of the libraries that they need.

    tree: the unpacked packages; programs: places in it.  Raises Trouble.
    """
    found = {}
    todo = []
    for place in programs:
        path = os.path.join(tree, place)
        if not os.path.isfile(path):
            raise Trouble(f"none of the packages has {place}")
        todo.append((place, path))
    while todo:
        place, path = todo.pop()
        if place in found:
            continue
        # links lead nowhere in a tree that is not at /
        found[place] = os.path.realpath(path)
        interpreter, names = needed(path)
        if interpreter:
            todo.append((interpreter.lstrip("/"),
                         _library(tree, triplet, os.path.basename(interpreter))))
        todo += [(os.path.join("lib", triplet, name), _library(tree, triplet, name))
                 for name in names]
    return found


def archive(tree, made):
    """Returns the bytes of the archive.  tree: the unpacked packages; made: from recipe()."""
    whole = cpio.Archive()
    for place, path in sorted(closure(tree, made["triplet"], made["programs"]).items()):
        with open(path, "rb") as file:
            whole.file(place, file.read())
    for link, target in made["links"].items():
        whole.link(link, target)
    return whole.bytes()


def make(data, arch, build, kind="toolchain"):
    """Makes the archive, unless it is there; returns (its path, the packages' file names).

    data: [toolchain] of kernbench/image.toml, or a table like it that is called kind; arch: the
    architecture's name; build: the build folder.  Raises Trouble.
    """
    made = recipe(data, arch, kind)
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
    folder = os.path.join(build, "user", arch)
    goal = os.path.join(folder, f"{kind}-{digest}.cpio")
    # the archive comes last: where it is, all is there
    told = os.path.join(folder, f"{kind}-{digest}.json")
    with lock(os.path.join(folder, f".{kind}.lock")):
        if not os.path.exists(goal):
            need("readelf", "binutils")
            say(f"getting the programs of [{kind}] that run on {made['debian']}")
            work = os.path.join(folder, f"{kind}-apt")
            files = foreign.unpacked(work, made["packages"], made["debian"])
            whole = archive(os.path.join(work, "tree"), made)
            write_whole(told, json.dumps(files, indent=1) + "\n")
            write_whole(goal, whole)
            shutil.rmtree(work)
        with open(told, encoding="utf-8") as file:
            return goal, json.load(file)
