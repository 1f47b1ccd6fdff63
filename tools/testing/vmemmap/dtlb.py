#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Measures what looking at struct pages costs in the data TLBs of an Itanium 2.

	dtlb.py --build BUILD --base-version V [--memory 2G] [--picks N] [--rounds N] KERNEL...

KERNEL is LABEL:VARIANT:CONFIG[:PARAMETERS], for each of which a kernel of ia64 has been built;
PARAMETERS are more kernel parameters.  Each boots twice: as it is, to hear from its report how the
memmap is mapped, and with the plugin measure/dtlb.c, which has the model of the TLBs, while it does
measure/work.c.  Clock and instructions are counted, not measured, so the numbers repeat.

The tables have a line for each kernel: instructions in kernel mode; executions of miss vectors by
the emulated processor; misses of the model's second level, found by the walker or not, in the memmap
and elsewhere.
"""
import argparse
import dataclasses
import os
import re
import sys

import boot
import guest
import layout
import machine
import nolibc
import plugin
from toolbox import Trouble, output, run_tool, say

SOURCE = layout.BED / "measure"
PHASES = {1: "sequential: two reads of /proc/kpagecount", 3: "random: words of /proc/kpagecount",
          5: "mixed: processes, page faults, files, a pipe"}
VECTORS = ("vhpt_miss", "dtlb_miss", "alt_dtlb_miss", "nested_dtlb_miss", "vmemmap_miss")
PHASE = "sys_sysinfo"
GRANULE_SHIFT = 24
# What the kernel pins by translation registers: itself, and a CPU's data.
PINS = ((0xa000000100000000, 0xa000000103ffffff), (0xfffffffffffc0000, 0xffffffffffffffff))
# Entries of the second level that are left: a third register maps the stack.
TLB = 125
REGION_7 = 0xe000000000000000


@dataclasses.dataclass
class Kernel:
    """One kernel to measure."""
    label: str
    where: boot.Place
    config: str
    cmdline: str
    page_shift: int = 14
    memmap: tuple = ()

    def maps(self):
        """Returns [(name, first address, last address, size as a power of two, how found)]."""
        found = [self.memmap] if self.memmap else []
        return found + [
            ("user", 0x2000000000000000, 0x9fffffffffffffff, self.page_shift, "walked"),
            ("vmalloc", 0xa000000000000000, 0xbfffffffffffffff, self.page_shift, "walked"),
            ("linear", REGION_7, 0xffffffffffffffff, GRANULE_SHIFT, "vector")]


def parse(text, build, version):
    """Returns the Kernel that LABEL:VARIANT:CONFIG[:PARAMETERS] stands for.  Raises Trouble."""
    label, _, rest = text.partition(":")
    variant, _, rest = rest.partition(":")
    config, _, cmdline = rest.partition(":")
    if not config or variant not in guest.VARIANTS:
        raise Trouble(f"{text}: not LABEL:VARIANT:CONFIG[:PARAMETERS]")
    where = boot.place(build, version, variant, "ia64", config)
    if not os.path.isfile(os.path.join(where.kernel, "vmlinux")):
        raise Trouble(f"{where.kernel}: no kernel there; make kernel ARCH=ia64 VARIANT={variant} "
                      f"CONFIG={config}")
    with open(os.path.join(where.kernel, ".config"), encoding="utf-8") as file:
        size = re.search(r"^CONFIG_IA64_PAGE_SIZE_(\d+)KB=y$", file.read(), re.M)
    return Kernel(label, where, config, cmdline, int(size[1]).bit_length() + 9)


def learn(kernel, report):
    """Takes from a report how the memmap is mapped.

    kernel: its memmap is filled in.  report: lines.  Raises Trouble where leaves of several sizes
    map it: the model has one.
    """
    text = "\n".join(report)
    place = re.search(r"^range: 0x([0-9a-f]+)-0x([0-9a-f]+)", text, re.M)
    if not place:
        return
    start, last = int(place[1], 16), int(place[2], 16)
    sizes = {int(size) for size, count in
             re.findall(r"leaves of (\d+) KiB: (\d+)$", text, re.M) if int(count)}
    if len(sizes) != 1:
        raise Trouble(f"{kernel.label}: the report has leaves of {len(sizes)} sizes, one is wanted")
    shift = sizes.pop().bit_length() + 9
    kernel.memmap = ("memmap", start, last, shift, "vector" if start >= REGION_7 else "walked")


def symbols(kernel):
    """Returns {name: address} of the kernel's code."""
    lines = output(["nm", os.path.join(kernel.where.kernel, "vmlinux")]).splitlines()
    return {name: address for address, kind, name in map(str.split, lines) if kind in "tT"}


def arguments(kernel, program, result):
    """Returns the emulator's arguments that load the plugin and fix the clock."""
    known = symbols(kernel)
    words = [program, f"out={result}", f"phase={known[PHASE]}", f"tlb={TLB}"]
    words += [f"exec={name}:{known[name]}" for name in VECTORS if name in known]
    words += [f"pin={start:x}:{end:x}" for start, end in PINS]
    words += [f"map={name}:{start:x}:{end:x}:{shift}:{how}"
              for name, start, end, shift, how in kernel.maps()]
    return ("-plugin", ",".join(words), "-icount", "shift=0", "-rtc",
            "clock=vm,base=2026-01-01")


def read(result):
    """Returns {phase: {"KEY NAME": number}} of what the plugin wrote."""
    found = {}
    with open(result, encoding="ascii") as file:
        for line in file:
            phase, key, name, number = line.split()
            found.setdefault(int(phase), {})[f"{key} {name}"] = int(number)
    return found


def table(results, phase):
    """Returns lines with one kernel each: label and {"KEY NAME": number} of a phase."""
    head = ["", "kernel instr.", *VECTORS[:3], "vmemmap_miss", "memmap acc.", "walked", "vector",
            "other walked", "other vector"]
    rows = [head]
    for label, phases in results:
        one = phases.get(phase, {})
        other = {how: sum(number for key, number in one.items()
                          if key.startswith(how + " ") and not key.endswith(" memmap"))
                 for how in ("walked", "vector")}
        rows.append([label, one.get("instructions kernel", 0),
                     *(one.get(f"exec {name}", "-") for name in (*VECTORS[:3], "vmemmap_miss")),
                     *(one.get(f"{how} memmap", "-") for how in ("access", "walked", "vector")),
                     other["walked"], other["vector"]])
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(head))]
    return ["  ".join([str(row[0]).ljust(widths[0])] +
                      [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])])
            for row in rows]


def measured(kernel, arch, options, program, work):
    """Boots one kernel twice; returns what read() returns.  Raises Trouble."""
    one = guest.Guest(name=f"dtlb-{kernel.label}", arch="ia64", about="", config=kernel.config,
                      memory=guest.size(options.memory), smp=1, cmdline=kernel.cmdline, check=False,
                      expects={"": guest.Expect(may_skip=("kunit",))}, timeout=3600)
    outcome = boot.run(one, arch, kernel.where)
    learn(kernel, [line.partition("guest| ")[2] for line in outcome.lines if "guest| " in line])
    result = os.path.join(options.build, "measure", f"{one.name}.out")
    if os.path.exists(result):
        os.remove(result)
    slow = dataclasses.replace(arch, extra=arch.extra + arguments(kernel, program, result))
    one = dataclasses.replace(one, tests=("work",),
                              env={"PICKS": options.picks, "ROUNDS": options.rounds})
    outcome = boot.run(one, slow, kernel.where, programs={"work": work})
    if not os.path.exists(result) or outcome.status == "failed":
        raise Trouble(f"{kernel.label}: {(outcome.problems or ['no result'])[0]} "
                      f"(log: {outcome.log})")
    return read(result)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--memory", default="2G")
    parser.add_argument("--picks", type=int, default=20000, help="words read at random")
    parser.add_argument("--rounds", type=int, default=20, help="of mixed work")
    parser.add_argument("kernels", nargs="+", metavar="LABEL:VARIANT:CONFIG[:PARAMETERS]")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    options.build = os.path.abspath(options.build)
    arch = machine.arch_facts("ia64")
    machine.need_emulator(arch)
    kernels = [parse(text, options.build, options.base_version) for text in options.kernels]
    program = plugin.build("dtlb", machine.emulator(arch), options.build)
    work = os.path.join(options.build, "measure", "work")
    nolibc.Compiler("ia64", kernels[0].where.tree, options.build).program(str(SOURCE / "work.c"),
                                                                          work)
    results = []
    for kernel in kernels:
        say(f"{kernel.label}: measuring")
        results.append((kernel.label, measured(kernel, arch, options, program, work)))
        memmap = kernel.memmap
        print(f"{kernel.label}: {kernel.where.variant} {kernel.config} {kernel.cmdline}; memmap " +
              (f"by {1 << memmap[3] >> 10} KiB, {memmap[4]}" if memmap else "in the linear map"))
    for phase, name in PHASES.items():
        print(f"\n{name} ({options.memory}, base {options.base_version})")
        print("\n".join(table(results, phase)))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    run_tool(main)
