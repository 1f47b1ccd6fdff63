# SPDX-License-Identifier: GPL-2.0
"""Adding memory blocks (hotadd).

DIMMs are plugged into a running guest with one processor, one after the other, and their memory
blocks are brought online. The figures are for one memory block: *map* makes the memmap and the
direct mapping, `arch_add_memory()`; *section*, a part of it, only what the memory model does for
the sections of the block, `sparse_add_section()`; *device* makes the block's device,
`create_memory_block_devices()`; *online* is what is done when the block is brought online,
`online_pages()`, which initialises the struct pages. What else there is to adding memory, locks and
waiting for other processors to see it, has nothing to do with the model.

Instructions are those of the kernel; time is the processor time of the emulator without counting.
Both are the mean of the calls in a run without the quarters at both ends, so that interrupts, which
hit few calls, are not among them; and then the mean of the runs.

Machines without NUMA are not here: FLATMEM can add no memory, so the kernels that are compared with
it have no memory hotplug either. ia64 is not, as its emulator has no DIMMs.
"""
import functools
import re
import statistics
import tomllib

import archdata
import calls
import count
import guest
import layout
from measure_plan import Point, digest
from toolbox import Trouble

PLACE = 50
SOURCE = layout.BED / "measurements" / "hotadd.toml"
PROGRAM = layout.BED / "measurements" / "plug-blocks"
TIMEOUT = 600
RUNS = 2
# kind of a point: what is told, its unit, digits after the point
KINDS = {"count": ("instructions", 1, 0), "time": ("microseconds", 1000, 1)}


def load(path=SOURCE):
    """Returns the data as a dict."""
    with open(path, "rb") as file:
        return tomllib.load(file)


def dimms_of(case, number):
    """Returns (actions that plug DIMMs, settings for the program), both dicts.

    case: {"size", and perhaps "first" and "distance"}.  number: of DIMMs.  Raises Trouble.
    """
    text = ['about = "x"', 'memory = "1G"']
    for index in range(number):
        text.append(f'[[dimm]]\nsize = "{case["size"]}"')
        if "first" in case:
            try:
                at = guest.size(case["first"]) + index * guest.size(case["distance"])
            except (KeyError, ValueError) as error:
                raise Trouble(f"hotadd.toml: {case['name']}: {error}") from None
            text.append(f"addr = {at}")
    one = guest.parse("\n".join(text), "dimms", "", f"hotadd.toml: {case['name']}")
    return one.actions, one.env


def guest_of(group, model, facts, case, kind):
    """Returns the guest.Guest that DIMMs are plugged into.

    facts: the architecture's table of hotadd.toml.  kind: for its name.
    """
    pinned = archdata.load(group.arch.name).get("count", {})
    actions, env = dimms_of(case, facts["dimms"])
    cpu = ",".join(filter(None, [pinned.get("cpu", "") or group.arch.cpu, facts.get("cpu")]))
    return guest.Guest(
        name=f"hotadd-{name_of(group, model, case, kind)}", arch=group.arch.name,
        about="DIMMs are plugged", memory=guest.size(facts["memory"]), config=model.kernel.config,
        smp=1, slots=facts["dimms"], maxmem=guest.size(facts["maxmem"]),
        **{"cpu": cpu, **model.kernel.guest}, actions=actions, env=env,
        cmdline=" ".join(filter(None, [pinned.get("cmdline", ""), model.kernel.cmdline])),
        tests=(PROGRAM.name,), variants=(model.kernel.where.variant,), check=False,
        timeout=TIMEOUT, expects={"": guest.Expect(may_skip=("kunit",))})


def middle(figures):
    """Returns the mean of numbers without the quarters at both ends."""
    cut = len(figures) // 4
    return statistics.mean(sorted(figures)[cut:len(figures) - cut])


def per_block(told, blocks):
    """Returns {part: figure} for one block: instructions, or nanoseconds.

    told: from calls.run(), of adding that many blocks.
    """
    return {name: middle(part["each"]) * part["times"] / blocks for name, part in told.items()}


def blocks_in(lines):
    """Returns (blocks of a DIMM, bytes of a block) that the guest told.  Raises Trouble."""
    for line in lines:
        if match := re.search(r"# (\d+) blocks in each DIMM, (\d+) bytes in each block", line):
            return int(match[1]), int(match[2])
    raise Trouble("the guest did not tell how many blocks a DIMM has")


def measure(plan, group, model, facts, case, parts, clock):
    """Plugs DIMMs RUNS times; returns {"block": bytes, "runs": [of per_block()]}."""
    runs = []
    for _ in range(RUNS):
        one = guest_of(group, model, facts, case, "time" if clock else "count")
        told, lines = calls.run(one, group.arch, model.kernel, plan.build, parts, clock,
                                {PROGRAM.name: str(PROGRAM)})
        blocks, size = blocks_in(lines)
        runs.append(per_block(told, blocks * facts["dimms"]))
    return {"block": size, "runs": runs}


def name_of(group, model, case, kind):
    """Returns the name of a point."""
    return f"{group.name}-{model.name}-{re.sub(r'[^0-9A-Za-z]+', '-', case['name'])}-{kind}"


def cases(plan, data):
    """Returns [(group, facts, case, models)] that the run has."""
    found = []
    for group in plan.groups:
        facts = data.get(group.arch.name)
        if not facts or group.name not in facts["quick_groups" if plan.quick else "groups"]:
            continue
        found += [(group, facts, case, group.models) for case in facts["case"]
                  if case.get("quick") or not plan.quick]
    return found


def points(plan):
    """What is measured: instructions for each kernel and kind of DIMM, and then time."""
    data = load()
    found = []
    for clock in (False,) if plan.quick else (False, True):
        for group, facts, case, models in cases(plan, data):
            inputs = [case, {key: facts[key] for key in facts if key != "case"}, data["parts"],
                      RUNS, digest(PROGRAM, count.SOURCE / "count.c")]
            for model in models if not clock or case.get("time") else ():
                found.append(Point(
                    name_of(group, model, case, "time" if clock else "count"),
                    functools.partial(measure, plan, group, model, facts, case, data["parts"],
                                      clock), inputs, model.kernel, alone=clock))
    return found


def means(result):
    """Returns {part: mean of the runs}. result: of measure()."""
    return {name: statistics.mean(run[name] for run in result["runs"] if name in run)
            for name in result["runs"][0]}


def spread(results, part):
    """Returns by how much runs of one kernel differ at most in a part, in percent of their mean."""
    found = [[run[part] for run in result["runs"] if part in run] for result in results]
    return max(((max(run) - min(run)) * 100 / statistics.mean(run) for run in found if run),
               default=0.0)


def _write(page, group, case, found, kind):
    """Writes one table. found: {name of a model: result}."""
    what, unit, digits = KINDS[kind]
    rows = {}
    for name, result in found.items():
        for part, figure in means(result).items():
            rows.setdefault(part, {})[name] = figure / unit
    size = next(iter(found.values()))["block"] >> 20
    differ = ", ".join(f"{part} {spread(found.values(), part):.1f} %" for part in rows)
    page.text(f"{group.title}, DIMMs of {case['name']}: {what} for a block of {size} MiB "
              f"({RUNS} runs, which differ by up to: {differ}):")
    page.comparison(group, rows, digits)


def report(page, plan, results):
    """Writes for each group and kind of DIMM tables of instructions and time."""
    bars = {}
    for group, _, case, models in cases(plan, load()):
        for kind in KINDS:
            found = {model.name: results[name] for model in models
                     if (name := name_of(group, model, case, kind)) in results}
            if not found:
                continue
            _write(page, group, case, found, kind)
            for model in models if kind == "count" else ():
                if model.name in found:
                    bars.setdefault(model.label, {})[f"{group.title}: {case['name']}"] = (
                        means(found[model.name])["map"])
    if not bars:
        return
    names = list(dict.fromkeys(name for one in bars.values() for name in one))
    with page.figure("hotadd", "Memmap and direct mapping of a memory block",
                     (7, 1 + 0.5 * len(names))) as axes:
        for index, (label, one) in enumerate(bars.items()):
            axes.barh([names.index(name) + (index - (len(bars) - 1) / 2) * 0.25 for name in one],
                      list(one.values()), 0.22, label=label)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlabel("instructions")
        axes.legend(fontsize="small")
