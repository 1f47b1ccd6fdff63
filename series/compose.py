#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Composes the trees (mainline, classic, vmemmap; flatmem) from one base tarball.

compose.py --build DIR --base TARBALL [--version V] [--variant V]

The path of the tree is printed.  A tree is a git worktree at DIR/trees/VERSION/VARIANT; only
files that differ are written, so that a kernel built from it is rebuilt only where it changed.
"""
import argparse
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import sys

import classic
import importing
import maintainers
import steps
from store import Store
from toolbox import Trouble, lock, run_tool, say, write_whole

# flatmem is classic with a hook that only measurements need
VARIANTS = ("mainline", "classic", "vmemmap", "flatmem")


class Series:
    """Every commit of the series on one base."""

    def __init__(self, store, base, version):
        """store: a prepared Store; base: commit of the untouched base; version: its name."""
        self.store = store
        self.base = base
        self.version = version
        self.steps = []
        self.commits = []
        self.flatmem = None

    def tip(self, variant):
        """Return the commit of a variant, one of VARIANTS."""
        return {"mainline": self.base, "classic": self.commits[0],
                "vmemmap": self.commits[-1], "flatmem": self.flatmem}[variant]


def compose(build, tarball, version, top=steps.TOP):
    """Commit the whole series on the base in tarball and return it as a Series.

    The same input gives the same commit ids.  Raises Trouble for a damaged tarball and for a
    patch that does not apply.
    """
    store = Store(build)
    top = pathlib.Path(top)
    with lock(store.lock_path):
        store.prepare()
        base = importing.import_base(store, tarball, version)
        series = Series(store, base, version)
        first, flatmem = (steps.read_step(top / f"series/{name}.patch", steps.read_author(top))
                          for name in ("classic", "flatmem"))
        series.steps = [first, *steps.read_series(top)]
        memory = store.path / "composed" / _key(series, flatmem, top)
        if memory.exists():
            *series.commits, series.flatmem = memory.read_text(encoding="ascii").split()
            return series
        with store.scratch_index(base) as index:
            parent = base
            for number, step in enumerate(series.steps):
                if not number:
                    classic.take_out(store, index, base)
                parent = _make(store, index, step, top, series, parent)
                series.commits.append(parent)
        with store.scratch_index(series.commits[0]) as index:
            series.flatmem = _make(store, index, flatmem, top, series, series.commits[0])
        for variant in VARIANTS:
            store.git("update-ref", f"refs/heads/{version}/{variant}", series.tip(variant))
        write_whole(memory, "\n".join([*series.commits, series.flatmem]))
    return series


def _make(store, index, step, top, series, parent):
    """Commit a step on parent, whose content index has, and return the commit."""
    _apply(store, index, step, series.version)
    _add_files(store, index, step, top, series.base)
    return _commit(store, index, step, parent)


def _key(series, flatmem, top):
    """Name everything that the commits depend on; a series seen before is not composed again."""
    seen = hashlib.sha256(f"{series.version} {series.base}".encode())
    for module in (classic, maintainers):
        seen.update(pathlib.Path(module.__file__).read_bytes())
    for step in (*series.steps, flatmem):
        seen.update(repr((step.author, step.message(), step.diff, step.adds)).encode())
        for path in step.adds:
            if (top / path).is_file():
                seen.update(b"%o " % (top / path).stat().st_mode)
                seen.update(hashlib.sha256((top / path).read_bytes()).digest())
            else:
                seen.update(b"absent")
    return seen.hexdigest()


def _apply(store, index, step, version):
    if not step.diff:
        return
    try:
        store.git("apply", "--cached", "-C1", "--whitespace=nowarn", "-",
                  index=index, given=step.diff)
    except Trouble as trouble:
        reason = re.sub(r".*error: ", "", str(trouble))
        raise Trouble(f"{step.file.name} does not apply to base {version}: {reason}") from None


def _add_files(store, index, step, top, base):
    for path in step.adds:
        if not (top / path).is_file():
            raise Trouble(f"{step.file.name} adds {path}, which is not in this repository")
        if path == "MAINTAINERS":
            _merge_maintainers(store, index, base, top / path)
        else:
            store.add_file(index, path, top / path)


def _merge_maintainers(store, index, base, ours):
    text = store.read(base, "MAINTAINERS").decode()
    merged = store.path / f"index.maintainers.{os.getpid()}"
    merged.write_text(maintainers.merge(text, ours.read_text(encoding="utf-8")), encoding="utf-8")
    store.add_file(index, "MAINTAINERS", merged)
    merged.unlink()


def _commit(store, index, step, parent):
    tree = store.git("write-tree", index=index).strip()
    name, address = re.fullmatch(r"(.+) <(.+)>", step.author).groups()
    # one second a step, from the base's own time: the same input gives the same commit
    when = int(store.git("show", "-s", "--format=%ct", parent)) + 1
    who = {}
    for role in ("AUTHOR", "COMMITTER"):
        who.update({f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": address,
                    f"GIT_{role}_DATE": f"{when} +0000"})
    return store.git("commit-tree", tree, "-p", parent, given=step.message(), **who).strip()


def check_out(store, path, commit):
    """Make the worktree at path exactly commit, writing only files that differ."""
    path = pathlib.Path(path).resolve()
    with lock(store.lock_path):
        if not _is_worktree(store, path):
            shutil.rmtree(path, ignore_errors=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            store.git("worktree", "prune")
            say(f"checking out {path}")
            store.git("worktree", "add", "-f", "--detach", "--no-checkout", path, commit)
        folder = pathlib.Path(store.git("rev-parse", "--absolute-git-dir", cwd=path).strip())
        # nobody else is at work here (we hold the lock): what a killed run left would block
        for leftover in folder.glob("*.lock"):
            leftover.unlink()
        with contextlib.suppress(Trouble):
            # fails if a file was changed, which is what the reset is for; without it a file
            # whose times alone changed would be written again
            store.git("update-index", "-q", "--refresh", cwd=path)
        store.git("reset", "-q", "--hard", commit, cwd=path)
        store.git("clean", "-qfdx", cwd=path)


def _is_worktree(store, path):
    try:
        folder = store.git("rev-parse", "--absolute-git-dir", cwd=path).strip()
    except Trouble:
        return False
    return folder.startswith(f"{store.path}/worktrees/")


def tree_path(build, version, variant):
    """Return where the tree of a variant on a base stands."""
    return pathlib.Path(build).resolve() / "trees" / version / variant


def tree(build, tarball, version, variant):
    """Compose the series and return the path of one variant's up-to-date tree."""
    series = compose(build, tarball, version)
    path = tree_path(build, version, variant)
    check_out(series.store, path, series.tip(variant))
    return path


def base_arguments(parser):
    """Add the arguments that name the build folder and the base to an ArgumentParser."""
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--base", required=True, help="linux-source tarball")
    parser.add_argument("--version", help="name of the base (default: the tarball's folder)")


def check_base(options):
    """Complete the arguments of base_arguments(); raises Trouble if there is no such tarball."""
    if not pathlib.Path(options.base).is_file():
        raise Trouble(f"BASE: there is no tarball {options.base}")
    options.version = options.version or pathlib.Path(options.base).absolute().parent.name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+~_-]*", options.version):
        raise Trouble(f"'{options.version}' cannot name a base; give a plain --version")
    # a colon or tilde of a Debian version cannot stand in the name of a branch
    options.version = options.version.replace("~", "-")


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    base_arguments(parser)
    parser.add_argument("--variant", default="vmemmap")
    options = parser.parse_args()
    check_base(options)
    if options.variant not in VARIANTS:
        raise Trouble(f"VARIANT={options.variant} is none of {', '.join(VARIANTS)}")
    print(tree(options.build, options.base, options.version, options.variant))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    run_tool(main)
