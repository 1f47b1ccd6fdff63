# SPDX-License-Identifier: GPL-2.0
"""Makes the guests' user space: busybox, the init script, the kselftests, one cpio archive.

The kselftests are built by their own Makefile and the tree's lib.mk, out of a folder of
links: the composed tree of another variant has lib.mk, but not our tests.  Where there is no
busybox, init/init.c replaces it and the script; where there is no C library either, see nolibc.py.
"""
import hashlib
import os
import shlex
import shutil
import subprocess

import archdata
import cpio
import foreign
import layout
import nolibc
from toolbox import Trouble, lock, need, write_whole

SELFTESTS = layout.TOP / "tools" / "testing" / "selftests"
_OURS = ("vmemmap", "vcompound")
# what is for machines without a C library, too
_ANYWHERE = ("vmemmap",)
_FROM_TREE = ("lib.mk", "kselftest.h", "kselftest_harness.h")


def _read(path, hint):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}; {hint}") from None


def _link(target, path):
    if os.path.islink(path) and os.readlink(path) == target:
        return
    if os.path.lexists(path):
        os.remove(path)
    os.symlink(target, path)


def _sources(tests):
    return sorted(name for name in os.listdir(SELFTESTS / tests)
                  if name == "Makefile" or name.endswith((".c", ".h")))


def _stage(folder, tree, tests):
    """Lays out a folder of tools/testing/selftests by links; returns the one to make in."""
    top = os.path.join(folder, "tools", "testing", "selftests")
    ours = os.path.join(top, tests)
    os.makedirs(ours, exist_ok=True)
    for name in _FROM_TREE:
        _link(os.path.join(tree, "tools", "testing", "selftests", name), os.path.join(top, name))
    wanted = _sources(tests)
    for name in os.listdir(ours):
        if name not in wanted:
            os.remove(os.path.join(ours, name))
    for name in wanted:
        _link(os.path.join(SELFTESTS, tests, name), os.path.join(ours, name))
    return ours


def _fingerprint(arch, tree):
    """A digest of all that the kselftests are made from."""
    digest = hashlib.sha256(repr(sorted(arch.user.items())).encode())
    for folder, names in (*((SELFTESTS / tests, _sources(tests)) for tests in _OURS),
                          (os.path.join(tree, "tools", "testing", "selftests"), _FROM_TREE)):
        for name in names:
            digest.update(name.encode() + _read(os.path.join(folder, name), "is the tree whole?"))
    if _without_libc(arch):
        for path in nolibc.sources():
            digest.update(path.encode() + _read(path, "the repository is not whole"))
    return digest.hexdigest()


def _folder(arch, build):
    """Returns where the parts of a user space are kept."""
    return os.path.join(build, "user", "-".join([arch.name, *filter(None, [arch.user.get("name")])]))


def _without_libc(arch):
    """Says whether the architecture's programs have no C library to link with."""
    return arch.user.get("libc") == "nolibc"


def _settings(arch, tree, build):
    """Returns the variables for make that say how programs of an architecture are compiled."""
    if _without_libc(arch):
        compiler = nolibc.Compiler(arch.name, tree, build)
        return [f"CC={shlex.join(compiler.words())}", f"LDLIBS={compiler.library} -lgcc",
                "USERLDFLAGS=-s"]
    compiler = arch.user.get("cc", "gcc")
    need(compiler, arch.user.get("package", compiler))
    return [f"CC={compiler}", f"USERCFLAGS={arch.user.get('cflags', '')}",
            "USERLDFLAGS=-static -s"]


def build_tests(arch, tree, build):
    """Builds the kselftests for an architecture, unless they are up to date.

    Returns the folder with the programs.  Raises Trouble, with the compiler's messages
    in build/logs/selftests-<arch>.log.
    """
    out = os.path.join(_folder(arch, build), "selftests")
    stamp = os.path.join(out, ".made-from")
    mark = _fingerprint(arch, tree)
    if os.path.exists(stamp) and _read(stamp, "").decode() == mark:
        return out
    settings = _settings(arch, tree, build)
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    log = os.path.join(build, "logs", f"selftests-{os.path.basename(_folder(arch, build))}.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    # A make above this one must not hand its variables and job server down.
    env = {key: value for key, value in os.environ.items()
           if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "O")}
    with open(log, "w", encoding="utf-8") as file:
        for tests in _ANYWHERE if _without_libc(arch) else _OURS:
            stage = _stage(os.path.join(_folder(arch, build), "stage"), tree, tests)
            command = ["make", "-s", "-j2", "-C", stage, f"OUTPUT={out}", *settings,
                       *(os.path.join(out, name) for name in arch.user.get("tests", ()))]
            if subprocess.run(command, stdout=file, stderr=file, env=env, check=False).returncode:
                raise Trouble(f"the kselftests do not build, see {log}")
    write_whole(stamp, mark)
    return out


def _busybox(arch, build):
    """Returns the path of a busybox for guests: this machine's, or one of another architecture."""
    path = arch.user["busybox"]
    debian = arch.user.get("debian")
    if not debian:
        return path
    return foreign.program(_folder(arch, build), "busybox-static", debian, path)


def _init(arch, where):
    """Returns the program that is init where there is no shell to run the script."""
    goal = os.path.join(_folder(arch, where.build), "init")
    source = str(layout.BED / "init" / "init.c")
    if _without_libc(arch):
        nolibc.Compiler(arch.name, where.tree, where.build).program(source, goal)
        return _read(goal, "make clean")
    command = [arch.user["cc"], *shlex.split(arch.user["cflags"]), "-static", "-s", source,
               "-o", goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "error" in line] or ["no message"]
        raise Trouble(f"{source} does not compile: {told[0]}")
    return _read(goal, "make clean")


def _archive(arch, where, tests, programs, wanted):
    archive = cpio.Archive()
    for folder in ("proc", "sys", "tmp", "tests", "bin", "sbin", "lib", "usr/bin", "usr/sbin"):
        archive.folder(folder)
    archive.node("dev/console", 5, 1)
    archive.node("dev/kmsg", 1, 11)
    archive.node("dev/null", 1, 3, 0o666)
    if "busybox" not in arch.user:
        archive.file("init", _init(arch, where))
    else:
        archive.file("bin/busybox", _read(_busybox(arch, where.build), "install busybox-static"))
        archive.link("bin/sh", "busybox")
        archive.file("init", _read(layout.BED / "init" / "init", "the repository is not whole"))
    for name in sorted(os.listdir(tests)):
        path = os.path.join(tests, name)
        if wanted and name not in wanted:
            continue
        if os.access(path, os.X_OK) and os.path.isfile(path):
            archive.file(f"tests/{name}", _read(path, "make clean"))
    for name, path in programs.items():
        archive.file(f"tests/{name}", _read(path, "it has to be built first"))
    for name in ("vmemmap-report", *archdata.load(arch.name)["kernel"].get("modules", ())):
        module = os.path.join(where.kernel, name, f"{name}.ko")
        if os.path.exists(module):
            archive.file(f"lib/{name}.ko", _read(module, "build it again"), 0o644)
    return archive.bytes()


def make(arch, where, programs=None, archives=(), wanted=()):
    """Makes the initramfs for one kernel, or leaves it alone if nothing changed.

    arch: from machine.arch_facts().  where: a boot.Place.  programs: {name: path}, to be run like
    tests.  archives: paths of more archives, which the kernel unpacks on top.  wanted: the
    kselftests to have, () for all: a small guest has no room for all of them.  Returns the
    archive's path.  Raises Trouble.
    """
    programs = programs or {}
    folder = _folder(arch, where.build)
    os.makedirs(folder, exist_ok=True)
    # Two guests may be started at once, and two `make` by one person.
    with lock(os.path.join(folder, ".lock")):
        tests = build_tests(arch, where.tree, where.build)
        config = os.path.basename(where.kernel)
        parts = [where.variant, config, *programs, *wanted,
                 *(os.path.basename(one).removesuffix(".cpio") for one in archives)]
        path = os.path.join(folder, "-".join(parts) + ".cpio")
        data = b"".join([_archive(arch, where, tests, programs, wanted),
                         *(_read(one, "it has to be made first") for one in archives)])
        if not os.path.exists(path) or _read(path, "") != data:
            write_whole(path, data)
        return path
