#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boots guests under an emulator and says whether each passed.

As a program:

	boot.py --build BUILD --base-version V [--arch A] [--variant V] [--soak] [--verbose] [--list]
	        GUEST…

For other modules: run(), which boots one guest and returns an Outcome.
"""
import argparse
import dataclasses
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dumps
import initramfs
import judge
import kcsan
import ktap
import layout
import machine
from console import Console, ControlLine, live, wide_pipe
from guest import VARIANTS, load, load_all
from qmp import Qmp, QmpError
from toolbox import Trouble, run_tool

# After a panic the trace is still to come, but the guest will not get far.
_LAST_WORDS = 5
_DUMP_SECONDS = 120


@dataclasses.dataclass
class Outcome:
    """How one guest fared.

    status: "passed", "failed" or "skipped".  problems: one line each (the reason, if
    skipped).  log: path of the console log ("" if skipped).  lines: the console.  races: what
    KCSAN reported that is not about the memmap.
    """
    name: str
    status: str
    problems: list
    log: str = ""
    seconds: float = 0.0
    passed: int = 0
    skipped: list = dataclasses.field(default_factory=list)
    checked: int = 0
    lines: list = dataclasses.field(default_factory=list)
    races: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Place:
    """Where things of one kernel are: the build folder, the tree, the kernel's O= folder."""
    build: str
    tree: str
    kernel: str
    variant: str


def place(build, base_version, variant, arch, config):
    """Returns the Place of a kernel that was built under `build`."""
    return Place(build, os.path.join(build, "trees", base_version, variant),
                 str(layout.kernel(build, base_version, variant, arch, config)), variant)


def log_path(build, arch, variant, name):
    """Returns the path of a guest's console log."""
    return os.path.join(build, "logs", "guests", arch, variant, name + ".log")


def act(guest, qmp, request):
    """Does what a guest asks for on its control line.  Raises QmpError.

    A step of it may take so many seconds as the guest's ANSWER_SECONDS says, or a minute.
    """
    if request not in guest.actions:
        raise QmpError(f'guest {guest.name} has no action "{request}"')
    qmp.run(guest.actions[request], int(guest.env.get("ANSWER_SECONDS", 60)))


class _Emulator:
    """One emulator with its three lines; always ended by close()."""

    def __init__(self, guest, arch, where, image, log, echo, goal):
        self._fatal = threading.Event()
        self._words = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._log = log
        ends = {}
        theirs = {}
        ends["console"], theirs["console"] = wide_pipe()
        lines = {"console": f"file,path=/dev/fd/{theirs['console'].fileno()}"}
        for name in ("control", "qmp"):
            ends[name], theirs[name] = socket.socketpair()
            lines[name] = f"socket,fd={theirs[name].fileno()}"
        argv = machine.command(guest, arch, where.kernel, image, lines, dump=goal)
        log.write(f"# {shlex.join(argv)}\n")
        log.flush()
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=self._words, stderr=self._words,
                pass_fds=[end.fileno() for end in theirs.values()])
        finally:
            for end in theirs.values():
                end.close()
        self._guest = guest
        self._goal = goal
        self.console = Console(ends["console"], log, echo, self._watch)
        self.qmp = Qmp(ends["qmp"])
        self._control = ControlLine(ends["control"],
                                    lambda request: act(guest, self.qmp, request))

    def _watch(self, line):
        if "Kernel panic" in line and not self._guest.dump:
            self._fatal.set()

    def wait(self):
        """Waits for the end of the guest; returns a problem in one line, or None."""
        try:
            self.qmp.start()
        except QmpError as error:
            return str(error)
        deadline = time.monotonic() + self._guest.timeout
        panicked = False
        while self._process.poll() is None:
            if self._fatal.is_set() and not panicked:
                panicked = True
                deadline = min(deadline, time.monotonic() + _LAST_WORDS)
            if time.monotonic() > deadline:
                return None if panicked else f"time-out after {self._guest.timeout} s"
            if self._guest.dump == "machine" and self.qmp.seen("STOP"):
                return self._dump()
            time.sleep(0.05)
        self.qmp.finish()
        reasons = [data.get("reason") for data in self.qmp.seen("SHUTDOWN")]
        if reasons != ["guest-shutdown"]:
            return f"no orderly power-off ({', '.join(map(str, reasons)) or 'no reason given'})"
        return None

    def _dump(self):
        """Writes the memory of the machine to a file; returns a problem in one line, or None."""
        try:
            self.qmp.execute("dump-guest-memory",
                             {"paging": False, "protocol": f"file:{self._goal}"}, _DUMP_SECONDS)
            self.qmp.execute("quit")
        except QmpError as error:
            return str(error)
        return None

    def close(self):
        """Ends the emulator if it still runs, and reads what it still said.

        Returns a problem in one line if the emulator itself failed, or None.
        """
        try:
            status = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            status = 0
        self.console.finish()
        self._control.finish()
        self.qmp.finish()
        with self._words:
            self._words.seek(0)
            words = self._words.read().strip()
        if words:
            self._log.write(f"# the emulator said: {words}\n")
        if not status:
            return None
        return f"the emulator failed: {words.splitlines()[-1] if words else f'status {status}'}"


def run(guest, arch, where, verbose=False, programs=None, archives=()):
    """Boots one guest and judges it.

    guest: from guest.load().  arch: from machine.arch_facts().  where: a Place.  verbose:
    show the console live.  programs: more of them than the kselftests, {name: path}, to be named
    in guest.tests.  archives: what else the guest has in its file system, paths of cpio archives.
    Returns an Outcome; raises Trouble where the guest cannot even be tried (its kernel is not
    built, its data are wrong).
    """
    if where.variant not in guest.variants:
        return Outcome(guest.name, "skipped", [f"means nothing for variant {where.variant}"])
    reason = machine.lacking(arch)
    if reason:
        return Outcome(guest.name, "skipped", [reason])
    kernel = os.path.join(where.kernel, arch.image)
    if not os.path.isfile(kernel):
        raise Trouble(f"{kernel}: no kernel there; build config {guest.config} first")
    parser = ktap.load_parser(where.tree)
    faults = judge.read_faults()
    # what is counted elsewhere stays comparable with what was: all of them
    wanted = () if programs else guest.tests
    image = initramfs.make(machine.for_guest(arch, guest), where, programs, archives, wanted)
    path = log_path(where.build, arch.name, where.variant, guest.name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    begin = time.monotonic()
    with open(path, "w", encoding="utf-8") as log:
        goal = dumps.goal(guest, arch, where)
        emulator = _Emulator(guest, arch, where, image, log, live(verbose), goal)
        try:
            ending = emulator.wait()
        finally:
            failure = emulator.close()
        lines, races = emulator.console.lines, []
        judged = lines
        if kcsan.reported(lines):
            judged, races = kcsan.without_others(lines, kcsan.about_memmap(where.kernel))
        verdict = judge.judge(guest, where.variant, judged, parser, faults, arch)
        ending = failure or ending
        problems = ([ending] if ending else []) + verdict.problems
        if guest.dump and not problems:
            problems = dumps.check(guest, arch, where, lines, goal)
        for problem in problems:
            log.write(f"# problem: {problem}\n")
        for race in races:
            log.write(f"# not about the memmap: {race}\n")
    return Outcome(guest.name, "failed" if problems else "passed", problems, path,
                   time.monotonic() - begin, len(verdict.passed), verdict.skipped,
                   verdict.checked, lines, races)


def summary(outcome):
    """Returns an outcome as one line."""
    if outcome.status == "skipped":
        return f"skipped  {outcome.name}: {outcome.problems[0]}"
    text = f"{outcome.status:7}  {outcome.name}  {outcome.seconds:.1f} s, {outcome.passed} cases"
    if outcome.skipped:
        text += f", {len(outcome.skipped)} skipped"
    if outcome.checked:
        text += f", {outcome.checked} pfns checked"
    if outcome.races:
        text += f", {len(outcome.races)} data races of the base's own"
    return text


def _arguments():
    parser = argparse.ArgumentParser(description="Boot guests and judge them.")
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--variant", default="vmemmap", choices=VARIANTS)
    parser.add_argument("--soak", action="store_true", help="their long forms")
    parser.add_argument("--verbose", action="store_true", help="show the console live")
    parser.add_argument("--list", action="store_true", help="only list the guests")
    parser.add_argument("guests", nargs="*", metavar="GUEST", help="default: all")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    arch = machine.arch_facts(options.arch)
    guests = [load(arch.name, name) for name in options.guests] or load_all(arch.name)
    if options.soak:
        short = [one.name for one in guests if not one.soak]
        if options.guests and short:
            raise Trouble(f"guests/{arch.name}/{short[0]}.toml: has no [soak]")
        guests = [one.soak for one in guests if one.soak]
    if not options.guests:
        guests = [one for one in guests if one.test_with and options.variant in one.variants]
    failed = 0
    for guest in guests:
        if options.list:
            print(f"{guest.name:20} {guest.about}")
            continue
        where = place(os.path.abspath(options.build), options.base_version, options.variant,
                      arch.name, guest.config)
        outcome = run(guest, arch, where, options.verbose)
        print(summary(outcome))
        if outcome.status == "failed":
            failed += 1
            for problem in outcome.problems:
                print(f"         {problem}")
            print(f"         log: {outcome.log}")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    run_tool(main)
