#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tells what can be seen of kernels without running them.

	statics.py --build BUILD --base-version V [--arch A] [--top N] KERNEL...

KERNEL is VARIANT[:CONFIG], a kernel that has been built.  For each: the size of its text; the
instructions of each conversion between page frame numbers, struct pages and addresses, and how many
of them read memory, in all paths together (modules/conversions, compiled as the kernel is).  For all
but the first: the functions that grew or shrank most against the first, by the kernel's bloat-o-meter;
and how their configs differ, as kernels that are compared should have the same.
"""
import argparse
import dataclasses
import os
import re
import subprocess

import configure
import layout
import testmodule
from count import change
from kernel import Kernel
from toolbox import Trouble, output, run_tool

# functions of modules/conversions: what they convert with
CONVERSIONS = {"converted_page": "pfn_to_page", "converted_pfn": "page_to_pfn",
               "page_of_address": "virt_to_page", "address_of_page": "page_address",
               "valid_pfn": "pfn_valid"}
BEGIN = re.compile(r"^[0-9a-f]+ <(\w+)>:$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t")


@dataclasses.dataclass
class Figures:
    """What is found of one kernel: bytes of text, {conversion: (instructions, loads)}."""
    label: str
    text: int
    conversions: dict


def count_lines(disassembly, load, idle):
    """Returns {function: (instructions, loads)}.

    disassembly: text of objdump -d without raw instructions.  load, idle: patterns of instructions
    that read memory, and of those that are not counted.
    """
    found = {}
    name = None
    for line in disassembly.splitlines():
        if match := BEGIN.match(line):
            name = match[1]
            found[name] = (0, 0)
        elif name and INSTRUCTION.match(line) and not re.search(idle, line):
            all_, loads = found[name]
            found[name] = (all_ + 1, loads + bool(re.search(load, line)))
    return found


def conversions(kernel):
    """Returns {conversion: (instructions, loads)} of a kernel.

    kernel: a kernel.Kernel that is built; its O= folder gets a folder with the compiled functions.
    Raises Trouble.
    """
    facts = kernel.arch["kernel"]
    folder = testmodule.lay_out("conversions", kernel.out)
    log = layout.log(kernel.build, f"statics-{re.sub(r'[^a-z0-9]+', '-', kernel.label.lower())}")
    with open(log, "wb") as file:
        if subprocess.run(kernel.command(f"M={folder}", "conversions.o"), stdout=file, stderr=file,
                          stdin=subprocess.DEVNULL, env=kernel.environment(),
                          check=False).returncode:
            raise Trouble(f"{kernel.label}: the conversions do not compile (log: {log})")
    found = count_lines(output([f"{kernel.cross()}objdump", "-d", "--no-show-raw-insn",
                                folder / "conversions.o"]), facts["load"], facts["idle"])
    for function in CONVERSIONS:
        if not found.get(function, (0, 0))[0]:
            raise Trouble(f"{kernel.label}: {function}() is not in the disassembly")
    return {name: found[function] for function, name in CONVERSIONS.items()}


def text_size(text):
    """Returns the bytes of text from what `size` prints for one file."""
    return int(text.splitlines()[1].split()[0])


def movers(text, top):
    """Returns [(function, change in bytes)] of what bloat-o-meter prints, the largest first."""
    rows = re.findall(r"^(\S+) +(?:\d+|-) +(?:\d+|-) +([+-]\d+)$", text, re.M)
    found = [(name, int(delta)) for name, delta in rows]
    return sorted(found, key=lambda row: (-abs(row[1]), row[0]))[:top]


def table(figures):
    """Returns a table as lines: a row for each figure, a column for each kernel."""
    head = ["", figures[0].label]
    for one in figures[1:]:
        head += [one.label, "% change (-ve good)"]
    rows = [head]
    names = [("text bytes", lambda one: one.text)]
    for name in CONVERSIONS.values():
        names.append((f"{name} instructions", lambda one, name=name: one.conversions[name][0]))
        names.append((f"{name} loads", lambda one, name=name: one.conversions[name][1]))
    for name, figure in names:
        row = [name, str(figure(figures[0]))]
        for one in figures[1:]:
            row += [str(figure(one)), change(figure(figures[0]), figure(one))]
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  ".join([row[0].ljust(widths[0])] +
                      [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]).rstrip()
            for row in rows]


def _kernel(text, options):
    variant, _, config = text.partition(":")
    kernel = Kernel(options.build, os.path.join(options.build, "trees", options.base_version,
                                                variant), variant, options.arch,
                    config or "default")
    if not (kernel.out / "vmlinux").is_file():
        raise Trouble(f"{kernel.out}: no kernel there; make kernel ARCH={options.arch} "
                      f"VARIANT={variant} CONFIG={config or 'default'}")
    return kernel


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--base-version", required=True, help="version of the base")
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--top", type=int, default=10, help="how many functions")
    parser.add_argument("kernels", nargs="+", metavar="VARIANT[:CONFIG]")
    return parser.parse_args()


def main():
    """The program; returns its exit status."""
    options = _arguments()
    kernels = [_kernel(text, options) for text in options.kernels]
    figures = [Figures(label, text_size(output(["size", kernel.out / "vmlinux"])),
                       conversions(kernel)) for label, kernel in zip(options.kernels, kernels)]
    print(f"{kernels[0].arch['name']}, base {options.base_version}")
    print("\n".join(table(figures)))
    base = kernels[0]
    for label, kernel in list(zip(options.kernels, kernels))[1:]:
        told = output([kernel.tree / "scripts" / "bloat-o-meter", "-t", base.out / "vmlinux",
                       kernel.out / "vmlinux"])
        print(f"\n{options.kernels[0]} to {label}, bytes of the functions that changed most:")
        for name, delta in movers(told, options.top):
            print(f"{delta:+8d}  {name}")
        differ = configure.differences(*((one.out / ".config").read_text()
                                         for one in (base, kernel)))
        print(f"their configs differ in {len(differ)} options: {' '.join(differ)}")
    return 0


if __name__ == "__main__":
    run_tool(main)
