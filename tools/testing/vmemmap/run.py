#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boots one kernel and shows how its memmap is laid out, or gives a shell in it.

	run.py --build BUILD --tree TREE --kernel DIR [--arch A] [--variant V] [--guest G]
	       [--shell] [--verbose]

The exit status says whether the check of all pfns passed and the kernel's log was clean.
"""
import argparse
import os
import re
import socket
import subprocess
import sys

import boot
import initramfs
import judge
import machine
from console import ControlLine
from guest import VARIANTS, load
from qmp import Qmp
from toolbox import Trouble, run_tool, say

_CELL = re.compile(r"(node \d+|offline): (.+?):? (\d+(?: \w+)?)")


def tabulate(lines):
    """Turns a report's lines "node 0: what 16 KiB" into a table with a column for each node.

    Returns lines; those of another form come first, as they are.
    """
    plain = []
    columns = []
    rows = {}
    for line in lines:
        found = _CELL.fullmatch(line)
        if not found:
            plain.append(line)
            continue
        who, what, value = found[1], found[2], found[3]
        if who not in columns:
            columns.append(who)
        rows.setdefault(what, {})[who] = value
    if not rows:
        return plain
    table = [["", *columns]]
    table += [[what, *(cells.get(who, "-") for who in columns)] for what, cells in rows.items()]
    widths = [max(len(row[i]) for row in table) for i in range(len(columns) + 1)]
    return plain + [""] + [
        "  ".join([row[0].ljust(widths[0])] +
                  [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
        for row in table]


def show(outcome, where):
    """Prints what the guest reported; returns True if all of it was good."""
    script = judge.take_apart(outcome.lines)
    title = f"Linux {script.hello or '(did not start)'}, variant {where.variant}"
    version = next((line for line in script.kernel if line.startswith("Linux version")), "")
    compiler = re.search(r"\(((?:gcc|clang|[\w-]+-gcc) [^)]*)\)", version)
    print(title + (f", built by {compiler[1]})" if compiler else ""))
    print(f"base {os.path.basename(os.path.dirname(where.tree))}, log {outcome.log}")
    report = script.sections.get("report")
    print()
    if report and not report.status:
        print("\n".join(tabulate(report.lines)))
    else:
        print("This kernel has no report of its memmap.")
    print()
    if outcome.checked:
        print(f"round trip of every valid pfn: {outcome.checked} checked, no errors")
    elif "check" not in script.sections:
        print("round trip of every valid pfn: not checked, the kernel offers no check")
    for problem in outcome.problems:
        print(f"problem: {problem}")
    if outcome.status == "skipped":
        return False
    print("the kernel's log is clean" if not outcome.problems else "FAILED")
    return outcome.status == "passed"


def shell(guest, arch, where):
    """Gives a shell on the guest's console; returns when the guest powered off."""
    machine.need_emulator(arch)
    kernel = os.path.join(where.kernel, arch.image)
    if not os.path.isfile(kernel):
        raise Trouble(f"{kernel}: no kernel there; make kernel builds it")
    image = initramfs.make(machine.for_guest(arch, guest), where)
    ends = {name: socket.socketpair() for name in ("control", "qmp")}
    lines = {"console": "stdio,mux=on,signal=off"}
    lines.update((name, f"socket,fd={pair[1].fileno()}") for name, pair in ends.items())
    argv = machine.command(guest, arch, where.kernel, image, lines, {"MODE": "shell"})
    argv += ["-mon", "chardev=console,mode=readline"]
    say("exit ends the guest; Ctrl-A x ends it at once, Ctrl-A c is QEMU's monitor")
    for name, steps in guest.actions.items():
        del steps
        say(f'in the guest: echo "{name}" >/dev/{arch.control}')
    with subprocess.Popen(argv, pass_fds=[pair[1].fileno() for pair in ends.values()]) as process:
        for pair in ends.values():
            pair[1].close()
        qmp = Qmp(ends["qmp"][0])
        qmp.start()
        control = ControlLine(ends["control"][0], lambda request: boot.act(guest, qmp, request))
        status = process.wait()
    control.finish()
    qmp.finish()
    return status


def _arguments():
    parser = argparse.ArgumentParser(description="Boot a kernel and report on its memmap.")
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--tree", required=True, help="the composed tree")
    parser.add_argument("--kernel", required=True, help="the kernel's O= folder")
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--variant", default="vmemmap", choices=VARIANTS)
    parser.add_argument("--guest", default="run", help="default: run")
    parser.add_argument("--shell", action="store_true", help="a shell instead of the report")
    parser.add_argument("--verbose", action="store_true", help="show the console live")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    arch = machine.arch_facts(options.arch)
    guest = load(arch.name, options.guest)
    where = boot.Place(*(os.path.abspath(path) for path in (
        options.build, options.tree, options.kernel)), options.variant)
    if options.shell:
        return shell(guest, arch, where)
    machine.need_emulator(arch)
    outcome = boot.run(guest, arch, where, options.verbose)
    return 0 if show(outcome, where) else 1


if __name__ == "__main__":
    run_tool(main)
