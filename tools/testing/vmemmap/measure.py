#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares the memory models: builds their kernels, measures, and writes one report.

	measure.py --build BUILD --base TARBALL [--quick] [--arch A] [--only TEXT] [--aim FOLDER]
		[--report]

What is compared is in models.toml, what is measured in measurements/: each module there has
PLACE, its place in the report; points(plan), what there is to measure; and report(page, plan,
results), which writes about it; UNBOOTED = True if it has a use for kernels that cannot be booted
here, and headlines(group, results) if the head of the report is to have some of its figures. One
that has kernels of its own, and no use for the groups', has kernels_of(plan) and their ARCH.
measure_plan.py has what they are given.

The report is BUILD/bench/report.md, with --quick BUILD/bench/quick/report.md.  What has been
measured is kept beside it, and measured again only when its kernel or its inputs have changed.
With --report it is written of what there is, and says what is missing.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import importlib
import inspect
import json
import os
import re
import shlex
import threading
import time

import aim
import configure
import layout
import machine
import measure_plan
from count import change
from kernel import Kernel
from page import Page
from toolbox import Trouble, output, run_tool, say, write_whole

import compose

FOLDER = layout.BED / "measurements"
# Counted guests do not disturb each other; they have one processor each.
BESIDE = 2


def measurements(only=""):
    """Returns the modules of measurements/ in their order.

    only: those whose name has this text.  Raises Trouble if there is none.
    """
    names = sorted(file.stem for file in FOLDER.glob("[!_]*.py"))
    modules = [importlib.import_module(f"measurements.{name}") for name in names if only in name]
    if not modules:
        raise Trouble(f"ONLY={only}: no such measurement; known: {', '.join(names)}")
    return sorted(modules, key=lambda module: module.PLACE)


def name_of(module):
    """Returns the name of a measurement."""
    return module.__name__.rpartition(".")[2]


def kernel_key(kernel):
    """Returns what identifies a count.Kernel that is built, or None for none."""
    if not kernel:
        return None
    return {"built": measure_plan.built(kernel), "cmdline": kernel.cmdline, "guest": kernel.guest}


class Store:
    """Results in a folder, one file for each point."""

    def __init__(self, folder):
        self.folder = folder

    def _path(self, measurement, point):
        return os.path.join(self.folder, measurement, re.sub(r"[^\w.-]+", "-", point.name) + ".json")

    @staticmethod
    def _key(point):
        whole = json.dumps([point.inputs, kernel_key(point.kernel)], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def find(self, measurement, point):
        """Returns the result of a point if it was measured like this before, or None."""
        try:
            with open(self._path(measurement, point), encoding="utf-8") as file:
                kept = json.load(file)
            return kept["result"] if kept["key"] == self._key(point) else None
        except (OSError, ValueError):
            # not measured, or its kernel is not built
            return None

    def keep(self, measurement, point, result):
        """Keeps the result of a point."""
        write_whole(self._path(measurement, point), json.dumps(
            {"key": self._key(point), "result": result}, indent=1) + "\n")


class Run:
    """Measures points, with progress; what fails does not stop the others."""

    def __init__(self, store):
        """store: a Store."""
        self.store = store
        self.failed = {}
        self._done = 0
        self._all = 0
        self._lock = threading.Lock()

    def _one(self, measurement, point):
        start = time.monotonic()
        try:
            self.store.keep(measurement, point, point.measure())
            end = "done"
        except (Trouble, OSError) as trouble:
            end = f"FAILED: {' '.join(str(trouble).split())}"
            self.failed[f"{measurement}: {point.name}"] = end.removeprefix("FAILED: ")
        with self._lock:
            self._done += 1
            say(f"[{self._done}/{self._all}] {measurement}: {point.name}: {end}, "
                f"{time.monotonic() - start:.0f} s")

    def all(self, wanted):
        """Measures what the store does not have yet.

        wanted: [(name of a measurement, Point)].
        """
        todo = [(name, point) for name, point in wanted if self.store.find(name, point) is None]
        self._all = len(todo)
        say(f"{len(wanted)} points, {len(wanted) - len(todo)} of them measured before")
        with concurrent.futures.ThreadPoolExecutor(BESIDE) as pool:
            work = [pool.submit(self._one, *item) for item in todo if not item[1].alone]
            try:
                for one in concurrent.futures.as_completed(work):
                    one.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for item in todo:
            if item[1].alone:
                self._one(*item)


def build(plan, modules, tarball, jobs):
    """Composes the trees and builds the kernels that a plan and its measurements need.

    Raises Trouble.
    """
    needed = {(model.kernel.where.variant, group.arch.name, model.kernel.config)
              for group in plan.compiled for model in group.models}
    for module in modules:
        if not has_groups(module):
            needed |= {(kernel.where.variant, module.ARCH, kernel.config)
                       for kernel in module.kernels_of(plan)}
    trees = {variant: compose.tree(plan.build, tarball, plan.base_version, variant)
             for variant in sorted({variant for variant, _, _ in needed})}
    for variant, arch, config in sorted(needed):
        Kernel(plan.build, trees[variant], variant, arch, config, jobs=jobs).made()


def has_groups(module):
    """Returns whether a measurement is of the groups of models.toml, not of kernels of its own."""
    return not hasattr(module, "kernels_of")


def make_plan(options, modules):
    """Returns the Plan that the options stand for, and {title of a group: what it lacks and why}.

    modules: measurements.  Raises Trouble if nothing can be measured, and for a folder that is no
    built AIM.
    """
    build_dir = os.path.abspath(options.build)
    everything = measure_plan.groups(build_dir, options.version)
    arch = options.arch and machine.arch_facts(options.arch).name
    if not any(map(has_groups, modules)):
        everything = ()
    lacking = {}
    why = "no group of models.toml is of that architecture"
    chosen, unbooted = [], []
    for group in everything:
        if arch and group.arch.name != arch:
            continue
        reason = machine.lacking(group.arch)
        if reason:
            why = reason
            lacking[group.title] = f"no guest was booted: {reason}"
            if any(getattr(module, "UNBOOTED", False) for module in modules):
                unbooted.append(group)
        else:
            chosen.append(group)
    if options.aim:
        aim.check(options.aim)
    if everything and not chosen and not unbooted:
        raise Trouble(f"nothing can be measured: {why}")
    return measure_plan.Plan(options.quick, build_dir, options.version, tuple(chosen),
                             os.path.abspath(options.aim) if options.aim else "",
                             tuple(unbooted)), lacking


def what_is_built(plan, lacking):
    """Returns a Plan without the kernels that are not built; lacking is told of them."""
    def built(groups):
        for group in groups:
            there = tuple(model for model in group.models if
                          os.path.exists(os.path.join(model.kernel.where.kernel, "built.json")))
            if absent := [model.label for model in group.models if model not in there]:
                lacking[group.title] = f"no kernel was built of {', '.join(absent)}"
            # one alone, or others without the first one, cannot be compared
            if len(there) > 1 and there[0] is group.models[0]:
                yield dataclasses.replace(group, models=there)
    return dataclasses.replace(plan, groups=tuple(built(plan.groups)),
                               unbooted=tuple(built(plan.unbooted)))


def _config(kernel):
    with open(os.path.join(kernel.where.kernel, ".config"), encoding="utf-8") as file:
        return file.read()


def _compiler(kernel):
    found = re.search(r'^CONFIG_CC_VERSION_TEXT="(.*)"$', _config(kernel), re.M)
    return found[1] if found else "-"


def _emulator(arch):
    program = machine.emulator(arch)
    return output([program, "--version"]).splitlines()[0] if program else "-"


def _head(page, plan, lacking, command):
    page.text("<!-- SPDX-License-Identifier: GPL-2.0 -->")
    page.text("# Memory models side by side")
    page.text(f"Base: Debian's linux-source-6.1 {plan.base_version}. Made by `{command}`. "
              "All numbers are of guests under QEMU's TCG unless a section says otherwise: what is "
              "counted repeats, and says how much work there was, not how long a certain machine "
              "takes for it. A string instruction counts as one, its repetitions are loads and "
              "stores: on x86_64 a `memset()` that is called stores single bytes, one that the "
              "compiler has put inline eight at a time. Percentages are of the first model of a "
              "table; less is better but for jobs per minute.")
    if not plan.compiled:
        return
    page.table(["machine", "config", "kernels compiled by", "guests run by"], [
        [group.title, f"{group.arch.name}/{group.models[0].kernel.config}",
         _compiler(group.models[0].kernel), _emulator(group.arch)] for group in plan.compiled])
    page.text("`make kernel ARCH= CONFIG= VARIANT=` builds one of the kernels. Those that are "
              "compared have the same config but for:")
    rows = []
    for group in plan.compiled:
        first = group.models[0]
        for model in group.models[1:]:
            if model.kernel.where == first.kernel.where:
                continue
            options = configure.differences(_config(first.kernel), _config(model.kernel))
            rows.append([group.title, f"{first.label}, {model.label}", ", ".join(
                option.removeprefix("CONFIG_") for option in options) or "none"])
    page.table(["machine", "models", "options that differ"], rows)
    for title, reason in lacking.items():
        page.text(f"{title}: {reason}.")


def summary(page, plan, modules, results):
    """Writes what the models that have a peer come to, against it and against the first."""
    rows = {}
    for group in plan.groups:
        labels = {model.name: model.label for model in group.models}
        first = group.models[0]
        for name, peer in group.peers.items():
            head = (labels.get(name), first.label, labels.get(peer))
            for module in modules if None not in head else ():
                found = module.headlines(group, results[name_of(module)]) if hasattr(
                    module, "headlines") else {}
                for what, row in found.items():
                    if row.get(name) is not None:
                        rows.setdefault(head, []).append([
                            f"{group.title}: {what}", change(row.get(first.name), row[name]),
                            change(row.get(peer), row[name])])
    if not rows:
        return
    page.text("## In short")
    for (label, first, peer), body in rows.items():
        page.text(f"{label}, % change (-ve good):")
        page.table(["", f"against {first}", f"against {peer}"], body)


def write_report(plan, lacking, modules, results, failed, folder, command):
    """Writes the report and returns its path.

    results: {name of a measurement: {name of a point: result}}.  failed: {what: why}.
    """
    page = Page(folder)
    _head(page, plan, lacking, command)
    summary(page, plan, modules, results)
    for module in modules:
        title, _, introduction = inspect.getdoc(module).partition("\n")
        page.text(f"## {title.rstrip('.')}")
        page.text(introduction)
        module.report(page, plan, results[name_of(module)])
    for why in dict.fromkeys(failed.values()):
        names = ", ".join(what for what in failed if failed[what] == why)
        page.text(f"Not measured: {names}: {why}.")
    return page.write()


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    compose.base_arguments(parser)
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("--arch", default="", help="only this architecture")
    parser.add_argument("--only", default="", help="only measurements with this in their name")
    parser.add_argument("--aim", default="", help="folder of a built AIM Suite VII")
    parser.add_argument("--report", action="store_true",
                        help="only write the report of what has been measured")
    parser.add_argument("--jobs", type=int, default=0, help="processes at a time for builds")
    options = parser.parse_args()
    compose.check_base(options)
    return options


def _command(options):
    words = ["make", "bench-quick" if options.quick else "bench"]
    words += [f"{name}={value}" for name, value in (("ARCH", options.arch), ("ONLY", options.only),
                                                    ("AIM", options.aim and "FOLDER")) if value]
    return shlex.join([*words, f"BASE={options.version}"])


def main():
    """The program; returns its exit status."""
    options = _arguments()
    modules = measurements(options.only)
    if options.arch:
        arch = machine.arch_facts(options.arch).name
        modules = [module for module in modules if getattr(module, "ARCH", arch) == arch]
    plan, lacking = make_plan(options, modules)
    if options.report:
        plan = what_is_built(plan, lacking)
    else:
        build(plan, modules, options.base, options.jobs)
    folder = os.path.join(plan.build, "bench", *(["quick"] if plan.quick else []))
    store = Store(os.path.join(folder, "results"))
    wanted = [(name_of(module), point) for module in modules for point in module.points(plan)]
    run = Run(store)
    if not options.report:
        run.all(wanted)
    results = {name_of(module): {} for module in modules}
    for name, point in wanted:
        result = store.find(name, point)
        if result is not None:
            results[name][point.name] = result
        else:
            run.failed.setdefault(f"{name}: {point.name}", "not tried yet")
    print(write_report(plan, lacking, modules, results, run.failed, folder, _command(options)))
    if options.report:
        say(f"{len(run.failed)} of {len(wanted)} points have not been measured")
        return 0
    for what, why in run.failed.items():
        say(f"not measured: {what}: {why}")
    return 1 if run.failed else 0


if __name__ == "__main__":
    run_tool(main)
