# SPDX-License-Identifier: GPL-2.0
"""Compiling a part of a kernel (kernbench).

Make and gcc, Debian's for the guest's own architecture, compile objects of the base's own tree in
the guest, the same for all models, with the command lines that kbuild made for them; kbuild itself
does not run. Each run starts clean, as kernbench's do. The guest has one processor, so kernbench's
optimal load, four jobs for each, is -j4. Files are in memory all the time; so what is not counted to
begin with is one object, and no whole run as with kernbench.

The guest's clock counts instructions, one a nanosecond: the seconds of User, System and Total say
what was executed between the beginning and the end of a run. Elapsed and the rest are what the
guest's kernel tells, which shares its time out between User and System by looking every few
milliseconds, so its own User and System are rough. Loads take turns, and numbers are means of the
runs of a load. Another boot of a kernel repeats them, but from run to run jobs meet in other orders,
and so they do with another kernel: what differs by less than the spread says nothing. What the
allocators have at hand when a run begins is chance, too, and may stay so for all runs of a boot. So
there are boots with a little less memory where that matters, and means are of the runs of all.

Debian has no compiler that runs on ia64. There `buildlike` takes its place, which compiles nothing:
a make that starts chains of programs that read the same kind of sources, take them apart in growing
memory, and write objects. Compare its figures with each other only.
"""
import dataclasses
import functools
import hashlib
import json
import os
import re
import statistics
import tomllib

import archdata
import compileset
import count
import guest
import layout
import toolimage
import workload
from measure_plan import Point, digest
from toolbox import Trouble, lock, write_whole

PLACE = 20
SOURCE = layout.BED / "kernbench"
LOADS = (1, 2, 4)
RUNS = 3
AGAIN = "again"                         # a boot that is the first one once more
QUICK = (2,)
TOLD = {"elapsed": "Elapsed", "percent": "Percent CPU", "switches": "Context Switches",
        "sleeps": "Sleeps"}


def data():
    """Returns kernbench/image.toml."""
    with open(SOURCE / "image.toml", "rb") as file:
        return tomllib.load(file)


def rows_of(lines):
    """Returns a dict for each run that a guest's console tells of: "jobs" and what timed told."""
    rows = []
    for line in lines:
        text = line.partition("guest| ")[2].rstrip()
        if begin := re.fullmatch(r"# load (\d+)", text):
            rows.append({"jobs": int(begin[1])})
        elif (told := re.fullmatch(r"timed: (\w+) ([\d.]+)", text)) and rows:
            rows[-1][told[1]] = float(told[2])
    return rows


class Guests:
    """What guests of one architecture compile, and what with."""

    def __init__(self, plan, arch):
        """plan: a measure_plan.Plan; arch: a machine.Arch.  Raises Trouble."""
        self.build = plan.build
        self.arch = arch
        facts = data()
        compiled = facts["compiled"]
        # one of those that are measured, so it is there
        kernel = count.parse(f"{compiled['variant']}:{compiled['config']}", plan.build,
                             plan.base_version, arch.name).where
        self.set = compileset.CompileSet(kernel.tree, kernel.kernel,
                                         compiled["quick" if plan.quick else "objects"])
        self.real = arch.name in facts["toolchain"]
        self.packages = []
        self._archives = []
        if self.real:
            image, self.packages = toolimage.make(facts["toolchain"], arch.name, plan.build)
            self._archives.append(image)
        self._archives.append(self._sources())

    def _sources(self):
        """Writes the archive with what is compiled, unless it is there; returns its path."""
        more = {"Makefile": self.set.makefile()} if self.real else {"units": self.set.units()}
        whole = self.set.archive({f"{compileset.OBJECTS}/{name}": text.encode()
                                  for name, text in more.items()})
        path = os.path.join(self.build, "user", self.arch.name,
                            f"compiled-{hashlib.sha256(whole).hexdigest()[:12]}.cpio")
        with lock(f"{path}.lock"):
            if not os.path.exists(path):
                write_whole(path, whole)
        return path

    def key(self):
        """Returns what identifies all that guests work with, for JSON."""
        return [*map(os.path.basename, self._archives), *self.packages,
                digest(SOURCE, workload.SOURCE / "timed", workload.SOURCE / "buildlike")]

    def about(self):
        """Returns {what: number or list} that tells what is compiled, for JSON."""
        lines, files, size = self.set.size()
        return {"objects": list(self.set.objects), "lines": lines, "files": files, "bytes": size,
                "packages": self.packages, "real": self.real}

    def supplies(self, kernel):
        """Returns the count.Supplies of one kernel's guest.  Raises Trouble."""
        programs = {"timed": workload.build(self.arch, kernel.where.tree, self.build, "timed"),
                    "kernbench": str(SOURCE / "run") if self.real else workload.build(
                        self.arch, kernel.where.tree, self.build, "buildlike")}
        return count.Supplies(programs, tuple(self._archives), rows_of)


def _name(group, model, boot):
    return f"{group.name} {model.name} {boot}"


def boots(arch, quick=False):
    """Returns {number of a boot: bytes of memory that it has less than the first}.

    arch: the name of an architecture.  quick: only the first.
    """
    less = [] if quick else archdata.load(arch)["count"].get("less_memory", [])
    return {1: 0, **{boot: guest.size(size) for boot, size in enumerate(less, 2)}}


def all_boots(results, group, model):
    """Returns the result of a kernel with the runs of all boots that there are, or None.

    results: {name of a point: result}.
    """
    found = [results[name] for boot in boots(group.arch.name)
             if (name := _name(group, model, boot)) in results]
    if not found:
        return None
    return {**found[0], **{what: [run for result in found for run in result[what]]
                           for what in ("rows", "parts")}}


def points(plan):
    """Returns the points: the boots of each kernel.

    The first one of the last model of each architecture's first group is repeated, to see how well;
    with --quick it is not.
    """
    found = []
    guests = {}
    for group in plan.groups:
        again = group.arch.name not in guests and not plan.quick
        if group.arch.name not in guests:
            guests[group.arch.name] = _guests(plan, group.arch)
        ours = guests[group.arch.name]
        work = _work(plan, group.arch)
        inputs = [work.env, digest(count.SOURCE / "count.c", count.SOURCE / "kernbench.toml"),
                  ours.key() if isinstance(ours, Guests) else str(ours)]
        for model in group.models:
            these = boots(group.arch.name, plan.quick)
            if again and model is group.models[-1]:
                these[AGAIN] = 0
            for boot, less in these.items():
                this = dataclasses.replace(work, memory=work.memory - less)
                found.append(Point(_name(group, model, boot), functools.partial(
                    _measure, plan, ours, this, model.kernel, boot),
                    inputs + [less] * bool(less), model.kernel))
    return found


def _guests(plan, arch):
    """Returns Guests, or the Trouble that each point of the architecture is to tell."""
    try:
        return Guests(plan, arch)
    except Trouble as trouble:
        return trouble
    except OSError as error:
        return Trouble(f"{error.filename}: {error.strerror}; is the tree of the kernel that is "
                       "compiled whole?")


def _work(plan, arch):
    """Returns the count.Work: which loads, in turns."""
    work = count.load("kernbench", arch.name)
    loads = ",".join(map(str, QUICK if plan.quick else LOADS * RUNS))
    return dataclasses.replace(work, env={**work.env, "KERNBENCH_LOADS": loads})


def _measure(plan, guests, work, kernel, boot):
    if isinstance(guests, Trouble):
        raise guests
    result = count.Counter(work, guests.arch, plan.build, guests.supplies(kernel)).run(kernel, boot)
    if len(result["rows"]) != len(result["parts"]):
        raise Trouble(f"{kernel.label}: {len(result['rows'])} runs were told, "
                      f"{len(result['parts'])} were counted")
    return {**result, "compiled": guests.about()}


def seconds(part, mode):
    """Returns what a part executed in "kernel" or "user" mode, in seconds of the guest's clock."""
    return (part[mode]["instructions"] + part[mode]["repeats"]) / 1e9


def runs_of(result):
    """Returns {"-j" and the jobs of a load: [(row, part) of each run of it]}."""
    runs = {}
    for row, part in zip(result["rows"], result["parts"]):
        runs.setdefault(f"-j{row['jobs']:.0f}", []).append((row, part))
    return runs


def tables(found):
    """Returns the rows of three tables for page.comparison(): seconds, numbers, instructions.

    found: {name of a model: result}.  All are means of the runs of a load.
    """
    times, numbers, executed = {}, {}, {}

    def put(table, what, name, values):
        table.setdefault(what, {})[name] = statistics.mean(values)
    for name, result in found.items():
        for load, runs in runs_of(result).items():
            parts = [part for _, part in runs]
            user, system = ([seconds(part, mode) for part in parts] for mode in ("user", "kernel"))
            put(times, f"{load} User", name, user)
            put(times, f"{load} System", name, system)
            put(times, f"{load} Total", name, map(sum, zip(user, system)))
            for key, title in TOLD.items():
                put(times if key == "elapsed" else numbers, f"{load} {title}", name,
                    [row[key] for row, _ in runs])
            for mode, what in (("kernel", "instructions"), ("user", "instructions"),
                               ("kernel", "loads"), ("kernel", "stores")):
                put(executed, f"{load} {mode} {what}", name,
                    [part[mode][what] / 1e6 for part in parts])
    return times, numbers, executed


def spreads(found):
    """Returns {load: [largest difference of System between its runs, in percent of the mean]}.

    found: {name of a model: result}.  The lists are in the order of the models.
    """
    rows = {}
    for result in found.values():
        for load, runs in runs_of(result).items():
            system = [seconds(part, "kernel") for _, part in runs]
            rows.setdefault(load, []).append(
                f"{(max(system) - min(system)) * 100 / statistics.mean(system):.2f}")
    return rows


def _write(page, group, found):
    """Writes about one group. found: {name of a model: result}."""
    about = next(iter(found.values()))["compiled"]
    what = (f"{len(about['objects'])} objects, {about['lines']} lines of source; with headers "
            f"{about['files']} files, {about['bytes'] / 1e6:.1f} MB")
    if about["real"]:
        tools = ", ".join(name.removesuffix(".deb").rpartition("_")[0].replace("_", " ")
                          for name in about["packages"] if re.match("gcc|binutils-[^c]|make", name))
        page.text(f"Compiled by {tools}: {what} (`{' '.join(about['objects'])}`).")
    else:
        page.text(f"Not compiled, but worked through by buildlike: {what}.")
    times, numbers, executed = tables(found)
    page.text("Seconds of the guest's clock:")
    page.comparison(group, times, 3)
    page.text("What the guest's kernel tells of it:")
    page.comparison(group, numbers)
    page.text("Largest difference of System between the runs of a load, % of their mean:")
    labels = {model.name: model.label for model in group.models}
    page.table(["", *(labels[name] for name in found)],
               [[load, *row] for load, row in spreads(found).items()])
    page.text("Millions of instructions, string instructions as one, and of loads and stores, each "
              "repetition among them:")
    page.comparison(group, executed, 3)


def headlines(group, results):
    """Returns {what: {name of a model: number}} for the head of the report: means of all runs."""
    rows = {}
    for model in group.models:
        parts = (all_boots(results, group, model) or {"parts": []})["parts"]
        for part in parts:
            user, system = seconds(part, "user"), seconds(part, "kernel")
            for what, figure in {"System": system, "Total": user + system,
                                 **count.work(part)}.items():
                row = rows.setdefault(f"kernbench {what}", {})
                row[model.name] = row.get(model.name, 0) + figure / len(parts)
    return rows


def _overview(page, plan, results):
    """Draws the change of System in all groups against their first models, of all runs together."""
    def system(group, model):
        result = all_boots(results, group, model)
        return result and statistics.mean(seconds(part, "kernel") for part in result["parts"])
    page.changes("kernbench-all", "System time against SPARSEMEM_EXTREME", plan, system)


def report(page, plan, results):
    """Writes tables of what was measured.

    results: {name of a point: what count.Counter.run() returned, and "compiled"}.
    """
    _overview(page, plan, results)
    for group in plan.groups:
        found = {model.name: result for model in group.models
                 if (result := all_boots(results, group, model))}
        if not found:
            continue
        page.text(f"### {group.title}")
        _write(page, group, found)
        model = group.models[-1]
        same = [results[name] for boot in (1, AGAIN)
                if (name := _name(group, model, boot)) in results]
        number = max(map(len, runs_of(next(iter(found.values()))).values()))
        told = f"Runs of each load on each kernel: {number}"
        if len(same) == 2:
            told += f"; two boots of {model.label} alike differ by {count.spread(same):.5f} %"
        page.text(f"{told}.")
