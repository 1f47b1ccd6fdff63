# SPDX-License-Identifier: GPL-2.0
"""Conversions on this machine's processor (conversions).

The conversions of each model are compiled from its own tree's headers with its kernel's flags, in
loops over page frame numbers, and linked into one program, which lays out the struct pages of so much
memory. All models use the same array of struct pages, mapped in user space by 2 MiB or by 4 KiB
pages; SPARSEMEM's table is in memory as boot makes it, and page_to_pfn() reads the number of the
section from the struct page. The bitmap that our pfn_valid() reads is mapped by 4 KiB pages, as the
kernel maps it. A loop has one conversion for each pfn and reads the model's variables each time, as
kernel code does after a call or a store. Nothing is emulated here.

Nanoseconds per pfn are of the thread's processor time and include the loop around, which is the row
`loop`. Rows with `+read` read the struct page, too. In `round_trip`, from pfn to struct page and
back, the next pfn depends on what is found: it takes the conversions' latency, where the others
overlap with what comes next. The models take turns; a ratio is of two turns in the same round.
"""
import functools

import microbench
from measure_plan import Point, built

PLACE = 60
SIZES = (1, 4, 16, 64)                  # GiB of simulated memory
QUICK_SIZES = (1, 64)
ROUNDS, QUICK_ROUNDS = 41, 11
TIME = 4000                             # microseconds of a turn
BACKINGS = {"2M": "2 MiB", "4K": "4 KiB"}
PLOTTED = ("pfn_to_page+read", "page_to_pfn+read", "round_trip")


def _group(plan):
    """Returns the first group that can be measured here: it has most models.  None without one."""
    if microbench.lacking():
        return None
    return next((group for group in plan.groups if group.arch.name == microbench.ARCH), None)


def _sizes(plan):
    return QUICK_SIZES if plan.quick else SIZES


def _name(gib, backing):
    return f"{gib}-GiB-{backing}"


def points(plan):
    """Returns a Point for each size of memory and backing."""
    group = _group(plan)
    if not group:
        return []
    rounds = QUICK_ROUNDS if plan.quick else ROUNDS
    kernels = [model.kernel for model in group.models]
    program = functools.cache(lambda: microbench.build(kernels, plan.build, group.name))
    inputs = {"models": {model.name: built(model.kernel) for model in group.models},
              "program": microbench.key(), "rounds": rounds, "time": TIME,
              "processor": microbench.this_processor()}

    def measure(gib, backing):
        path, flags = program()
        found = microbench.measure(path, len(kernels), gib, backing, rounds, TIME)
        return {"models": [model.name for model in group.models], "flags": flags,
                "processor": microbench.this_processor(), "rounds": rounds, "found": found}

    return [Point(_name(gib, backing), functools.partial(measure, gib, backing),
                  {**inputs, "gib": gib, "backing": backing}, kernels[-1], alone=True)
            for gib in _sizes(plan) for backing in BACKINGS]


def report(page, plan, results):
    """Writes the tables and plots of what has been measured."""
    group = _group(plan)
    if not group:
        page.text(f"Not measured: {microbench.lacking() or 'there is no group for this machine'}.")
        return
    if not results:
        page.text("Not measured.")
        return
    _head(page, group, next(iter(results.values())))
    patterns = list(next(iter(results.values()))["found"])
    for pattern in patterns:
        for backing, text in BACKINGS.items():
            measured = {gib: results[_name(gib, backing)] for gib in _sizes(plan)
                        if _name(gib, backing) in results}
            if measured:
                _largest(page, group, measured, pattern, text)
                _ratios(page, group, measured, pattern, text)
    for pattern in patterns:
        for operation in PLOTTED:
            _plot(page, plan, group, results, pattern, operation)


def headlines(group, results):
    """Returns {what: {name of a model: number}} for the head of the report: the most memory."""
    result = results.get(_name(SIZES[-1], "2M"))
    if (not result or group.arch.name != microbench.ARCH or
            result["models"] != [model.name for model in group.models]):
        return {}
    return {f"{operation}, sequential pfns, this machine's processor":
            dict(zip(result["models"], map(microbench.median, times)))
            for operation, times in result["found"]["sequential"].items() if operation != "loop"}


def _head(page, group, one):
    page.text(f"Processor: {one['processor']}; {group.title}; {one['rounds']} rounds of about "
              f"{TIME / 1000:g} ms for each model.")
    for model, flags in zip(group.models, one["flags"]):
        if flags != one["flags"][0] or model is group.models[0]:
            page.text(f"{model.label} is compiled with `{flags}`"
                      f"{', the others too unless told' if model is group.models[0] else ''}.")


def _largest(page, group, measured, pattern, backing):
    gib = max(measured)
    page.text(f"**Nanoseconds per pfn: {pattern} pfns, {gib} GiB, struct pages mapped by {backing} "
              "pages**")
    found = measured[gib]["found"][pattern]
    page.comparison(group, {operation: {name: microbench.median(times) for name, times in
                                        zip(measured[gib]["models"], rows)}
                            for operation, rows in found.items()}, 2)


def _ratios(page, group, measured, pattern, backing):
    first, *others = group.models
    page.text(f"**Times what {first.label} takes, median (smallest..largest): {pattern} pfns, "
              f"struct pages mapped by {backing} pages**")
    rows = []
    for operation in next(iter(measured.values()))["found"][pattern]:
        for gib, result in measured.items():
            times = dict(zip(result["models"], result["found"][pattern][operation]))
            rows.append([f"{operation}, {gib} GiB",
                         *(microbench.spread(times[first.name], times[model.name])
                           for model in others)])
    page.table(["", *(model.label for model in others)], rows)


def _plot(page, plan, group, results, pattern, operation):
    name = f"conversions-{operation.replace('+', '-')}-{pattern}"
    drawn = []
    with page.figure(name, f"{operation}, {pattern} pfns: ns per pfn") as axes:
        for number, model in enumerate(group.models):
            for backing, style in zip(BACKINGS, ("-", "--")):
                sizes = [gib for gib in _sizes(plan) if _name(gib, backing) in results]
                found = [results[_name(gib, backing)] for gib in sizes]
                times = [microbench.median(one["found"][pattern][operation]
                                           [one["models"].index(model.name)]) for one in found]
                drawn += times
                axes.plot(sizes, times, style, marker="o", color=f"C{number}",
                          label=f"{model.label}, {BACKINGS[backing]}")
        axes.set_xscale("log", base=2)
        axes.set_xticks(_sizes(plan), [str(gib) for gib in _sizes(plan)])
        if max(drawn) > 10 * min(drawn):
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.set_xlabel("memory, GiB")
        axes.set_ylabel("ns per pfn")
        axes.legend()
