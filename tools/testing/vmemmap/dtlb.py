#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measures what looking at struct pages costs in the data TLBs of an Itanium 2.

	dtlb.py --build BUILD --base-version V [--memory 1G,2G] [--picks N] [--rounds N] [--rst FILE]
		KERNEL...

KERNEL is LABEL:VARIANT:CONFIG[:PARAMETERS], for each of which a kernel of ia64 has been built;
PARAMETERS are more kernel parameters.  Each boots with each size of memory while the plugin
measure/dtlb.c, which has the model of the TLBs, watches it doing measure/work.c.  Where the memmap
is virtual it boots once before, to hear from its report how the memmap is mapped.  Clock and
instructions are counted, not measured, so the numbers repeat.

The tables have a line for each kernel and size of memory: what maps the memmap; instructions in
kernel mode; misses of the model's second level, found by the walker or not, in the memmap and
elsewhere; executions of miss vectors by the emulated processor.  With --rst they are written to a
file as a part of a document.  What fails is told at the end and left out.  Results are kept in
BUILD/measure/dtlb, and made again when anything has changed that they depend on.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import re
import sys

import boot
import guest
import layout
import machine
import nolibc
import plugin
import ram
import rst

import compose
from toolbox import Trouble, output, run_tool, say, write_whole

SOURCE = layout.BED / "measure"
PHASES = {1: "sequential: two reads of /proc/kpagecount", 3: "random: words of /proc/kpagecount",
          5: "mixed: processes, page faults, files, a pipe"}
VECTORS = ("vhpt_miss", "dtlb_miss", "alt_dtlb_miss", "nested_dtlb_miss", "vmemmap_miss")
PHASE = "sys_sysinfo"
# What the kernel pins by translation registers: itself, and a CPU's data.
PINS = ((0xa000000100000000, 0xa000000103ffffff), (0xfffffffffffc0000, 0xffffffffffffffff))
# Entries of the second level that are left: a third register maps the stack.
TLB = 125
REGION_7 = 0xe000000000000000
AT_ONCE = 2
HEAD = ("kernel", "memory", "memmap by", "kernel instr.", "memmap walked", "memmap vector",
        "other walked", "other vector", *VECTORS[:3], VECTORS[4])


@dataclasses.dataclass(frozen=True)
class Kernel:
    """One kernel to measure, with what its .config says of its translations."""
    label: str
    where: boot.Place
    config: str
    cmdline: str
    page_shift: int = 14
    granule_shift: int = 24
    virtual: bool = True


@dataclasses.dataclass(frozen=True)
class Map:
    """A range of addresses and how it is translated, as the plugin takes it.

    first, last: addresses; shift: of a translation's size; how: "walked" or "vector".
    """
    name: str
    first: int
    last: int
    shift: int
    how: str


def parse(text, build, version):
    """Returns the Kernel that LABEL:VARIANT:CONFIG[:PARAMETERS] stands for.  Raises Trouble."""
    label, _, rest = text.partition(":")
    variant, _, rest = rest.partition(":")
    config, _, cmdline = rest.partition(":")
    if not config or variant not in compose.VARIANTS:
        raise Trouble(f"{text}: not LABEL:VARIANT:CONFIG[:PARAMETERS]")
    where = boot.place(build, version, variant, "ia64", config)
    if not os.path.isfile(os.path.join(where.kernel, "vmlinux")):
        raise Trouble(f"{where.kernel}: no kernel there; make kernel ARCH=ia64 VARIANT={variant} "
                      f"CONFIG={config}")
    with open(os.path.join(where.kernel, ".config"), encoding="utf-8") as file:
        options = file.read()
    page = re.search(r"^CONFIG_IA64_PAGE_SIZE_(\d+)KB=y$", options, re.M)
    granule = re.search(r"^CONFIG_IA64_GRANULE_(\d+)MB=y$", options, re.M)
    return Kernel(label, where, config, cmdline, _shift(int(page[1]) << 10),
                  _shift(int(granule[1]) << 20), "CONFIG_SPARSEMEM_VMEMMAP=y" in options)


def _shift(size):
    return size.bit_length() - 1


def learn(label, report, sections):
    """Takes from a report how the memmap is mapped; returns Maps, none if it is not virtual.

    label: for messages.  report: lines.  sections: the numbers of those that have memory, which
    decide where large leaves are if there are several sizes.  Raises Trouble where that does not
    lead to as many leaves as the report has.
    """
    text = "\n".join(report)
    place = re.search(r"^range: 0x([0-9a-f]+)-0x([0-9a-f]+)", text, re.M)
    if not place:
        return []
    start, last = int(place[1], 16), int(place[2], 16)
    how = "vector" if start >= REGION_7 else "walked"
    leaves = {int(size) << 10: int(count) for size, count in
              re.findall(r"leaves of (\d+) KiB: (\d+)$", text, re.M) if int(count)}
    if len(leaves) == 1:
        return [Map("memmap", start, last, _shift(*leaves), how)]
    sizes = re.search(r"^sizes: struct page (\d+) B, base page (\d+) KiB, section (\d+) MiB",
                      text, re.M)
    if not sizes:
        raise Trouble(f"{label}: the report does not tell sizes")
    described = (int(sizes[3]) << 10) // int(sizes[2]) * int(sizes[1])
    maps = []
    left = set(sections)
    for size in sorted(leaves, reverse=True):
        each = size // described
        found = [number for number in sorted(left) if each and not number % each and
                 left.issuperset(range(number, number + each))]
        if len(found) != leaves[size]:
            raise Trouble(f"{label}: the report has {leaves[size]} leaves of {size >> 10} KiB, "
                          f"{len(found)} were expected")
        for number in found:
            left -= set(range(number, number + each))
            first = start + number * described
            maps.append(Map("memmap", first, first + size - 1, _shift(size), how))
    return maps


def sections_of(memory, pieces, size=1 << 30):
    """Returns the set of numbers of the sections that have memory.

    memory: bytes; pieces: where the machine puts RAM, see ram.py; size: of a section.
    """
    return {number for _, start, length in ram.ranges([memory], pieces)
            for number in range(start // size, -(-(start + length) // size))}


def symbols(kernel):
    """Returns {name: address} of the kernel's code."""
    lines = output(["nm", os.path.join(kernel.where.kernel, "vmlinux")]).splitlines()
    return {name: address for address, kind, name in map(str.split, lines) if kind in "tT"}


def arguments(kernel, memmap, program, result):
    """Returns the emulator's arguments that load the plugin and fix the clock.

    memmap: from learn().  program, result: paths.
    """
    known = symbols(kernel)
    maps = [*memmap,
            Map("user", 0x2000000000000000, 0x9fffffffffffffff, kernel.page_shift, "walked"),
            Map("vmalloc", 0xa000000000000000, 0xbfffffffffffffff, kernel.page_shift, "walked"),
            Map("linear", REGION_7, 0xffffffffffffffff, kernel.granule_shift, "vector")]
    words = [program, f"out={result}", f"phase={known[PHASE]}", f"tlb={TLB}"]
    words += [f"exec={name}:{known[name]}" for name in VECTORS if name in known]
    words += [f"pin={start:x}:{end:x}" for start, end in PINS]
    words += [f"map={one.name}:{one.first:x}:{one.last:x}:{one.shift}:{one.how}" for one in maps]
    return ("-plugin", ",".join(words), "-icount", "shift=0", "-rtc",
            "clock=vm,base=2026-01-01")


def read(result):
    """Returns {phase: {"KEY NAME": number}} of what the plugin wrote, maps of one name added up."""
    found = {}
    with open(result, encoding="ascii") as file:
        for line in file:
            phase, key, name, number = line.split()
            one = found.setdefault(phase, {})
            one[f"{key} {name}"] = one.get(f"{key} {name}", 0) + int(number)
    return found


def row(label, memory, result, phase):
    """Returns a line of a table, as HEAD says; result: from Measurement.result()."""
    one = result["phases"].get(str(phase), {})
    other = {how: sum(number for key, number in one.items()
                      if key.startswith(how + " ") and not key.endswith(" memmap"))
             for how in ("walked", "vector")}
    return [str(cell) for cell in (
        label, memory, result["mapped"], one.get("instructions kernel", 0),
        *(one.get(f"{how} memmap", "-") for how in ("walked", "vector")),
        other["walked"], other["vector"],
        *(one.get(f"exec {name}", "-") for name in (*VECTORS[:3], VECTORS[4])))]


def mapped(memmap, granule_shift):
    """Returns in words what maps the memmap: sizes of its translations."""
    if not memmap:
        return f"{1 << granule_shift >> 20} MiB, linear"
    sizes = sorted({one.shift for one in memmap}, reverse=True)
    return ", ".join(f"{1 << shift >> 20} MiB" if shift >= 20 else f"{1 << shift >> 10} KiB"
                     for shift in sizes)


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One kernel with one size of memory, "2G"."""
    kernel: Kernel
    memory: str
    picks: int
    rounds: int

    def inputs(self):
        """Returns all that the result depends on, for JSON, beside this program."""
        digest = hashlib.sha256()
        for path in (*(SOURCE / name for name in ("dtlb.c", "plugin.h", "work.c")),
                     os.path.join(self.kernel.where.kernel, "vmlinux")):
            with open(path, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return [digest.hexdigest(), self.kernel.cmdline, self.memory, self.picks, self.rounds]

    def result(self, arch, build, program, work):
        """Boots the kernel, or takes what is known; returns {"mapped": …, "phases": read()}.

        Raises Trouble.
        """
        name = "-".join(("dtlb", *re.findall(r"\w+", self.kernel.label),
                         self.kernel.config, self.memory))
        path = os.path.join(build, "measure", "dtlb", f"{name}.json")
        inputs = self.inputs()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                known = json.load(file)
            if known["inputs"] == inputs:
                return known
        say(f"{self.kernel.label}, {self.memory}: measuring")
        known = {"inputs": inputs, **self._measured(name, arch, build, program, work)}
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_whole(path, json.dumps(known, indent=1) + "\n")
        return known

    def _measured(self, name, arch, build, program, work):
        kernel = self.kernel
        memory = guest.size(self.memory)
        one = guest.Guest(name=name, arch="ia64", about="", config=kernel.config, memory=memory,
                          smp=1, cmdline=kernel.cmdline, check=False, variants=compose.VARIANTS,
                          expects={"": guest.Expect(may_skip=("kunit",))}, timeout=3600)
        memmap = []
        if kernel.virtual:
            outcome = boot.run(one, arch, kernel.where)
            memmap = learn(f"{kernel.label}, {self.memory}",
                           [line.partition("guest| ")[2] for line in outcome.lines
                            if "guest| " in line], sections_of(memory, arch.efi["ram"]))
            if not memmap:
                raise Trouble(f"{kernel.label}: no report says how the memmap is mapped (log: "
                              f"{outcome.log})")
        result = os.path.join(build, "measure", f"{name}.out")
        if os.path.exists(result):
            os.remove(result)
        slow = dataclasses.replace(arch, extra=arch.extra +
                                   arguments(kernel, memmap, program, result))
        one = dataclasses.replace(one, tests=("work",),
                                  env={"PICKS": self.picks, "ROUNDS": self.rounds})
        outcome = boot.run(one, slow, kernel.where, programs={"work": work})
        if not os.path.exists(result) or outcome.status == "failed":
            raise Trouble(f"{kernel.label}: {(outcome.problems or ['no result'])[0]} "
                          f"(log: {outcome.log})")
        phases = read(result)
        os.remove(result)
        return {"mapped": mapped(memmap, kernel.granule_shift), "phases": phases}


def tables(measured):
    """Returns [(page size in KiB, name of a phase, rows)]; measured: [(Measurement, result)]."""
    found = []
    for shift in sorted({one.kernel.page_shift for one, _ in measured}):
        for phase, name in PHASES.items():
            found.append((1 << shift >> 10, name,
                          [row(one.kernel.label, one.memory, result, phase)
                           for one, result in measured if one.kernel.page_shift == shift]))
    return found


def document(options, measured):
    """Returns the tables as a part of a document, with the command that makes them again."""
    command = ["tools/testing/vmemmap/dtlb.py", "--build", "build", "--base-version",
               options.base_version, "--memory", ",".join(options.memory),
               "--picks", str(options.picks), "--rounds", str(options.rounds),
               "--rst", "FILE", *options.kernels]
    parts = [rst.made_by(command)]
    for size, name, rows in tables(measured):
        parts.append(f"{size} KiB pages, {name}:")
        parts.append(rst.table(HEAD, rows))
    return "\n\n".join(parts) + "\n"


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--memory", default="2G", help="sizes, with commas between them")
    parser.add_argument("--picks", type=int, default=20000, help="words read at random")
    parser.add_argument("--rounds", type=int, default=20, help="of mixed work")
    parser.add_argument("--rst", default="", metavar="FILE", help="write the tables there, too")
    parser.add_argument("kernels", nargs="+", metavar="LABEL:VARIANT:CONFIG[:PARAMETERS]")
    return parser.parse_args()


def _sizes(text):
    """Returns sizes of memory as a list of strings.  Raises Trouble."""
    try:
        return [one for one in text.split(",") if guest.size(one)]
    except ValueError as error:
        raise Trouble(f"--memory: {error}") from None


def main():
    """The program; returns its exit status."""
    options = _arguments()
    build = os.path.abspath(options.build)
    options.memory = _sizes(options.memory)
    arch = machine.arch_facts("ia64")
    machine.need_emulator(arch)
    kernels = [parse(text, build, options.base_version) for text in options.kernels]
    program = plugin.build("dtlb", machine.emulator(arch), build)
    work = os.path.join(build, "measure", "work")
    nolibc.Compiler("ia64", kernels[0].where.tree, build).program(str(SOURCE / "work.c"), work)
    wanted = [Measurement(kernel, memory, options.picks, options.rounds)
              for memory in options.memory for kernel in kernels]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = {one: pool.submit(one.result, arch, build, program, work) for one in wanted}
    measured, failures = [], []
    for one, future in waiting.items():
        try:
            measured.append((one, future.result()))
        except Trouble as trouble:
            failures.append(f"{one.memory}: {trouble}")
    for size, name, rows in tables(measured):
        print(f"\n{size} KiB pages, {name} (base {options.base_version})")
        print(rst.table(HEAD, rows))
        sys.stdout.flush()
    if options.rst:
        write_whole(options.rst, document(options, measured))
    for failure in failures:
        print(f"not measured: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    run_tool(main)
