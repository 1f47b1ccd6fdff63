# SPDX-License-Identifier: GPL-2.0
"""Dumps of guests that panicked on purpose: the tools that read dumps have to find there what the
guest told before (facts.py).  by_TOOL.py has check(case), which returns problems as lines.
"""
import dataclasses
import importlib
import os

import layout  # noqa: F401  (finds toolbox)
from dumps import elf, facts
from toolbox import Trouble

_TOOLS = {"crash": "by_crash", "makedumpfile": "by_makedumpfile", "drgn": "by_drgn"}
# More than all memory: headers
_ROOM = 64 << 20


@dataclasses.dataclass(frozen=True)
class Case:
    """What tools look at: the build folder, the architecture's name, files, the guest's Facts.

    info: what VMCOREINFO of the dump tells, a dict.
    """
    build: str
    arch: str
    vmlinux: str
    dump: str
    facts: facts.Facts
    info: dict = dataclasses.field(default_factory=dict)

    def scratch(self, name):
        """Returns the path of a file that goes with the dump."""
        return f"{self.dump}.{name}"

    def log(self, name):
        """Returns the path of a tool's log."""
        return os.path.join(self.build, "logs", "dumps", os.path.basename(self.dump),
                            f"{name}.log")


def goal(guest, arch, where):
    """Returns the file that gets a guest's dump, "" if it leaves none; the file is there, empty.

    guest: from guest.load().  arch: machine.Arch.  where: a boot.Place.
    """
    if not guest.dump:
        return ""
    folder = os.path.join(where.build, "dumps")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{arch.name}-{where.variant}-{guest.name}")
    with open(path, "wb") as file:
        if guest.dump == "crash-kernel":
            file.truncate(guest.memory + _ROOM)
    return path


def check(guest, arch, where, lines, path):
    """Has a guest's tools read its dump; returns problems, one line each.

    guest, arch, where: as for goal().  lines: the console.  path: the dump, which goes if all is
    well.
    """
    told = facts.parse(lines)
    if not told:
        return ["dump: the guest did not tell all that tools are to find"]
    problems = []
    try:
        if guest.dump == "machine":
            elf.tidy(path, told.vmcoreinfo)
        case = Case(where.build, arch.name, os.path.join(where.kernel, "vmlinux"), path, told,
                    elf.vmcoreinfo(path))
    except Trouble as trouble:
        return [f"dump: {trouble}"]
    if not case.info:
        return ["dump: it has no VMCOREINFO"]
    for tool in guest.tools:
        module = importlib.import_module(f"dumps.{_TOOLS[tool]}")
        try:
            problems += [f"{tool}: {problem}" for problem in module.check(case)]
        except Trouble as trouble:
            problems.append(f"{tool}: {trouble}")
    if not problems:
        for name in os.listdir(os.path.dirname(path)):
            if name.split(".")[0] == os.path.basename(path):
                os.remove(os.path.join(os.path.dirname(path), name))
    return problems
