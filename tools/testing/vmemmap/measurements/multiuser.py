# SPDX-License-Identifier: GPL-2.0
"""Many tasks at once (multiuser).

In a sub-run each task works through a set of 100 jobs in an order of its own, drawn from a weighted
mix of 57 kinds: arithmetic, memory, processes, files, pipes and sockets. The method and the columns
are those of AIM Suite VII, the program is not: compare its figures with each other only. The guest
has one processor, whose clock counts instructions, one a nanosecond: seconds and jobs per minute say
how much there was to execute in user mode and in the kernel together. The first table of a machine
has the part that a memory model can change, what the kernel executes between the marks of a sub-run.
The crossover is where tasks begin to outnumber the jobs per minute. With `AIM=`, what runs is the
AIM Suite VII in that folder.
"""
import dataclasses
import functools

import aim
import count
import layout
from measure_plan import Point, digest

PLACE = 30
WORKS = ("multiuser", "multiuser-kernel")
QUICK = ("multiuser-quick",)
AIM = ("aim",)
AIM_QUICK_TASKS = "2"
# What the largest sub-run is told of, beside loads and calls by name
DETAILS = ("kernel instructions", "kernel loads", "kernel stores", "user instructions")


def _name(group, model, work, run):
    return f"{group.name} {model.name} {work} {run}"


def _works(plan):
    if plan.aim:
        return AIM
    return QUICK if plan.quick else WORKS


def _groups(plan):
    """Returns the groups in which this can run: a built AIM is a program of one architecture."""
    return [group for group in plan.groups if not plan.aim or aim.runs_on(plan.aim, group.arch)]


def _work(plan, name, arch):
    """Returns the count.Work, and what identifies it, for JSON."""
    work = count.load(name, arch.name)
    if not plan.aim:
        return work, digest(count.SOURCE / "count.c", count.SOURCE / f"{name}.toml",
                            layout.BED / "workloads" / "multiuser")
    if plan.quick:
        work = dataclasses.replace(work, env={**work.env, "AIM_TASKS": AIM_QUICK_TASKS})
    return work, [aim.key(plan.aim), work.env,
                  digest(count.SOURCE / "count.c", count.SOURCE / f"{name}.toml")]


def points(plan):
    """Returns the points: each work on each kernel; the last model's first work twice.

    That is to see how it repeats.  Raises Trouble if plan.aim is no folder of a built AIM Suite VII.
    """
    if plan.aim:
        aim.check(plan.aim)
    found = []
    for group in _groups(plan):
        for name in _works(plan):
            work, inputs = _work(plan, name, group.arch)
            for model in group.models:
                for run in (1, 2) if model is group.models[-1] and name == _works(plan)[0] else (1,):
                    found.append(Point(
                        _name(group, model, name, run),
                        functools.partial(_measure, plan, group.arch, work, model.kernel, run),
                        inputs, model.kernel))
    return found


def _measure(plan, arch, work, kernel, run):
    supplies = aim.supplies(plan.aim, arch, kernel.where.tree, plan.build) if plan.aim else None
    return count.Counter(work, arch, plan.build, supplies).run(kernel, run)


def by_tasks(found, figure):
    """Returns {"N tasks": {name of a model: number}}.

    found: {name of a model: result}.  figure(result, number of a sub-run) returns the number.
    """
    rows = {}
    for name, result in found.items():
        for number, row in enumerate(result["rows"]):
            rows.setdefault(f"{row['tasks']:.0f} tasks", {})[name] = figure(result, number)
    return rows


def peak(rows):
    """Returns (most jobs per minute, with how many tasks, crossover).

    rows: of a result.  crossover: the tasks that first outnumber their jobs per minute, or None.
    """
    best = max(rows, key=lambda row: row["jobs_per_minute"])
    over = next((row["tasks"] for row in rows if row["tasks"] > row["jobs_per_minute"]), None)
    return best["jobs_per_minute"], best["tasks"], over


def _peak(rows):
    jobs, tasks, over = peak(rows)
    crossover = f"{over:.0f} tasks" if over else f"beyond {rows[-1]['tasks']:.0f} tasks"
    return f"peak {jobs:.1f} jobs per minute with {tasks:.0f} tasks; crossover {crossover}"


def _write(page, group, work, found):
    """Writes about one work of one group. found: {name of a model: result}."""
    some = next(iter(found.values()))
    page.text(f"{group.title}, {some['about']}. Instructions in the kernel, millions:")
    page.comparison(group, by_tasks(found, lambda result, number: result["parts"][number]["kernel"]
                                    ["instructions"] / 1e6), 3)
    page.text("Seconds of a sub-run:")
    page.comparison(group, by_tasks(found, lambda result, number: result["rows"][number]["real"]), 3)
    labels = {model.name: model.label for model in group.models}
    body = []
    for name, result in found.items():
        for row in result["rows"]:
            body.append([labels[name], f"{row['tasks']:.0f}", f"{row['jobs_per_minute']:.1f}",
                         f"{row['jti']:.1f}", f"{row['real']:.3f}", f"{row['cpu']:.3f}",
                         f"{row['jobs_per_second_per_task']:.4f}"])
    page.table(["model", "Tasks", "Jobs/Min", "JTI", "Real", "CPU", "Jobs/sec/task"], body)
    if len(some["rows"]) > 1:
        page.text("\n".join(f"- {labels[name]}: {_peak(result['rows'])}"
                            for name, result in found.items()))
        with page.figure(f"{work}-{group.name}", f"{group.title}: {work}") as axes:
            for name, result in found.items():
                axes.plot([row["tasks"] for row in result["rows"]],
                          [row["jobs_per_minute"] for row in result["rows"]], marker="o",
                          label=labels[name])
            axes.set_xticks([row["tasks"] for row in some["rows"]])
            axes.set_xlabel("tasks")
            axes.set_ylabel("jobs per minute")
            axes.set_ylim(bottom=0)
            axes.legend()
    last = len(some["parts"]) - 1
    figures = {name: count.figures(result["parts"][last]) for name, result in found.items()}
    names = dict.fromkeys(name for one in figures.values() for name in one
                          if name in DETAILS or name.startswith(("loads ", "calls ")))
    page.text("What was executed in the last sub-run:")
    page.comparison(group, {row: {name: one.get(row) for name, one in figures.items()}
                            for row in names})
    if some["left_out"]:
        page.text(f"Left out: {', '.join(some['left_out'])}.")


def headlines(group, results):
    """Returns {what: {name of a model: number}} for the head of the report: the most tasks."""
    rows = {}
    for name in (WORKS[0], *QUICK, *AIM):
        for model in group.models:
            result = results.get(_name(group, model, name, 1))
            if result:
                for what, figure in count.work(result["parts"][-1]).items():
                    rows.setdefault(f"{name}, {result['rows'][-1]['tasks']:.0f} tasks, {what}",
                                    {})[model.name] = figure
    return rows


def _overview(page, plan, results, work):
    """Draws the change of kernel instructions of all groups against their first models."""
    def executed(group, model):
        result = results.get(_name(group, model, work, 1))
        return result and result["parts"][-1]["kernel"]["instructions"]
    page.changes(f"{work}-all", "Kernel instructions against SPARSEMEM_EXTREME", plan, executed)


def report(page, plan, results):
    """Writes tables and curves of what was measured.

    results: {name of a point: what count.Counter.run() returned}.
    """
    _overview(page, plan, results, _works(plan)[0])
    for group in _groups(plan):
        page.text(f"### {group.title}")
        for work in _works(plan):
            found = {model.name: results[name] for model in group.models
                     if (name := _name(group, model, work, 1)) in results}
            if found:
                _write(page, group, work, found)
            model = group.models[-1]
            runs = [results[name] for run in (1, 2)
                    if (name := _name(group, model, work, run)) in results]
            told = "One run of each kernel"
            if len(runs) == 2:
                told += f"; two of {model.label} differ by {count.spread(runs):.5f} %"
            if found:
                page.text(f"{told}.")
