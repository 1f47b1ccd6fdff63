# SPDX-License-Identifier: GPL-2.0
"""Runs Debian's dump tools: this machine's, or those of the guest's architecture where a tool
reads only dumps of what it was compiled for.

Those come out of Debian's packages without being installed, and run under QEMU's user mode.
"""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tomllib

import foreign
from toolbox import Trouble, lock, need, say, write_whole

_SECONDS = 300


def _data(arch):
    with open(pathlib.Path(__file__).with_name("programs.toml"), "rb") as file:
        return tomllib.load(file).get(arch, {})


def _tree(build, arch, data):
    """Returns the folder with the architecture's unpacked packages, got once."""
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]
    folder = os.path.join(build, "user", arch)
    goal = os.path.join(folder, f"dump-tools-{digest}")
    with lock(os.path.join(folder, ".dump-tools.lock")):
        if not os.path.isdir(goal):
            say(f"getting dump tools for {data['debian']}")
            work = os.path.join(folder, "dump-tools-apt")
            foreign.unpacked(work, data["packages"], data["debian"])
            os.replace(os.path.join(work, "tree"), goal)
            shutil.rmtree(work)
    return goal


def command(build, arch, program):
    """Returns the words that run a tool on dumps of an architecture.

    build: the build folder; arch: the architecture's name; program: crash, makedumpfile or drgn.
    Raises Trouble.
    """
    data = _data(arch)
    if program not in data.get("programs", ()):
        package = {"drgn": "python3-drgn"}.get(program, program)
        return [need(program, package)]
    emulator = need(data["emulator"], data["package"])
    tree = _tree(build, arch, data)
    folders = ":".join(os.path.join(tree, place) for place in data["libraries"])
    # its own loader, told where libraries are: links in the tree lead out of it
    return [emulator, os.path.join(tree, data["loader"]), "--library-path", folders,
            os.path.join(tree, "usr/bin", program)]


def run(words, log, given=""):
    """Runs a tool and returns what it prints, but for what goes to its standard error.

    log: the file that keeps it, and has its name.  given: its input.  Raises Trouble when it fails.
    """
    name = pathlib.Path(log).stem
    try:
        # progress and errors of makedumpfile come in the middle of lines
        done = subprocess.run(words, input=given, capture_output=True, text=True, errors="replace",
                              timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Trouble(f"{name} takes longer than {_SECONDS} s, see {log}") from None
    write_whole(log, done.stdout + done.stderr)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise Trouble(f"{name} failed: {told[-1]}, see {log}")
    return done.stdout
