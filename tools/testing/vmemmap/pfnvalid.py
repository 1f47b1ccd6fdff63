#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Counts on ia64 what pfn_valid() costs by the section, by the bitmap, and by a look at the struct page.

	pfnvalid.py --build BUILD --base-version V [--rst FILE] KERNEL...

KERNEL is VARIANT[:CONFIG[:PARAMETERS]], a kernel that has been built.  In a guest that has a hole in
a section and lacks a section, the module modules/pfnvalid answers pfn_valid() in each way; count.py's
plugin counts the kernel's bundles, loads, page faults and TLB misses.  A number is per call, without
what a call costs that finds out nothing.
"""
import argparse
import dataclasses
import os
import re
import subprocess

import archdata
import boot
import count
import guest
import kernel
import machine
import plugin
import rst
import testmodule
import workload

import compose
from toolbox import Trouble, need, run_tool, say, write_whole

CALLS = 1000
STRIDE = 3
PLACES = ("memory", "a hole in a section", "an absent section")
WAYS = ("none", "section", "bitmap", "struct page")
# Where they are: the last has to be beyond the memory, the second in what is hidden.
STARTS = (512 << 20, 1280 << 20, 5 << 30)
HIDDEN = ((1280 << 20, 256 << 20),)
MEMORY = 2 << 30
FAULTS = ("page_fault", "vhpt_miss", "vmemmap_miss")
HEAD = ("kernel", "pfn is in", "asked is", "bundles a call", "loads a call",
        *(f"{name} a call" for name in FAULTS))


def module(one, build, arch):
    """Builds the module for a count.Kernel; returns its path.  Raises Trouble."""
    made = kernel.Kernel(build, one.where.tree, one.where.variant, arch, one.config)
    folder = testmodule.lay_out("pfnvalid", made.out)
    need("make", "make")
    done = subprocess.run(made.command(f"M={folder}", "modules"), env=made.environment(),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if "error" in line]
        raise Trouble(f"the module pfnvalid does not compile: {(told or ['no message'])[0]}")
    return os.path.join(folder, "pfnvalid.ko")


def page_size(one):
    """Returns the bytes of a base page of a count.Kernel."""
    with open(os.path.join(one.where.kernel, ".config"), encoding="utf-8") as file:
        return int(re.search(r"^CONFIG_IA64_PAGE_SIZE_(\d+)KB=y$", file.read(), re.M)[1]) << 10


def asked(one, arch, build, program):
    """Boots a kernel and lets it answer; returns the parts, see count.read().  Raises Trouble."""
    name = "pfnvalid-" + re.sub(r"\W+", "-", one.label)
    result = os.path.join(build, "measure", f"{name}.raw")
    if os.path.exists(result):
        os.remove(result)
    work = count.Work("pfnvalid", "", "pfnvalid", MEMORY, 600, {}, (), (), FAULTS)
    known = count.symbols(os.path.join(one.where.kernel, "vmlinux"))
    slow = dataclasses.replace(arch, extra=arch.extra + count.arguments(
        work, archdata.load(arch.name)["count"], known, program, result))
    size = page_size(one)
    settings = {"PFNS": ",".join(str(start // size) for start in STARTS), "COUNT": CALLS,
                "STRIDE": STRIDE}
    guest_ = guest.Guest(name=name, arch=arch.name, about="", config=one.config, memory=MEMORY,
                         smp=1, hidden=HIDDEN, cmdline=one.cmdline, check=False,
                         tests=("pfnvalid",), env=settings, variants=compose.VARIANTS,
                         expects={"": guest.Expect(may_skip=("kunit",))}, timeout=600)
    programs = {"pfnvalid": workload.build(arch, one.where.tree, build, "pfnvalid"),
                "pfnvalid.ko": module(one, build, arch.name)}
    outcome = boot.run(guest_, slow, one.where, programs=programs)
    if outcome.status != "passed":
        raise Trouble(f"{one.label}: {outcome.problems[0]} (log: {outcome.log})")
    return count.read(result)


def costs(parts):
    """Returns {(place, way): [bundles, loads, each of FAULTS]} for a call of each way but none.

    parts: those of the plugin; part len(WAYS) * place + way has CALLS calls.
    """
    numbers = {part["part"]: [part["kernel"]["instructions"], part["kernel"]["loads"],
                              *(part["executions"].get(name, 0) for name in FAULTS)]
               for part in parts}
    return {(place, way): [(a - b) / CALLS for a, b in
                           zip(numbers[len(WAYS) * place + way], numbers[len(WAYS) * place])]
            for place in range(len(PLACES)) for way in range(1, len(WAYS))}


def rows(label, cost):
    """Returns the lines of a kernel, as HEAD says."""
    return [[label, PLACES[place], WAYS[way], *(f"{number:.1f}" for number in numbers)]
            for (place, way), numbers in cost.items()]


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--rst", default="", metavar="FILE", help="write the tables there, too")
    parser.add_argument("kernels", nargs="+", metavar="VARIANT[:CONFIG[:PARAMETERS]]")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    build = os.path.abspath(options.build)
    arch = machine.arch_facts("ia64")
    program = plugin.build("count", machine.emulator(arch), build)
    answers = []
    for text in options.kernels:
        one = count.parse(text, build, options.base_version, arch.name)
        say(f"{text}: counting")
        answers += rows(text, costs(asked(one, arch, build, program)))
    command = ["tools/testing/vmemmap/pfnvalid.py", "--build", "build", "--base-version",
               options.base_version, "--rst", "FILE", *options.kernels]
    found = "\n\n".join([rst.made_by(command), rst.table(HEAD, answers)]) + "\n"
    print(found.removeprefix(rst.HEAD))
    if options.rst:
        write_whole(options.rst, found)
    return 0


if __name__ == "__main__":
    run_tool(main)
