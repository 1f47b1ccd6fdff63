# SPDX-License-Identifier: GPL-2.0
"""Runs a real AIM Suite VII in guests: a folder in which its GPL release has been built.

It is looked for as its Makefiles leave it (reaim in the folder or in src/, beside data/ and
scripts/) and as they install it (bin/reaim and share/reaim/).  Nothing of it is in this repository,
and the folder is only read.
"""
import hashlib
import math
import os
import re

import count
import cpio
import layout
import toolimage
import workload
from toolbox import Trouble, lock, need, output, write_whole

SOURCE = layout.BED / "aim"
HOME = "aim"                    # its folder in the guest
PROGRAMS = ("reaim", "src/reaim", "bin/reaim")
DATA = ("data", "share/reaim")
SCRIPTS = ("scripts", "share/reaim")
NEEDED_SCRIPTS = ("aim_1.sh", "aim_2.sh", "aim_3.sh", "true")
# What it has to be told. Disk files are small: guests have their disk in memory. Its jobs look up
# this machine and this user.
TEXTS = {f"{HOME}/config": "FILESIZE 10k\nPOOLSIZE 1m\nDISKDIR /tmp/disk\n",
         "etc/nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",
         "etc/hosts": "127.0.0.1 localhost guest\n",
         "etc/passwd": "root:x:0:0:root:/tmp:/bin/sh\n", "etc/group": "root:x:0:\n"}
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "PowerPC64": "powerpc",
            "Intel IA-64": "ia64"}
# Columns of its table with commas, and the names that count.rows_of() has for them
COLUMNS = {"Forks": "tasks", "JPM": "jobs_per_minute", "JPS_C": "jobs_per_second_per_task",
           "parent_tm": "real", "JTI": "jti"}
TIMES = ("childU_tm", "childS_tm")


def _one_of(folder, places, name):
    """Returns the first of the places in a folder that is there, or has `name`; None if none is."""
    for place in places:
        path = os.path.join(folder, place)
        if os.path.isfile(os.path.join(path, name) if name else path):
            return path
    return None


def check(folder):
    """Returns (the program, its folder of data, its folder of scripts), absolute paths.

    Raises Trouble, one line, if the folder is not one of a built AIM Suite VII.
    """
    folder = os.path.abspath(folder)
    hint = "AIM= has to be the folder in which AIM Suite VII (reaim) has been built"
    if not os.path.isdir(folder):
        raise Trouble(f"{folder}: no such folder; {hint}")
    program = _one_of(folder, PROGRAMS, "")
    if not program:
        source = os.path.exists(os.path.join(folder, "src", "driver.c"))
        raise Trouble(f"{folder}: {'not built yet' if source else 'no reaim there'}, none of "
                      f"{', '.join(PROGRAMS)}; {hint}")
    data = _one_of(folder, DATA, "fakeh.tgz")
    if not data:
        raise Trouble(f"{folder}: fakeh.tgz is in none of {', '.join(DATA)}; {hint}")
    for name in NEEDED_SCRIPTS:
        if not _one_of(folder, SCRIPTS, name):
            raise Trouble(f"{folder}: {name} is in none of {', '.join(SCRIPTS)}; {hint}")
    machine(program)
    return program, data, _one_of(folder, SCRIPTS, NEEDED_SCRIPTS[0])


def machine(program):
    """Returns the name of the architecture that a program is for.  Raises Trouble."""
    need("readelf", "binutils")
    found = re.search(r"^ *Machine: +(.*?) *$", output(["readelf", "-h", program]), re.M)
    if not found or found[1] not in MACHINES:
        raise Trouble(f"{program}: no program for {', '.join(sorted(MACHINES.values()))}")
    return MACHINES[found[1]]


def runs_on(folder, arch):
    """Says whether guests of an architecture can run what was built in a folder.

    arch: a machine.Arch; it takes a shell to run the suite.  Raises Trouble as check() does.
    """
    return machine(check(folder)[0]) == arch.name and "busybox" in arch.user


def script_places(program):
    """Returns the absolute paths, sorted, where a program may look for its scripts.

    That is compiled in, as a string of its own or with a script's name.
    """
    with open(program, "rb") as file:
        found = re.findall(rb"\0(/[\w./+-]*(?:/scripts|/share/reaim))(?=[/\0])", file.read())
    return sorted({path.decode() for path in found})


def files(folder):
    """Returns {place in the guest: path} of all that the suite takes.  Raises Trouble."""
    program, data, scripts = check(folder)
    found = {f"{HOME}/data/{name}": os.path.join(data, name) for name in os.listdir(data)
             if name == "fakeh.tgz" or name.startswith("workfile.")}
    for place in (f"{HOME}/scripts", *(path.lstrip("/") for path in script_places(program))):
        found.update({f"{place}/{name}": os.path.join(scripts, name) for name in NEEDED_SCRIPTS})
    interpreter, _ = toolimage.needed(program)
    if interpreter:
        triplet = output(["gcc", "-dumpmachine"]).strip()
        found.update(toolimage.closure("/", triplet, [program.lstrip("/")]))
        del found[program.lstrip("/")]
    found[f"{HOME}/reaim"] = program
    return found


def _archive(folder):
    whole = cpio.Archive()
    for place, path in sorted(files(folder).items()):
        with open(path, "rb") as file:
            whole.file(place, file.read())
    for place, text in TEXTS.items():
        whole.file(place, text.encode(), 0o644)
    return whole.bytes()


def key(folder):
    """Returns what identifies all that guests are given, as a string.  Raises Trouble."""
    seen = hashlib.sha256(_archive(folder))
    seen.update((SOURCE / "run").read_bytes())
    return seen.hexdigest()


def rows_of(lines):
    """Returns the rows of the suite's tables on a guest's console, as count.rows_of() does.

    Raises Trouble for a run that was over before the suite's clock ticked.
    """
    rows = []
    head = []
    for line in lines:
        words = line.partition("guest| # aim: ")[2].strip().split(",")
        if words[0] == "Forks":
            head = words
        elif head and len(words) == len(head):
            told = {name: float(word) for name, word in zip(head, words)}
            if not all(map(math.isfinite, told.values())):
                raise Trouble(f"AIM with {words[0]} tasks was over too soon to be timed: more jobs, "
                              "please (AIM_JOBS in measure/aim.toml)")
            rows.append({**{ours: told[theirs] for theirs, ours in COLUMNS.items()},
                         "cpu": sum(told[name] for name in TIMES)})
    return rows


def supplies(folder, arch, tree, build):
    """Returns the count.Supplies for guests of an architecture that run the suite.

    arch: a machine.Arch; tree: a composed tree; build: the build folder.  Raises Trouble.
    """
    if not runs_on(folder, arch):
        raise Trouble(f"{folder}: what was built there does not run on {arch.name}")
    whole = _archive(folder)
    path = os.path.join(build, "user", arch.name, f"aim-{hashlib.sha256(whole).hexdigest()[:12]}.cpio")
    with lock(f"{path}.lock"):
        if not os.path.exists(path):
            write_whole(path, whole)
    programs = {"aim": str(SOURCE / "run"), "timed": workload.build(arch, tree, build, "timed")}
    return count.Supplies(programs, (path,), rows_of)
