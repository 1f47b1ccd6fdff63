# SPDX-License-Identifier: GPL-2.0
"""Virtual compound pages (vcompound).

What it costs to have several pages and to free them, in instructions of the kernel: of the page
allocator (`pages`), of `vmalloc()`, of `kvmalloc()`, and as virtual compounds. One is had at a time, so
memory is not fragmented and virtual compounds are physical up to what the page allocator has; what is
larger falls back. A worker frees those that fell back, which is counted, too. Conversions are
`page_address(virt_to_page())` of an address, before any fell back, when code has a nop, and after one
did, when it asks. The kernel without virtual compounds shows what these cost where none is.

TLB reach is how much memory one entry of a page table maps, which is what an entry of a TLB can: the
kernel's page tables are walked. On this machine's processor, words of arrays are read at random, in
turns from memory that 2 MiB pages map, as the linear mapping is, and from memory that 4 KiB pages map,
as areas of `vmalloc()` are. Nothing is emulated there.

How many stay physical: all free memory is taken, and but for one page of so many, chosen at random,
given back. None of those that stay can be moved. What is kept in reserve stays whole. Then virtual
compounds are had of each size.
"""
import dataclasses
import functools
import os
import re
import statistics
import subprocess

import archdata
import boot
import count
import guest
import kernel as kernels
import layout
import machine
import microbench
import plugin
import testmodule
import workload
from measure_plan import Point, digest
from toolbox import Trouble, need, output, write_whole

import compose

PLACE = 70
ARCH = "x86_64"                         # pages of 4 KiB, and where entries can be counted
PROGRAM = "vcompounds"
PAGE = 4096
CONFIGS = {"bench": "no virtual compounds", "bench-vcompound": "virtual compounds"}
WAYS = ("pages", "vmalloc", "kvmalloc", "vcompound")
COUNT = 100                             # times that something is done in a part
ORDERS = (1, 3, 5, 7, 9, 10)            # physical ones; the page allocator has no more
LARGE = (11, 12)
CONVERTED = 3                           # an order
EACH = (1024, 128, 32, 8)               # one page of so many stays
SHARED = tuple(range(1, 11))
SHARE, MOST_SHARED = 200 << 20, 4096    # bytes of each order, in so many at most
MEMORY = 1 << 30
TIMEOUT = 900
ARRAYS, BYTES = (1, 4, 16, 64, 256, 1024), 65536
ROUNDS, QUICK_ROUNDS = 15, 5


def size_of(order):
    """Returns the bytes of so many pages as text."""
    size = PAGE << order
    return f"{size >> 20} MiB" if size >> 20 else f"{size >> 10} KiB"


def shared(order):
    """Returns how many are had of an order."""
    return min(MOST_SHARED, SHARE // (PAGE << order))


def requests():
    """Returns (lines for the module, {part: what it is}); what it is has "way" and "order"."""
    lines, parts = [], {}

    def part(line, **what):
        lines.append(f"{len(parts)} {line}")
        parts[len(parts)] = what

    def entries(way, order):
        lines.extend((f"hold {way} {PAGE << order}", "entries"))

    part(f"alloc none {PAGE} {COUNT}", way="none", order=0)
    lines.append(f"hold pages {PAGE << CONVERTED}")
    part("convert 0", way="none", order=1)
    part(f"convert {COUNT}", way="convert", order="before any fell back")
    for orders in (ORDERS, LARGE):
        for order in orders:
            for way in WAYS if orders is ORDERS else WAYS[1:]:
                part(f"alloc {way} {PAGE << order} {COUNT}", way=way, order=order)
                entries(way, order)
    lines.append(f"hold pages {PAGE << CONVERTED}")
    part(f"convert {COUNT}", way="convert", order="after, a page of the linear mapping")
    lines.append(f"hold vcompound {PAGE << LARGE[0]}")
    part(f"convert {COUNT}", way="convert", order="after, a virtual one")
    lines.append(f"hold none {PAGE}")
    for each in EACH:
        lines.append(f"fragment {each}")
        lines += [f"share {PAGE << order} {shared(order)}" for order in SHARED]
        lines.append("release")
    return lines, parts


def answers(lines):
    """Returns [(request, answer)] that a guest's console tells."""
    pattern = re.compile(r"guest\| ok \d+ ((?:\d+ )?[a-z][^:]*): (.*)$")
    return [match.groups() for line in lines if (match := pattern.search(line.rstrip()))]


def costs(parts, counted):
    """Returns {(way, order): instructions each time}.

    parts: from requests().  counted: of count.read().  What calling costs is not in it.
    """
    numbers = {part["part"]: part["kernel"]["instructions"] for part in counted}
    return {(what["way"], what["order"]): (
        numbers[part] - numbers[0 if what["way"] in WAYS else 1]) / COUNT
        for part, what in parts.items() if part in numbers and what["way"] != "none"}


def entries_of(told):
    """Returns {(way, bytes): entries} of what answers() returned; what was not had is left out."""
    found = {}
    for (request, _), (more, answer) in zip(told, told[1:]):
        words = request.split()
        if words[0] == "hold" and more == "entries":
            held, entries = map(int, answer.split())
            if held:
                found[words[1], held] = entries
    return found


def shares_of(told):
    """Returns [{"each", "kept": bytes, "of": {text of bytes: [had, physical]}}] of what answers() returned."""
    found = []
    for request, answer in told:
        words = request.split()
        if words[0] == "fragment":
            found.append({"each": int(words[1]), "kept": int(answer), "of": {}})
        elif words[0] == "share":
            found[-1]["of"][words[1]] = [int(word) for word in answer.split()]
    return found


def _module(one, build):
    made = kernels.Kernel(build, one.where.tree, one.where.variant, ARCH, one.config)
    return os.path.join(testmodule.compiled(made, PROGRAM, "modules"), f"{PROGRAM}.ko")


def ask(plan, one):
    """Boots a kernel and lets it answer; returns what a report needs, for JSON.  Raises Trouble."""
    arch = machine.arch_facts(ARCH)
    folder = os.path.join(plan.build, "measure", PROGRAM)
    os.makedirs(folder, exist_ok=True)
    lines, parts = requests()
    asked = os.path.join(folder, f"{one.config}.requests")  # kernels run beside each other
    write_whole(asked, "\n".join(lines) + "\n")
    result = os.path.join(folder, f"{one.config}.raw")
    if os.path.exists(result):
        os.remove(result)
    facts = archdata.load(ARCH)["count"]
    work = count.Work(PROGRAM, "", PROGRAM, MEMORY, TIMEOUT, {}, (), (), ())
    known = count.symbols(os.path.join(one.where.kernel, "vmlinux"))
    slow = dataclasses.replace(arch, extra=arch.extra + count.arguments(
        work, facts, known, plugin.build("count", machine.emulator(arch), plan.build), result))
    machine_ = guest.Guest(
        name=f"vcompounds-{one.config}", arch=ARCH, about="several pages", config=one.config,
        memory=MEMORY, smp=1, cpu=facts.get("cpu", ""), cmdline=facts.get("cmdline", ""),
        tests=(PROGRAM,), check=False, variants=compose.VARIANTS, timeout=TIMEOUT,
        expects={"": guest.Expect(may_skip=("kunit",))})
    outcome = boot.run(machine_, slow, one.where, programs={
        PROGRAM: workload.build(arch, one.where.tree, plan.build, PROGRAM), "requests": asked,
        f"{PROGRAM}.ko": _module(one, plan.build)})
    if outcome.status != "passed":
        raise Trouble(f"{one.label}: {outcome.problems[0]} (log: {outcome.log})")
    told = answers(outcome.lines)
    return {"costs": [[*key, number] for key, number in costs(parts, count.read(result)).items()],
            "entries": [[*key, number] for key, number in entries_of(told).items()],
            "shares": shares_of(told)}


def read_arrays(plan, arrays, rounds):
    """Returns [[nanoseconds with large pages, with base pages] of each round].  Raises Trouble."""
    need("gcc", "gcc")
    program = os.path.join(plan.build, "measure", "reach")
    source = layout.BED / "measure"
    output(["gcc", "-O2", "-Wall", "-static", "-I", source, source / "reach.c", "-o", program])
    done = subprocess.run(["taskset", "-c", str(max(os.sched_getaffinity(0))), program, str(arrays),
                           str(BYTES), str(rounds)], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines or lines[-1] != "done":
        told = done.stderr.strip().splitlines()
        raise Trouble(f"{arrays} arrays: {told[-1] if told else 'reach did not come to its end'}")
    return [[float(word) for word in line.split()] for line in lines[:-1]]


def kernels_of(plan):
    """Returns the count.Kernels that are compared, in the order of CONFIGS; none if none boots here."""
    if machine.lacking(machine.arch_facts(ARCH)):
        return []
    return [count.Kernel(f"vcompounds {config}", boot.place(
        plan.build, plan.base_version, "vmemmap", ARCH, config), config, "") for config in CONFIGS]


def points(plan):
    """What is measured: each kernel, and each number of arrays on this processor."""
    inputs = [requests()[0], digest(layout.BED / "modules" / PROGRAM, workload.SOURCE / PROGRAM,
                                    workload.SOURCE / "device.h",
                                    count.SOURCE / "count.c")]
    found = [Point(one.config, functools.partial(ask, plan, one), inputs, one)
             for one in kernels_of(plan)]
    if found and not microbench.lacking():
        rounds = QUICK_ROUNDS if plan.quick else ROUNDS
        inputs = [BYTES, rounds, microbench.this_processor(), digest(
            count.SOURCE / "reach.c", count.SOURCE / microbench.NAME / "backing.h")]
        found += [Point(f"arrays-{arrays}", functools.partial(read_arrays, plan, arrays, rounds),
                        inputs, alone=True) for arrays in ARRAYS]
    return found


def _costs(page, results):
    found = {config: {(way, order): number for way, order, number in results[config]["costs"]}
             for config in CONFIGS if config in results}
    with_them = found.get("bench-vcompound", {})
    page.text("Instructions to have it and to free it:")
    page.table(["", *WAYS], [[size_of(order), *(
        f"{with_them[way, order]:.0f}" if (way, order) in with_them else "-" for way in WAYS)]
        for order in (*ORDERS, *LARGE)])
    page.text("Instructions with virtual compounds and without, the same kernel otherwise:")
    keys = [key for key in with_them if key[0] in ("pages", "convert") and key[1] != CONVERTED]
    page.table(["", *CONFIGS.values()], [[
        f"{way}, {size_of(order) if isinstance(order, int) else order}",
        *(f"{found[config][way, order]:.1f}" if (way, order) in found.get(config, {}) else "-"
          for config in CONFIGS)] for way, order in keys])


def _reach(page, result):
    found = {(way, held): entries for way, held, entries in result["entries"]}
    page.text("TLB reach, KiB for each entry:")
    page.table(["", *WAYS], [[size_of(order), *(
        f"{(PAGE << order) / found[way, PAGE << order] / 1024:.0f}"
        if found.get((way, PAGE << order)) else "-" for way in WAYS)]
        for order in (*ORDERS, *LARGE)])


def _arrays(page, results):
    rows = []
    for arrays in ARRAYS:
        rounds = results.get(f"arrays-{arrays}")
        if rounds:
            large, base = ([one[i] for one in rounds] for i in (0, 1))
            middle, least, most = microbench.ratio(large, base)
            rows.append([f"{arrays} of {BYTES >> 10} KiB", f"{statistics.median(large):.2f}",
                         f"{statistics.median(base):.2f}", f"{middle:.2f} ({least:.2f}..{most:.2f})"])
    if rows:
        page.text(f"Nanoseconds for a read of arrays on {microbench.this_processor()}, median of "
                  f"the rounds; times: median (smallest..largest) within a round:")
        page.table(["arrays", "2 MiB pages", "4 KiB pages", "times"], rows)


def _shares(page, result):
    rows = []
    for one in result["shares"]:
        rows.append([f"one of {one['each']} ({one['kept'] >> 20} MiB)", *(
            f"{physical * 100 / had:.0f}" if had else "-" for had, physical in
            (one["of"].get(str(PAGE << order), (0, 0)) for order in SHARED))])
    page.text(f"How many of {SHARE >> 20} MiB that are had, or of {MOST_SHARED}, are physical, in "
              "percent; the others would have failed with the page allocator alone:")
    page.table(["pages that stay", *map(size_of, SHARED)], rows)


def report(page, plan, results):
    """Writes what has been measured."""
    if "bench-vcompound" in results:
        _costs(page, results)
        _reach(page, results["bench-vcompound"])
        _shares(page, results["bench-vcompound"])
    _arrays(page, results)
    if not results:
        page.text("Not measured.")
