#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Copies the report of a full `make bench` to Documentation, to be committed.

	publish.py --build BUILD

The page and the figures that it shows are copied, as SVG only; what was there before goes.
"""
import argparse
import os
import pathlib
import re
import shutil

import layout
from toolbox import Trouble, run_tool, say

GOAL = layout.TOP / "Documentation" / "mm" / "sparse-vmemmap-bench"
PAGE = "report.md"
MISSING = re.compile(r"^Not measured: .*$|^.*: no (?:guest was booted|kernel was built).*$", re.M)


def shown(text):
    """Returns the figures that a page shows, in order: paths beside it."""
    return list(dict.fromkeys(re.findall(r"!\[[^]]*\]\((figures/[\w.-]+\.svg)\)", text)))


def publish(source, goal=GOAL):
    """Copies a report; returns [what the page says that it lacks].

    source: the report's folder.  goal: where to; replaced as a whole.  Raises Trouble if there is
    no report, or not all of its figures.
    """
    source, goal = pathlib.Path(source), pathlib.Path(goal)
    try:
        text = (source / PAGE).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Trouble(f"{source / PAGE}: there is no report; make bench writes one") from None
    work = goal.with_name(f"{goal.name}.{os.getpid()}")
    try:
        for name in (PAGE, *shown(text)):
            place = work / name
            place.parent.mkdir(parents=True, exist_ok=True)
            # matplotlib leaves blanks at the ends of lines
            lines = (source / name).read_text(encoding="utf-8").splitlines()
            place.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")
    except FileNotFoundError as error:
        shutil.rmtree(work)
        raise Trouble(f"{error.filename}: {PAGE} shows it, but it is not there; make bench writes "
                      "it again") from None
    shutil.rmtree(goal, ignore_errors=True)
    os.replace(work, goal)
    return MISSING.findall(text)


def main():
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    for line in publish(os.path.join(parser.parse_args().build, "bench")):
        say(f"it lacks something: {line}")
    print(GOAL / PAGE)


if __name__ == "__main__":
    run_tool(main)
