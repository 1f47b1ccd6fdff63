# SPDX-License-Identifier: GPL-2.0
"""KCSAN's reports: which of them are about the memmap, and which are the base's own races.

What makes the difference is told in [races] of guests/faults.toml: a report names the two functions
that raced, and counts if one of them is compiled into an object that is listed there.
"""
import glob
import os
import re
import subprocess
import tomllib

from guest import GUESTS
from toolbox import Trouble

_TITLE = re.compile(r"BUG: KCSAN: \S.* in (\S+)(?: / (\S+))?")
# A copy of a function that the compiler has made, and an offset into it
_COPY = re.compile(r"(\.(isra|part|constprop|cold|llvm)(\.\d+)*)+$|\+0x.*$")
# The console's lines come with a stamp, those of dmesg in init's section with marks of it, too
_MARKS = re.compile(r"^(\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?)?(guest\| )?(<\d+>)?"
                    r"(\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?)?")
_RULER = re.compile(r"={20,}$")
# What a report consists of
_PART = re.compile(r"$|={20,}$|race at unknown origin, "
                   r"|(read|write|read-write|assert no \w+)( \([a-z, ]+\))? to 0x"
                   r"| +\S+\+0x|value changed: | bits changed: |  (\||\+->)"
                   r"|Reported by Kernel Concurrency Sanitizer|CPU: |Hardware name: ")


def reported(lines):
    """Says whether KCSAN has reported anything on a console."""
    return any(_TITLE.search(line) for line in lines)


def about_memmap(kernel, directory=GUESTS):
    """Returns a function that says whether the name of one of the kernel's is about the memmap.

    kernel: the O= folder.  Raises Trouble.
    """
    path = os.path.join(directory, "faults.toml")
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)["races"]
        patterns, named = data["objects"], re.compile("|".join(data["functions"]))
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise Trouble(f"guests/faults.toml: races: {error!r}") from None
    objects = [path for pattern in patterns for path in glob.glob(os.path.join(kernel, pattern))]
    if not objects:
        raise Trouble(f"{kernel}: none of the objects of [races] in guests/faults.toml is there")
    told = subprocess.run(["nm", "--defined-only", *objects], capture_output=True, text=True,
                          check=False)
    if told.returncode:
        raise Trouble(f"nm cannot read {objects[0]}: {told.stderr.strip()[:100]}")
    ours = {_COPY.sub("", line.split()[2]) for line in told.stdout.splitlines()
            if len(line.split()) == 3 and line.split()[1] in "tT"}
    return lambda name: _COPY.sub("", name) in ours or bool(named.fullmatch(_COPY.sub("", name)))


def without_others(lines, ours):
    """Takes the reports out of a console that are not about the memmap.

    ours: from about_memmap().  Returns the other lines, and the titles of what was taken out,
    sorted, each once.
    """
    kept, titles, inside = [], set(), False
    for line in lines:
        text = _MARKS.sub("", line)
        title = _TITLE.search(text)
        if title:
            inside = not any(ours(name) for name in title.groups() if name)
            if inside:
                titles.add(title[0].removeprefix("BUG: KCSAN: "))
                # the ruler above it is a message of level "error", too
                if kept and _RULER.match(_MARKS.sub("", kept[-1])):
                    kept.pop()
                continue
        if not inside or not _PART.match(text):
            kept.append(line)
        elif _RULER.match(text):
            inside = False
    return kept, sorted(titles)
