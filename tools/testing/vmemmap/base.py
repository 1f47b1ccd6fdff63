#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Gets the base: Debian's linux-source-6.1, whichever point release is wanted.

base.py --build DIR [--base WHICH]

WHICH is a package version, the path of a tarball, `newest` (asks apt), or nothing: then the
version that was used first stays in use.  The tarball's path is printed; the folder that it
lies in is named by its version.
"""
import argparse
import hashlib
import pathlib
import re
import tempfile

import layout
from toolbox import Trouble, lock, output, run_tool, say, write_whole

PACKAGE = "linux-source-6.1"
INSTALLED = pathlib.Path(f"/usr/src/{PACKAGE}.tar.xz")


def offered():
    """Return the versions that apt offers, newest first; none if apt cannot say."""
    try:
        listing = output(["apt-cache", "madison", PACKAGE])
    except (Trouble, FileNotFoundError):
        return []
    versions = [line.split("|")[1].strip() for line in listing.splitlines() if "|" in line]
    return list(dict.fromkeys(versions))


def download(build, version):
    """Return the tarball of a version, downloaded by apt the first time; no root is needed.

    Raises Trouble if apt does not offer the version or cannot fetch it.
    """
    goal = layout.tarball(build, version)
    if goal.exists():
        return goal
    if version not in offered():
        raise Trouble(f"BASE={version}: apt offers {', '.join(offered()) or 'no version'} of "
                      f"{PACKAGE}; name one of them, or a tarball's path")
    say(f"base {version}: downloading {PACKAGE} (130 MB)")
    goal.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=goal.parent) as folder:
        # apt runs its downloads as another user, who has to be able to write here
        pathlib.Path(folder).chmod(0o777)
        try:
            output(["apt-get", "-q", "download", f"{PACKAGE}={version}"], cwd=folder)
        except Trouble as trouble:
            raise Trouble(f"BASE={version}: {trouble}; look at the network, or give a "
                          "tarball's path") from None
        deb = next(pathlib.Path(folder).glob("*.deb"))
        output(["dpkg-deb", "-x", deb, pathlib.Path(folder) / "x"])
        unpacked = pathlib.Path(folder) / "x" / INSTALLED.relative_to("/")
        unpacked.rename(goal)
    return goal


def from_file(build, path):
    """Return a tarball given by path under a name of its own in the build folder."""
    path = pathlib.Path(path).expanduser().resolve()
    if not path.is_file():
        raise Trouble(f"BASE: there is no tarball {path}")
    with open(path, "rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    return _linked(build, f"local-{digest[:12]}", path)


def _installed(build):
    version = output(["dpkg-query", "-W", "-f", "${Version}", PACKAGE]).strip()
    return _linked(build, version, INSTALLED)


def _linked(build, version, path):
    goal = layout.tarball(build, version)
    if not goal.exists():
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.unlink(missing_ok=True)
        goal.symlink_to(path)
    return goal


def newest(build):
    """Return the newest tarball that apt offers, else the one installed under /usr/src."""
    versions = offered()
    if versions:
        return download(build, versions[0])
    if INSTALLED.exists():
        return _installed(build)
    raise Trouble(f"apt offers no {PACKAGE}: run apt-get update as root, or name a tarball "
                  "by BASE=")


def older(build):
    """Return the tarball of the oldest version that apt offers, or None if there is but one."""
    versions = offered()
    return download(build, versions[-1]) if len(versions) > 1 else None


def get(build, which=""):
    """Return the tarball that WHICH (see the head of this file) stands for.

    Raises Trouble if it cannot be had.
    """
    pin = layout.bases(build) / "pinned"
    with lock(layout.bases(build) / "lock"):
        if which == "newest":
            found = newest(build)
            write_whole(pin, found.parent.name + "\n")
        elif not which:
            pinned = pin.read_text(encoding="ascii").strip() if pin.exists() else ""
            found = layout.tarball(build, pinned) if pinned else None
            if not found or not found.exists():
                found = newest(build)
                write_whole(pin, found.parent.name + "\n")
        elif "/" in which or which.endswith((".xz", ".gz", ".tar")):
            found = from_file(build, which)
        elif re.fullmatch(r"[0-9][A-Za-z0-9.+~-]*", which):
            found = download(build, which)
        else:
            raise Trouble(f"BASE={which} is neither a version of {PACKAGE}, nor a tarball's "
                          "path, nor 'newest'")
    return found


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--base", default="", help="version, tarball or newest")
    options = parser.parse_args()
    print(get(options.build, options.base))


if __name__ == "__main__":
    run_tool(main)
