#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Builds this series' documents, with the kernel's own Sphinx settings and extensions.

docs.py --build DIR --tree TREE

Only the folders that this repository has documents in are built, which takes seconds.  A
warning about one of ours is an error.  The page to open is printed.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess

import layout
from toolbox import Trouble, need, run_tool, write_whole

DOCUMENTS = "Documentation"


def documents():
    """Return this repository's documents, relative to Documentation/, in order."""
    folder = layout.TOP / DOCUMENTS
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.rst"))


def build(build_folder, tree):
    """Build the documents and return the page of the first of them.

    Raises Trouble with Sphinx's first complaint about one of them.
    """
    need("sphinx-build", "python3-sphinx")
    tree = pathlib.Path(tree).resolve()
    place = pathlib.Path(build_folder).resolve() / "docs"
    source, html = place / "source", place / "html"
    shutil.rmtree(source, ignore_errors=True)
    names = documents()
    if not names:
        raise Trouble("there is no document in Documentation yet")
    # whole folders, so that references to their neighbours can be followed
    folders = sorted({name.split("/")[0] for name in names})
    for folder in folders:
        shutil.copytree(tree / DOCUMENTS / folder, source / folder)
    entries = "".join(f"   {folder}/index\n" for folder in folders)
    write_whole(source / "index.rst", "Documents\n=========\n\n.. toctree::\n\n" + entries)
    log = layout.log(build_folder, "docs")
    environment = dict(os.environ, srctree=str(tree), LC_ALL="C.UTF-8",
                       KERNELVERSION=_version(tree), KERNELRELEASE=_version(tree),
                       BUILDDIR=str(html), PYTHONDONTWRITEBYTECODE="1")
    with open(log, "w", encoding="utf-8") as handle:
        status = subprocess.call(
            ["sphinx-build", "-q", "-b", "html", "-c", str(tree / DOCUMENTS),
             "-d", str(place / "doctrees"), "-D", "html_theme=alabaster",
             "-D", f"kerneldoc_srctree={tree}",
             "-D", f"kerneldoc_bin={tree / 'scripts/kernel-doc'}",
             str(source), str(html)],
            env=environment, stdin=subprocess.DEVNULL, stdout=handle, stderr=subprocess.STDOUT)
    text = log.read_text(encoding="utf-8")
    complaints = _complaints(text, source, tree, names)
    if complaints or status:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        words = complaints or text.strip().splitlines()[-1:] or ["sphinx-build failed"]
        raise Trouble(f"{words[0]}{more} (log: {log})")
    return html / names[0].replace(".rst", ".html")


def _version(tree):
    text = (tree / "Makefile").read_text(encoding="utf-8")
    return ".".join(re.findall(r"^(?:VERSION|PATCHLEVEL|SUBLEVEL) = (\d+)", text, re.M))


def _complaints(text, source, tree, names):
    """Keep what Sphinx and kernel-doc say of our documents and of the comments they show."""
    ours = [f"{DOCUMENTS}/{name}" for name in names]
    ours += [str(file.relative_to(layout.TOP)) for folder in ("mm", "include", "arch")
             for file in (layout.TOP / folder).rglob("*.[ch]")]
    found = []
    for line in text.splitlines():
        line = line.replace(f"{source}/", f"{DOCUMENTS}/").replace(f"{tree}/", "")
        if re.search(r"WARNING|ERROR|SEVERE|warning:|error:", line) and \
                any(name in line for name in ours):
            found.append(line)
    return found


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--tree", required=True, help="composed tree of variant vmemmap")
    options = parser.parse_args()
    print(build(options.build, options.tree))


if __name__ == "__main__":
    run_tool(main)
