# SPDX-License-Identifier: GPL-2.0
"""Boot and scale (scale).

Guests with one processor boot with more and more memory, in one range or in pieces spread over
64 TiB (`16G-scattered-15`: 16 GiB, of which 1 GiB lies where memory always is, and 15 pieces far
from each other).

- *Populate*: from the call of what makes the memmap (`sparse_init()`; FLATMEM: the allocation of
  `mem_map`) until it returns. *Initialise*: all that is then done for each struct page until it is
  in the page allocator (`memmap_init_range()`, `memblock_free_all()`, `page_alloc_init_late()`).
- Instructions are counted by a plugin of the emulator; a string instruction counts once. Time is
  the processor time that the emulator took without counting: the median of the runs, which compares
  models, but is no time of a real machine.
- Far pieces are memory devices that firmware does not tell of as memory; the kernel's parameter
  `memmap=` does, so that it boots with them like with all other memory.
- Memory is what the kernel itself says it took (`memblock=debug`): *memmap* is the struct pages,
  *page tables* those that map them (none where the direct mapping does), *section tables*
  `mem_section` with its usage maps; FLATMEM has flags of pageblocks in their place. *bitmaps*, where
  there are some, are those of `pfn_valid()` and of pageblock flags, which are in the usage maps
  elsewhere, with their page tables.

FLATMEM has struct pages for holes too, so that it cannot have memory that is scattered: "-". On ia64
its kernel does not start with 4 GiB, which are in several ranges there. In figures, scattered memory has dashed lines; of each size it is the one in most pieces.
"""
import dataclasses
import functools
import statistics
import tomllib

import archdata
import boot
import calls
import count
import guest
import layout
import memblocklog
import memories
from measure_plan import Point, digest

PLACE = 40
SOURCE = layout.BED / "measurements" / "scale.toml"
TIMEOUT = 900
RUNS = 3
GIB = 1 << 30
# what is done for each struct page, together
INITIALISE = ("initialise", "release", "deferred")
LINES = {False: "-", True: "--"}


def load(path=SOURCE):
    """Returns the data as a dict."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def guest_of(group, model, memory, kind, cmdline=""):
    """Returns the guest.Guest that a model is booted in.

    memory: a memories.Memory.  kind: for its name.  cmdline: more kernel parameters.
    """
    facts = archdata.load(group.arch.name).get("count", {})
    fields, parameters = memories.machine_of(memory)
    cpu = ",".join(filter(None, [facts.get("cpu", "") or group.arch.cpu, memory.far.get("cpu")]))
    words = (facts.get("cmdline", ""), model.kernel.cmdline, parameters, cmdline)
    return guest.Guest(
        name=f"scale-{group.name}-{model.name}-{memory.name}-{kind}", arch=group.arch.name,
        about="memory that grows or is scattered", config=model.kernel.config, smp=1,
        **{"cpu": cpu, **fields, **model.kernel.guest}, cmdline=" ".join(filter(None, words)),
        variants=(model.kernel.where.variant,), check=False, timeout=TIMEOUT,
        expects={"": guest.Expect(may_skip=("kunit",))})


def count_parts(plan, group, model, memory, parts):
    """Counts what booting executes; returns {part: {"instructions", "repeats", …}}."""
    told, _ = calls.run(guest_of(group, model, memory, "count"), group.arch, model.kernel,
                     plan.build, parts)
    return {name: part["kernel"] for name, part in told.items()}


def time_parts(plan, group, model, memory, parts):
    """Returns {part: [nanoseconds of each run]}."""
    runs = [calls.run(guest_of(group, model, memory, "time"), group.arch, model.kernel,
                      plan.build, parts, clock=True)[0] for _ in range(RUNS)]
    return {name: [sum(run[name]["each"]) for run in runs] for name in runs[0]}


def take_tables(group, model, memory, log):
    """Returns {kind: bytes} of memory taken for the memmap."""
    one = guest_of(group, model, memory, "tables", "memblock=debug")
    return memblocklog.taken(calls.checked(boot.run(one, group.arch, model.kernel.where),
                                           model.kernel).lines, log)


def cases(plan, data):
    """Returns [(group, memory, model)] that the run has."""
    found = []
    for group in plan.groups:
        if group.arch.name not in data or (plan.quick and group.name not in data["quick_groups"]):
            continue
        of_arch = memories.of_arch(data[group.arch.name], plan.quick)
        without = data[group.arch.name].get("without", {})
        only = data[group.arch.name].get("only", {}).get(group.name,
                                                         [memory.name for memory in of_arch])
        for memory in (memory for memory in of_arch if memory.name in only):
            found += [(group, memory, model) for model in group.models
                      if not (memory.pieces and model.name == "flatmem")
                      and memory.name not in without.get(model.name, ())]
    return found


def name_of(group, model, memory, kind):
    """Returns the name of a point."""
    return f"{group.name}-{model.name}-{memory.name}-{kind}"


def points(plan):
    """What is measured: for each kernel and memory instructions and tables, and then time."""
    data = load()
    counted, timed = [], []
    for group, memory, model in cases(plan, data):
        alone = memory.size >= guest.size(data[group.arch.name]["alone_from"])
        inputs = [dataclasses.asdict(memory), data["parts"], TIMEOUT,
                  digest(count.SOURCE / "count.c")]
        point = functools.partial(Point, kernel=model.kernel)
        counted += [
            point(name_of(group, model, memory, "count"), functools.partial(
                count_parts, plan, group, model, memory, data["parts"]), inputs, alone=alone),
            point(name_of(group, model, memory, "tables"), functools.partial(
                take_tables, group, model, memory, data["log"]), [inputs, data["log"]],
                alone=alone)]
        if memory.name in data[group.arch.name]["timed"] and not plan.quick:
            timed.append(point(name_of(group, model, memory, "time"), functools.partial(
                time_parts, plan, group, model, memory, data["parts"]), [inputs, RUNS],
                alone=True))
    return counted + timed


def populate(result):
    """Returns the instructions of populating, from what count_parts() returned."""
    return result["populate"]["instructions"]


def initialise(result):
    """Returns the instructions of initialising struct pages, in millions."""
    return sum(result[name]["instructions"] for name in INITIALISE if name in result) / 1e6


def milliseconds(result):
    """Returns the median of the time that populating took, from what time_parts() returned."""
    return statistics.median(result["populate"]) / 1e6


def spread(results):
    """Returns by how much runs of one kernel differ at most, in percent of their median.

    results: of time_parts().
    """
    return max(((max(times) - min(times)) * 100 / statistics.median(times)
                for times in (result["populate"] for result in results)), default=0.0)


def _rows(group, of_group, results, kind, figure):
    """Returns {memory: {model: figure}}; what was not measured is left out."""
    rows = {}
    for memory, model in of_group:
        result = results.get(name_of(group, model, memory, kind))
        if result is not None:
            rows.setdefault(memory.name, {})[model.name] = figure(result)
    return rows


def _tables_rows(group, of_group, results):
    rows = {}
    names = dict.fromkeys(kind["name"] for kind in load()["log"]["kind"])
    for name in sorted(names, key=lambda name: name != "memmap"):
        unit, letter = (1 << 20, "MiB") if name == "memmap" else (1024, "KiB")
        found = _rows(group, of_group, results, "tables",
                      lambda result, name=name, unit=unit: result.get(name, 0) / unit)
        for memory, row in found.items() if any(map(any, map(dict.values, found.values()))) else ():
            rows[f"{memory}: {name}, {letter}"] = row
    return dict(sorted(rows.items(), key=lambda item: list(
        memory.name for memory, _ in of_group).index(item[0].partition(":")[0])))


def _plot(page, group, of_group, results, kind, name, title, label, figure):
    """Draws a figure of results against memory, a line for each model."""
    lines = {}
    for memory, model in of_group:
        result = results.get(name_of(group, model, memory, kind))
        # of memory of one size, the one in most pieces
        if result is not None and figure(result) > 0:
            line = lines.setdefault((model.label, bool(memory.pieces)), {})
            line[memory.size / GIB] = figure(result)
    if not lines:
        return
    with page.figure(name, title) as axes:
        for (model, far), line in lines.items():
            axes.plot(list(line), list(line.values()), LINES[far], marker="o", markersize=4,
                      color=f"C{[one.label for one in group.models].index(model)}",
                      label=f"{model}, scattered" if far else model)
        sizes = sorted({size for line in lines.values() for size in line})
        axes.set_xscale("log", base=2)
        axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axes.set_yscale("log")
        axes.set_xlabel("memory, GiB")
        axes.set_ylabel(label)
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def _tables_kib(result):
    return sum(size for name, size in result.items() if name != "memmap") / 1024


def report(page, plan, results):
    """Writes for each group tables of instructions, time and memory, and plots of them."""
    all_cases = cases(plan, load())
    for group in plan.groups:
        mine = [(memory, model) for one, memory, model in all_cases if one is group]
        measured = {name_of(group, model, memory, kind) for memory, model in mine
                    for kind in ("count", "time", "tables")} & results.keys()
        if not measured:
            continue
        page.text(f"### {group.title}")
        page.text("Populate the memmap, instructions:")
        page.comparison(group, _rows(group, mine, results, "count", populate), 0)
        page.text("Initialise the struct pages, million instructions:")
        page.comparison(group, _rows(group, mine, results, "count", initialise), 2)
        timed = _rows(group, mine, results, "time", milliseconds)
        if timed:
            most = spread([results[name] for name in measured if name.endswith("-time")])
            page.text(f"Populate the memmap, milliseconds of the emulator, median of {RUNS} runs, "
                      f"which differ by up to {most:.0f} %:")
            page.comparison(group, timed, 3)
        page.text("Memory taken for the memmap:")
        page.comparison(group, _tables_rows(group, mine, results), 1)
        _plot(page, group, mine, results, "count", f"scale-populate-{group.name}",
              f"{group.title}: populate the memmap", "instructions", populate)
        _plot(page, group, mine, results, "tables", f"scale-tables-{group.name}",
              f"{group.title}: taken beside struct pages", "KiB", _tables_kib)
