#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Counts what kernels execute while a guest does some work.

	count.py --build BUILD --base-version V [--arch A] [--runs N] WORK KERNEL...

WORK is a measure/WORK.toml, KERNEL is VARIANT[:CONFIG[:PARAMETERS]], a kernel that has been built;
PARAMETERS are more kernel parameters.  The first kernel is what the others are compared with.

The plugin measure/count.c counts between the marks of the workload.  Clock, random numbers and
addresses are pinned, so that a number hardly differs between two runs; with --runs, each kernel runs
as often, in turns, and the spread is told.  Results stay in BUILD/measure/WORK/ARCH/KERNEL-RUN.json.
"""
import argparse
import dataclasses
import json
import os
import re
import shlex
import tomllib
import typing

import archdata
import boot
import configure
import guest
import layout
import machine
import plugin
import workload

import compose
from toolbox import Trouble, output, run_tool, say, write_whole

SOURCE = layout.BED / "measure"
MARK = 0xd41520000          # workloads/mark.h
KEYS = {"about": str, "program": str, "memory": str, "timeout": int, "env": dict, "count": dict}
# One instruction takes a nanosecond; an idle processor's clock jumps to the next timer.
PINNED = ("-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01", "-seed", "1")
# name of a row: keys of a part
ROWS = {"kernel instructions": ("kernel", "instructions"), "kernel loads": ("kernel", "loads"),
        "kernel stores": ("kernel", "stores"), "kernel repeats": ("kernel", "repeats"),
        "user instructions": ("user", "instructions")}


@dataclasses.dataclass(frozen=True)
class Work:
    """What a guest does, from measure/NAME.toml.

    files: data of the workload that the guest has in /tests.  objects, functions: names of the
    kernel's, for one architecture.
    """
    name: str
    about: str
    program: str
    memory: int
    timeout: int
    env: dict
    files: tuple
    objects: tuple
    functions: tuple


@dataclasses.dataclass(frozen=True)
class Kernel:
    """One kernel to count: its name in tables, where it is, its config, more parameters.

    guest: more fields of the guest.Guest that it is booted in.
    """
    label: str
    where: boot.Place
    config: str
    cmdline: str
    guest: dict = dataclasses.field(default_factory=dict, hash=False)


def load(name, arch, folder=SOURCE):
    """Returns the Work of that name for an architecture.  Raises Trouble that names the key."""
    path = os.path.join(folder, f"{name}.toml")
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except FileNotFoundError:
        known = sorted(file.stem for file in folder.glob("*.toml"))
        raise Trouble(f"there is no work {name}; known: {', '.join(known)}") from None
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{name}.toml: not TOML: {error}") from None
    for key, kind in KEYS.items():
        if not isinstance(data.get(key), kind):
            raise Trouble(f'{name}.toml: "{key}" is missing or no {kind.__name__}')
    for key in data:
        if key not in (*KEYS, "files"):
            raise Trouble(f'{name}.toml: unknown key "{key}"')
    count = data["count"]
    own = count.get(arch, {})
    try:
        memory = guest.size(data["memory"])
    except ValueError as error:
        raise Trouble(f"{name}.toml: {error}") from None
    return Work(name, data["about"], data["program"], memory, data["timeout"], data["env"],
                tuple(data.get("files", ())),
                (*count.get("objects", ()), *own.get("objects", ())),
                (*count.get("functions", ()), *own.get("functions", ())))


def parse(text, build, version, arch):
    """Returns the Kernel that VARIANT[:CONFIG[:PARAMETERS]] stands for.  Raises Trouble."""
    variant, _, rest = text.partition(":")
    config, _, cmdline = rest.partition(":")
    config = config or "default"
    if variant not in compose.VARIANTS:
        raise Trouble(f"{text}: {variant} is none of {', '.join(compose.VARIANTS)}")
    where = boot.place(build, version, variant, arch, config)
    if not os.path.isfile(os.path.join(where.kernel, "vmlinux")):
        raise Trouble(f"{where.kernel}: no kernel there; make kernel ARCH={arch} VARIANT={variant} "
                      f"CONFIG={config}")
    return Kernel(text, where, config, cmdline)


def symbols(vmlinux):
    """Returns {name: (address, bytes)} of what a kernel has under a name.

    A function's address is where all calls of it come by, also those that leave out its first
    instructions, as calls on ppc64 may.  Names of absolute values are left out.
    """
    found = {}
    for line in output(["readelf", "-sW", vmlinux]).splitlines():
        words = line.split()
        if len(words) < 8 or words[3] not in ("FUNC", "OBJECT", "NOTYPE") or words[-2] == "ABS":
            continue
        entry = re.search(r"\[<localentry>: (\d+)\]", line)
        found.setdefault(words[-1], (int(words[1], 16) + (int(entry[1]) if entry else 0),
                                     int(words[2], 0)))
    return found


def arguments(work, facts, known, program, result):
    """Returns the emulator's arguments that load the plugin and pin what is not to vary.

    facts: [count] of the architecture.  known: from symbols().  program, result: paths.
    """
    start, end = facts["user"]
    words = [program, f"out={result}", f"mark={MARK:x}", f"user={start:x}:{end:x}"]
    if facts.get("once"):
        words.append("once=1")
    words += [f"range={name}:{known[name][0]:x}:{known[name][0] + known[name][1] - 1:x}"
              for name in work.objects if known.get(name, (0, 0))[1]]
    words += [f"exec={name}:{known[name][0]:x}" for name in work.functions if name in known]
    return ("-plugin", ",".join(words), *PINNED)


def rows_of(lines):
    """Returns the rows that the multiuser workload printed, from a guest's console."""
    pattern = re.compile(r"guest\| #? ?(\d+) +(\d+\.\d+) +(\d+) +(\d+\.\d+) +(\d+\.\d+) +"
                         r"(\d+\.\d+)$")
    names = ("tasks", "jobs_per_minute", "jti", "real", "cpu", "jobs_per_second_per_task")
    found = (pattern.search(line.rstrip()) for line in lines)
    return [dict(zip(names, map(float, row.groups()))) for row in found if row]


def read(result):
    """Returns what the plugin wrote.  Raises Trouble where its marks did not match."""
    try:
        with open(result, encoding="ascii") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        raise Trouble(f"{result}: no result of the plugin: {error}") from None
    if data["wrong"]:
        raise Trouble(f"{result}: {data['wrong']}")
    if not data["parts"]:
        raise Trouble(f"{result}: the workload has marked nothing")
    return data["parts"]


@dataclasses.dataclass(frozen=True)
class Supplies:
    """What a guest's work takes that is not a program of workloads/.

    programs: {name: path}, in the place of those.  archives: paths of cpio archives.  rows: makes
    the result's rows of the console's lines.
    """
    programs: dict
    archives: tuple = ()
    rows: typing.Callable = rows_of


class Counter:
    """Counts one work on one architecture."""

    def __init__(self, work, arch, build, supplies=None):
        """work: a Work; arch: a machine.Arch; build: the build folder; supplies: a Supplies.

        Raises Trouble.
        """
        machine.need_emulator(arch)
        self.work = work
        self.arch = arch
        self.build = build
        self.supplies = supplies
        self.facts = archdata.load(arch.name).get("count")
        if not self.facts:
            raise Trouble(f"arch/{arch.name}.toml: [count] is missing")
        self.plugin = plugin.build("count", machine.emulator(arch), build)

    def _built(self, kernel):
        """Returns the Supplies of a work that has its program in workloads/."""
        programs = {self.work.program: workload.build(self.arch, kernel.where.tree, self.build,
                                                      self.work.program)}
        programs.update({file: os.path.join(workload.SOURCE, self.work.program, file)
                         for file in self.work.files})
        return Supplies(programs)

    def run(self, kernel, run=1):
        """Boots a kernel once; returns the result, a dict, also written as JSON.  Raises Trouble."""
        name = re.sub(r"\W+", "-", kernel.label)
        folder = os.path.join(self.build, "measure", self.work.name, self.arch.name)
        os.makedirs(folder, exist_ok=True)
        raw = os.path.join(folder, f"{name}-{run}.raw")
        if os.path.exists(raw):
            os.remove(raw)
        supplies = self.supplies or self._built(kernel)
        known = symbols(os.path.join(kernel.where.kernel, "vmlinux"))
        one = guest.Guest(
            name=f"count-{self.work.name}-{name}", arch=self.arch.name, about=self.work.about,
            memory=self.work.memory, config=kernel.config, smp=1,
            **{"cpu": self.facts.get("cpu", ""), **kernel.guest},
            cmdline=f"{self.facts.get('cmdline', '')} {kernel.cmdline}".strip(),
            tests=(self.work.program,), env=self.work.env, check=False,
            variants=compose.VARIANTS,
            expects={"": guest.Expect(may_skip=("kunit",))}, timeout=self.work.timeout)
        slow = dataclasses.replace(self.arch, extra=self.arch.extra + arguments(
            self.work, self.facts, known, self.plugin, raw))
        outcome = boot.run(one, slow, kernel.where, programs=supplies.programs,
                           archives=supplies.archives)
        if outcome.status != "passed":
            raise Trouble(f"{kernel.label}: {outcome.problems[0]} (log: {outcome.log})")
        result = {"work": self.work.name, "about": self.work.about, "arch": self.arch.name,
                  "base": os.path.basename(os.path.dirname(kernel.where.tree)),
                  "kernel": kernel.label, "variant": kernel.where.variant,
                  "config": kernel.config, "rows": supplies.rows(outcome.lines),
                  "left_out": [line.partition("left out: ")[2] for line in outcome.lines
                               if "left out: " in line],
                  "parts": read(raw)}
        os.remove(raw)
        write_whole(os.path.join(folder, f"{name}-{run}.json"), json.dumps(result, indent=1) + "\n")
        return result


def figures(part):
    """Returns {row: number} of a part, in the order of a table."""
    found = {row: part[mode][key] for row, (mode, key) in ROWS.items()}
    found.update({f"loads {name}": number for name, number in part["loads"].items()})
    found.update({f"calls {name}": number for name, number in part["executions"].items()})
    return found


def work(part):
    """Returns {what: number} of what the kernel did in a part, that a memory model changes."""
    kernel = part["kernel"]
    return {"kernel instructions": kernel["instructions"],
            "kernel loads": kernel["loads"], "kernel stores": kernel["stores"]}


def change(base, other):
    """Returns the change in percent as seeds of the series print it, less is better."""
    if base is None or other is None or not base:
        return "-"
    text = f"{(other - base) * 100 / base:.2f}"
    return "0.00" if text == "-0.00" else text


def table(results, part):
    """Returns a table as lines: a column for each result, its change against the first.

    results: from Counter.run().  part: number of the part.
    """
    columns = [figures(next(one for one in result["parts"] if one["part"] == part))
               for result in results]
    names = list(dict.fromkeys(name for column in columns for name in column))
    head = ["", results[0]["kernel"]]
    for result in results[1:]:
        head += [result["kernel"], "% change (-ve good)"]
    rows = [head]
    for name in names:
        row = [name, str(columns[0].get(name, "-"))]
        for column in columns[1:]:
            row += [str(column.get(name, "-")), change(columns[0].get(name), column.get(name))]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  ".join([row[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
            for row in rows]


def spread(results):
    """Returns the largest difference of a number of instructions between runs, in percent.

    results: of one kernel.  Kernel and user mode are looked at, in all parts.
    """
    most = 0.0
    for parts in zip(*(result["parts"] for result in results)):
        for mode in ("kernel", "user"):
            numbers = [part[mode]["instructions"] for part in parts]
            most = max(most, (max(numbers) - min(numbers)) * 100 / max(1, min(numbers)))
    return most


def _config(kernel):
    """Returns the text of a kernel's .config."""
    with open(os.path.join(kernel.where.kernel, ".config"), encoding="utf-8") as file:
        return file.read()


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--runs", type=int, default=1, help="of each kernel")
    parser.add_argument("work", help="a name of measure/NAME.toml")
    parser.add_argument("kernels", nargs="+", metavar="VARIANT[:CONFIG[:PARAMETERS]]")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    if options.runs < 1:
        raise Trouble(f"--runs={options.runs}: once at least")
    build = os.path.abspath(options.build)
    arch = machine.arch_facts(options.arch)
    counter = Counter(load(options.work, arch.name), arch, build)
    kernels = [parse(text, build, options.base_version, arch.name) for text in options.kernels]
    results = {kernel: [] for kernel in kernels}
    for run in range(1, options.runs + 1):
        for kernel in kernels:
            say(f"{kernel.label}: run {run} of {options.runs}")
            results[kernel].append(counter.run(kernel, run))
    firsts = [runs[0] for runs in results.values()]
    for number, part in enumerate(firsts[0]["parts"]):
        rows = firsts[0]["rows"]
        what = f"{rows[number]['tasks']:.0f} tasks" if number < len(rows) else "measured part"
        print(f"\n{options.work}, {what}; {arch.name}, base {options.base_version}")
        print("\n".join(table(firsts, part["part"])))
    for line in firsts[0]["left_out"]:
        print(f"left out: {line}")
    for kernel in kernels[1:]:
        differ = configure.differences(_config(kernels[0]), _config(kernel))
        print(f"{kernels[0].label} and {kernel.label}: configs differ in {len(differ)} options: "
              f"{' '.join(differ)}")
    if options.runs > 1:
        for kernel, runs in results.items():
            print(f"{kernel.label}: {options.runs} runs differ by {spread(runs):.5f} %")
    print("made by: " + shlex.join([
        "count.py", "--build", "build", "--base-version", options.base_version, "--arch",
        arch.name, "--runs", str(options.runs), options.work, *options.kernels]))
    return 0


if __name__ == "__main__":
    run_tool(main)
