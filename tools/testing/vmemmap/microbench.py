#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measures what conversions cost on this machine's processor, for several memory models in turns.

	microbench.py --build BUILD --base-version V [--memory GIB,...] [--backing 2M,4K]
		[--rounds N] [--time MICROSECONDS] KERNEL...

KERNEL is VARIANT[:CONFIG], a kernel of x86_64 that has been built; the first is what the others are
compared with.  measure/microbench has loops with one conversion each.  They are compiled as each of
the kernels is, from its tree's headers with its flags, and linked into one program, which lays out
a memmap for so much memory.  All models use the same one: only their conversions differ.

The table has nanoseconds per pfn, the median of all rounds; and how many times what the first model
took it is: median (smallest..largest) of the ratios within a round.
"""
import argparse
import os
import pathlib
import platform
import re
import shlex
import statistics
import subprocess

import archdata
import count
import kernel as kernels
import layout
import testmodule
from toolbox import Trouble, need, output, run_tool, say

SOURCE = layout.BED / "measure"
NAME = "microbench"
OBJECTS = ("walk.o", "place.o")
# place.c has this one's variables
ARCH = "x86_64"
MODEL = "microbench_model"              # what walk.c gives its functions by
BACKINGS = ("2M", "4K")
PAGES_PER_GIB = 1 << 18
MOST = 64                               # GiB
LINK = ("-O2", "-Wall", "-static", "-no-pie", "-Wl,-z,noexecstack")


def lacking():
    """Returns why this machine cannot measure, in one line; "" if it can."""
    native = archdata.load(ARCH)["kernel"]["native"]
    machine = platform.machine()
    return "" if machine == native else f"only {native}'s are measured, this is {machine}"


def processor(text):
    """Returns the name of the processor that a text of /proc/cpuinfo tells."""
    found = re.search(r"^model name\s*: (.*)$", text, re.M)
    return found[1].strip() if found else "a processor without a name"


def this_processor():
    """Returns the name of this machine's processor."""
    return processor(pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))


def code_flags(text):
    """Returns the options that say what code to make, of the first command that make has kept.

    text: of an object's .cmd file.
    """
    words = text.splitlines()[0].split()
    return " ".join(word for word in words
                    if re.match(r"-(m|f|O|std=)", word) and "prefix-map" not in word)


def key():
    """Returns a digest of all that the program has beside the kernels' conversions."""
    return testmodule.key([NAME], SOURCE)


def renamed_tables(path):
    """Returns objcopy's options: names for which the linker tells where a table begins and ends.

    path: object file.  Raises Trouble.
    """
    return [f"--rename-section=.init.{name}={name}"
            for name in sorted(set(re.findall(r" \.init\.(runtime_const_\w+)",
                                              output(["objdump", "-h", path]))))]


def listed(models):
    """Returns the C text that lists so many models for the program."""
    names = [f"model_{number}" for number in range(models)]
    places = ", ".join(f"&{name}" for name in names)
    return (f'#include "microbench.h"\nextern const struct model {", ".join(names)};\n'
            f"const struct model *const models[] = {{ {places} }};\n"
            f"const unsigned long model_count = {models};\n")


def build(models, build_dir, name):
    """Builds the program; returns (its path, [the code's flags for each model]).

    models: count.Kernels that are built.  name: of the program's folder.  Raises Trouble.
    """
    if reason := lacking():
        raise Trouble(reason)
    need("gcc", "gcc")
    folder = pathlib.Path(build_dir) / "measure" / NAME / name
    folder.mkdir(parents=True, exist_ok=True)
    linked, flags = [], []
    for number, one in enumerate(models):
        where = one.where
        made = testmodule.compiled(kernels.Kernel(where.build, where.tree, where.variant, ARCH,
                                                  one.config), NAME, *OBJECTS, recipes=SOURCE)
        goal = folder / f"model-{number}.o"
        output(["ld", "-r", "-o", goal, *(made / part for part in OBJECTS)])
        # their variables have the same names: each keeps its own to itself
        output(["objcopy", f"--redefine-sym={MODEL}=model_{number}",
                f"--keep-global-symbol=model_{number}", *renamed_tables(goal), goal])
        linked.append(goal)
        flags.append(code_flags((made / f".{OBJECTS[0]}.cmd").read_text(encoding="utf-8")))
    goal = folder / NAME
    temporary = folder / f".{NAME}.{os.getpid()}"
    done = subprocess.run(["gcc", *LINK, "-I", SOURCE / NAME, SOURCE / NAME / "main.c", *linked,
                           "-x", "c", "-", "-o", temporary], input=listed(len(models)),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        absent = sorted(set(re.findall(r"undefined reference to `(\w+)'", done.stderr)))
        told = ("take kernels of config bench or bench-no-numa; conversions of these need what only a "
                f"running kernel has: {' '.join(absent)}" if absent
                else (done.stderr.splitlines() or ["no message"])[0])
        raise Trouble(f"{NAME} does not link: {told}")
    os.replace(temporary, goal)
    return str(goal), flags


def parse(text, models):
    """Returns {pattern: {operation: [[nanoseconds of each round] of each model]}}.

    text: what the program printed.  models: how many.  Raises Trouble where lines are missing.
    """
    lines = text.splitlines()
    if not lines or lines[-1] != "done":
        raise Trouble(f"{NAME} did not come to its end")
    found = {}
    for line in lines[:-1]:
        pattern, operation, number, *times = line.split()
        rows = found.setdefault(pattern, {}).setdefault(operation, [])
        if int(number) != len(rows):
            raise Trouble(f"{NAME}: {operation}, {pattern}: a line of model {len(rows)} is missing")
        rows.append([float(time) for time in times])
    for pattern, operations in found.items():
        for operation, rows in operations.items():
            if len(rows) != models or not rows[0] or len({len(row) for row in rows}) != 1:
                raise Trouble(f"{NAME}: {operation}, {pattern}: not as many times for each model")
    return found


def measure(program, models, gib, backing, rounds, time):
    """Runs the program on one processor; returns what parse() returns.  Raises Trouble.

    models: how many it has.  gib: GiB of simulated memory, a power of two.  backing: "2M" or "4K".
    time: microseconds of a turn.
    """
    done = subprocess.run(["taskset", "-c", str(max(os.sched_getaffinity(0))), program,
                           str(gib * PAGES_PER_GIB), backing, str(rounds), str(time)],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise Trouble(f"{gib} GiB, {backing}: {told[-1] if told else f'{NAME} failed'}")
    return parse(done.stdout, models)


def median(times):
    """Returns the median of the rounds of one model, in nanoseconds."""
    return statistics.median(times)


def ratio(first, other):
    """Returns (median, smallest, largest) of what other took against first, round by round."""
    found = [two / one for one, two in zip(first, other)]
    return statistics.median(found), min(found), max(found)


def spread(first, other):
    """Returns a ratio with its spread as text."""
    middle, least, most = ratio(first, other)
    return f"{middle:.3f} ({least:.3f}..{most:.3f})"


def table(labels, operations):
    """Returns a table as lines, a row for each operation.

    labels: of the models.  operations: {operation: [[nanoseconds] of each model]}.
    """
    head = ["ns per pfn", labels[0]]
    for label in labels[1:]:
        head += [label, "times the first"]
    rows = [head]
    for name, times in operations.items():
        row = [name, f"{median(times[0]):.2f}"]
        for one in times[1:]:
            row += [f"{median(one):.2f}", spread(times[0], one)]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  ".join([row[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])])
            for row in rows]


def _sizes(text):
    sizes = [int(word) if word.isdigit() else 0 for word in text.split(",")]
    for size in sizes:
        if not 0 < size <= MOST or size & (size - 1):
            raise Trouble(f"--memory={text}: numbers of GiB with commas between, powers of two "
                          f"up to {MOST}")
    return sizes


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--memory", default="1,4,16,64", help="GiB of simulated memory")
    parser.add_argument("--backing", default="2M,4K", help="pages that map the memmap")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--time", type=int, default=4000, help="microseconds of a turn")
    parser.add_argument("kernels", nargs="+", metavar="VARIANT[:CONFIG]")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    sizes = _sizes(options.memory)
    backings = options.backing.split(",")
    if options.rounds < 1 or options.time < 1 or set(backings) - set(BACKINGS):
        raise Trouble(f"--rounds and --time are above 0, --backing is of {','.join(BACKINGS)}")
    build_dir = os.path.abspath(options.build)
    models = [count.parse(text, build_dir, options.base_version, ARCH) for text in options.kernels]
    say("compiling the conversions of each kernel")
    program, flags = build(models, build_dir, "alone")
    print(f"{this_processor()}, base {options.base_version}, {options.rounds} rounds")
    for label, text in zip(options.kernels, flags):
        if text != flags[0] or label == options.kernels[0]:
            print(f"{label} is compiled with: {text}")
    for gib in sizes:
        for backing in backings:
            found = measure(program, len(models), gib, backing, options.rounds, options.time)
            for pattern, operations in found.items():
                print(f"\n{gib} GiB, memmap in {backing} pages, {pattern} pfns")
                print("\n".join(table(options.kernels, operations)), flush=True)
    print("made by: " + shlex.join([
        "microbench.py", "--build", "build", "--base-version", options.base_version, "--memory",
        options.memory, "--backing", options.backing, "--rounds", str(options.rounds), "--time",
        str(options.time), *options.kernels]))
    return 0


if __name__ == "__main__":
    run_tool(main)
