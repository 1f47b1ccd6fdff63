#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tells what can be seen of kernels without running them.

	statics.py --build BUILD --base-version V [--arch A] [--top N] KERNEL...

KERNEL is VARIANT[:CONFIG], a kernel that has been built.  For each: the size of its text; the
instructions of each conversion between page frame numbers, struct pages and addresses, and how many
of them read memory, in all paths together (modules/conversions, compiled as the kernel is and linked,
as linkers replace loads, too).  For all but the first: the functions that grew or shrank most against
the first, by the kernel's bloat-o-meter; and how their configs differ, as kernels that are compared
should have the same.
"""
import argparse
import collections
import dataclasses
import os
import re

import configure
import count
import testmodule
from count import change
from kernel import Kernel
from toolbox import Trouble, output, run_tool, write_whole

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


def variables(undefined):
    """Returns C text that defines the names that nm prints as undefined."""
    names = re.findall(r"^ +U ([A-Za-z_]\w*)$", undefined, re.M)
    return "".join(f"extern unsigned long {name}[];\nunsigned long {name}[64];\n" for name in names)


def _linked(kernel):
    """Returns the path of the conversions, linked with something for what they refer to."""
    cross = kernel.cross()
    folder = testmodule.compiled(kernel, "conversions", "conversions.o")
    objects = [folder / "conversions.o", folder / "variables.o"]
    write_whole(folder / "variables.c", variables(output([f"{cross}nm", "-u", objects[0]])))
    testmodule.compiled(kernel, "conversions", "variables.o")
    output([f"{cross}ld", "-e", "0", "-z", "noexecstack", "-o", folder / "linked", *objects])
    return folder / "linked"


def key(arch):
    """Returns a digest of what figures depend on beside the kernel.  arch: from archdata.load()."""
    facts = arch["kernel"]
    return testmodule.key(["conversions"]) + facts["load"] + facts["idle"]


def conversions(kernel):
    """Returns {conversion: (instructions, loads)} of a kernel.

    kernel: a kernel.Kernel that is built; its O= folder gets a folder with the compiled functions.
    Raises Trouble.
    """
    facts = kernel.arch["kernel"]
    found = count_lines(output([f"{kernel.cross()}objdump", "-d", "--no-show-raw-insn",
                                _linked(kernel)]), facts["load"], facts["idle"])
    for function in CONVERSIONS:
        if not found.get(function, (0, 0))[0]:
            raise Trouble(f"{kernel.label}: {function}() is not in the disassembly")
    return {name: found[function] for function, name in CONVERSIONS.items()}


def figures(label, kernel):
    """Returns the Figures of a kernel.

    kernel: a kernel.Kernel that is built.  Raises Trouble.
    """
    told = output([f"{kernel.cross()}size", kernel.out / "vmlinux"])
    return Figures(label, text_size(told), conversions(kernel))


def grown(base, kernel):
    """Returns [(function, change in bytes)], the largest first.

    base, kernel: kernel.Kernels that are built.  Raises Trouble.
    """
    return movers(output([kernel.tree / "scripts" / "bloat-o-meter", "-t", "-p", kernel.cross(),
                          base.out / "vmlinux", kernel.out / "vmlinux"]))


def compare(base, kernel):
    """Returns (bytes of functions that both have, how much larger they are, what others come to).

    The last is what the functions that only kernel has have more than those that only base has.
    base, kernel: kernel.Kernels that are built.  Raises Trouble.
    """
    old, new = (functions(output([f"{one.cross()}nm", "-S", one.out / "vmlinux"]))
                for one in (base, kernel))
    both = old.keys() & new.keys()
    before, after = (sum(sizes[name] for name in both) for sizes in (old, new))
    return before, after - before, sum(new.values()) - after - (sum(old.values()) - before)


def functions(text):
    """Returns {function: bytes} of what nm -S prints; what is numbered goes by one name."""
    sizes = collections.Counter()
    for size, name in re.findall(r"^[0-9a-f]+ ([0-9a-f]+) [tTwW] (\S+)$", text, re.M):
        sizes[re.sub(r"\.\d+$", "", name)] += int(size, 16)
    return sizes


def text_size(text):
    """Returns the bytes of text from what `size` prints for one file."""
    return int(text.splitlines()[1].split()[0])


def movers(text):
    """Returns [(function, change in bytes)] of what bloat-o-meter prints, the largest first."""
    rows = re.findall(r"^(\S+) +(?:\d+|-) +(?:\d+|-) +([+-]\d+)$", text, re.M)
    found = [(name, int(delta)) for name, delta in rows]
    return sorted(found, key=lambda row: (-abs(row[1]), row[0]))


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


def built(one, arch):
    """Returns the kernel.Kernel of a count.Kernel of an architecture."""
    where = one.where
    return Kernel(where.build, where.tree, where.variant, arch, one.config)


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
    kernels = [built(count.parse(text, os.path.abspath(options.build), options.base_version,
                                 options.arch), options.arch) for text in options.kernels]
    print(f"{kernels[0].arch['name']}, base {options.base_version}")
    print("\n".join(table([figures(*both) for both in zip(options.kernels, kernels)])))
    base = kernels[0]
    for label, kernel in list(zip(options.kernels, kernels))[1:]:
        print(f"\n{options.kernels[0]} to {label}, bytes of the functions that changed most:")
        for name, delta in grown(base, kernel)[:options.top]:
            print(f"{delta:+8d}  {name}")
        differ = configure.differences(*((one.out / ".config").read_text()
                                         for one in (base, kernel)))
        size, larger, others = compare(base, kernel)
        print(f"functions of both: {size} bytes, {larger:+d}; of one only: {others:+d}")
        print(f"their configs differ in {len(differ)} options: {' '.join(differ)}")
    return 0


if __name__ == "__main__":
    run_tool(main)
