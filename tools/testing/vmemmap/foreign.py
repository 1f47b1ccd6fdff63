# SPDX-License-Identifier: GPL-2.0
"""Gets programs of another architecture out of Debian's packages, without installing them.

apt keeps its lists for that under the build folder: the machine's own configuration stays as it
is, and no privileges are needed.
"""
import os
import shutil
import subprocess

import layout  # noqa: F401  (says where toolbox is)
from toolbox import Trouble, need, output, say


def _apt(folder, debian, *words):
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    # what is installed here means nothing for the other architecture
    with open(os.path.join(folder, "status"), "w", encoding="utf-8"):
        pass
    settings = {"APT::Architecture": debian, "APT::Architectures": debian,
                "APT::Sandbox::User": "", "Acquire::Languages": "none",
                "Dir::State": folder, "Dir::State::status": os.path.join(folder, "status"),
                "Dir::Cache": os.path.join(folder, "cache")}
    command = ["apt-get", "-q"]
    for key, value in settings.items():
        command += ["-o", f"{key}={value}"]
    return subprocess.run([*command, *words], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)


def unpacked(work, packages, debian):
    """Gets packages and unpacks them into work/tree; returns their files' names, sorted.

    work: a folder for this alone, emptied first.  packages: Debian's names.  debian: Debian's name
    of the architecture.  Raises Trouble.
    """
    need("apt-get", "apt")
    need("dpkg-deb", "dpkg")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    _apt(work, debian, "update")
    done = _apt(work, debian, "download", *packages)
    files = sorted(name for name in os.listdir(work) if name.endswith(".deb"))
    if done.returncode or len(files) < len(packages):
        reason = (done.stderr.strip().splitlines() or ["no package came"])[-1]
        what = packages[0] if len(packages) == 1 else f"one of {', '.join(packages)}"
        raise Trouble(f"{what} for {debian} cannot be had: {reason}")
    for file in files:
        output(["dpkg-deb", "-x", os.path.join(work, file), os.path.join(work, "tree")])
    return files


def program(folder, package, debian, path):
    """Returns the local copy of a program, fetched if it is not there yet.

    folder: where to keep it.  package: Debian's name.  debian: Debian's name of the
    architecture.  path: the program's place in the package.  Raises Trouble.
    """
    ours = os.path.join(folder, os.path.basename(path))
    if os.path.exists(ours):
        return ours
    say(f"getting {package} for {debian}")
    work = os.path.join(folder, "apt")
    files = unpacked(work, [package], debian)
    found = os.path.join(work, "tree", path.lstrip("/"))
    if not os.path.exists(found):
        raise Trouble(f"there is no {path} in {files[0]}")
    os.replace(found, ours)
    shutil.rmtree(work)
    return ours
