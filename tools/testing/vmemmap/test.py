#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs every test of this series that can be run here.

test.py --build DIR --base TARBALL [--arch A] [--soak] [--only TEXT] [--jobs N] [--list]

Without --arch every architecture is tested, this machine's own first.  A test is a module of
checks/ (on the host) or a guest of guests/ARCH.  With --soak the guests that have a long form run
in that form, and nothing else.  The last line says how many passed, failed and
were skipped; the status is 1 if any failed.
"""
import argparse
import concurrent.futures
import dataclasses
import functools
import importlib.util
import pathlib
import sys
import time
import typing

import archdata
import boot
import guest
import layout
import machine
from bench import Bench, Failed, Skipped

import compose
from toolbox import Trouble, run_tool, say

GUESTS_AT_ONCE = 2
# Of a failed test's log, lines and columns that are shown
CONTEXT = 14
CONTEXT_WIDTH = 140


@dataclasses.dataclass
class Result:
    """How one test went: passed, failed or skipped, why, and where its log is."""

    name: str
    status: str
    why: str = ""
    log: str = ""


@dataclasses.dataclass
class Test:
    """A test by name; work() returns a note, or raises Failed, Skipped or Trouble.

    needs: (architecture, config, variant) of the kernel that it boots, if it is a guest.
    long: it takes so long that it is skipped unless its last word is asked for.
    """

    name: str
    work: typing.Callable
    needs: tuple = ()
    long: bool = False


def checks(benches):
    """Return the Tests in checks/, each module one, or one for each of its cases.

    A module has check(bench), or cases(bench) and check(bench, case).  With EVERY_ARCH it is
    tested for each of the benches, otherwise with the first.  Cases of
    long_cases(bench) are long tests.
    """
    found = []
    for file in sorted((layout.BED / "checks").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"checks_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        name = file.stem.replace("_", "-")
        if not hasattr(module, "EVERY_ARCH"):
            found.append(Test(name, functools.partial(module.check, benches[0])))
            continue
        for bench in benches:
            full = f"{bench.arch['name']}:{name}"
            if hasattr(module, "cases"):
                long = module.long_cases(bench) if hasattr(module, "long_cases") else []
                found += [Test(f"{full}:{case}", functools.partial(module.check, bench, case),
                               long=case in long)
                          for case in [*module.cases(bench), *long]]
            else:
                found.append(Test(full, functools.partial(module.check, bench)))
    return found


def guests(bench, soak=False):
    """Return a Test for each guest of bench.arch, with each variant that it asks for.

    soak: those that have a long form, in that form.
    """
    every = guest.load_all(bench.arch["name"])
    if soak:
        every = [one.soak for one in every if one.soak]
    return [_guest_test(bench, one, variant) for variant in guest.VARIANTS for one in every
            if variant in one.test_with]


def kernels(benches, tests):
    """Return a Test for each kernel that guests boot: built before, so that guests run alone.

    None for guests that nothing here can boot.
    """
    needed = dict.fromkeys(test.needs for test in tests if test.needs)
    of = {bench.arch["name"]: bench for bench in benches
          if not machine.lacking(machine.arch_facts(bench.arch["name"]))}
    return [Test(_name(arch, "kernel", config, variant),
                 functools.partial(_build, of[arch], config, variant))
            for arch, config, variant in needed if arch in of]


def _name(arch, kind, what, variant):
    return f"{arch}:{kind}:{what}" + ("" if variant == "vmemmap" else f":{variant}")


def _guest_test(bench, one, variant):
    arch = bench.arch["name"]
    return Test(_name(arch, "guest", one.name, variant),
                functools.partial(_boot, bench, one, variant), (arch, one.config, variant))


def _build(bench, config, variant):
    bench.kernel(config, variant).made()


def _boot(bench, one, variant):
    facts = machine.arch_facts(bench.arch["name"])
    reason = machine.lacking(facts)
    if reason:
        raise Skipped(reason)
    built = bench.kernel(one.config, variant)
    built.made()
    where = boot.Place(str(bench.build), str(built.tree), str(built.out), variant)
    outcome = boot.run(one, facts, where)
    if outcome.status == "skipped":
        raise Skipped(outcome.problems[0])
    if outcome.status == "failed":
        raise Failed(outcome.problems[0], outcome.log)
    return boot.summary(outcome).split("  ")[-1]


def short(test, only):
    """Return a test, or what is skipped instead if it is long and only does not ask for it."""
    word = test.name.rpartition(":")[2]
    if not test.long or word in only:
        return test

    def work():
        raise Skipped(f"takes long; make test ONLY={word} runs it")
    return dataclasses.replace(test, work=work)


def attempt(test):
    """Run one test, tell how it went, and return its Result."""
    start = time.monotonic()
    say(f"{test.name}: running")
    try:
        note = test.work() or ""
        result = Result(test.name, "passed", note)
    except Skipped as reason:
        result = Result(test.name, "skipped", str(reason))
    except Failed as reason:
        result = Result(test.name, "failed", str(reason), reason.log)
    except Trouble as reason:
        result = Result(test.name, "failed", str(reason))
    log = f" (log: {result.log})" if result.log else ""
    why = f": {result.why}" if result.why else ""
    print(f"{result.status} {test.name} in {time.monotonic() - start:.0f} s{why}{log}",
          flush=True)
    return result


def run_all(tests):
    """Run tests and return their Results: one at a time, then the guests, several at once."""
    results = [attempt(test) for test in tests if not test.needs]
    with concurrent.futures.ThreadPoolExecutor(GUESTS_AT_ONCE) as pool:
        waiting = [pool.submit(attempt, test) for test in tests if test.needs]
        try:
            results += [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def around(result):
    """Return what a failed test's log has to tell: from the line with the reason, or what comes
    before the first case that is not ok.  [] if it has neither.
    """
    if result.status != "failed" or not pathlib.Path(result.log or "/").is_file():
        return []
    lines = pathlib.Path(result.log).read_text(encoding="utf-8", errors="replace").splitlines()
    said = result.why.rpartition(": ")[2].removesuffix("...")
    told = [number for number, line in enumerate(lines) if said in line]
    bad = [number for number, line in enumerate(lines) if "not ok " in line]
    if told:
        first = told[0]
    elif bad:
        first = max(bad[0] + 1 - CONTEXT, 0)
    else:
        return []
    return [line[:CONTEXT_WIDTH] for line in lines[first:first + CONTEXT]]


def summarise(results):
    """Print the failures again and the one line that ends a run; return the exit status."""
    count = {status: sum(result.status == status for result in results)
             for status in ("passed", "failed", "skipped")}
    for result in results:
        for line in around(result):
            print(f"  {result.name}: {line}")
    for result in results:
        if result.status == "failed":
            log = f" (log: {result.log})" if result.log else ""
            print(f"FAILED {result.name}: {' '.join(result.why.split())}{log}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped",
          flush=True)
    return 1 if count["failed"] else 0


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    compose.base_arguments(parser)
    parser.add_argument("--arch", default="", help="only this architecture")
    parser.add_argument("--soak", action="store_true", help="guests that take long")
    parser.add_argument("--only", default="", help="only tests with this in their name")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="only tell the tests' names")
    options = parser.parse_args()
    compose.check_base(options)
    arches = [archdata.load(options.arch)["name"]] if options.arch else archdata.natural_order()
    try:
        bench = Bench(options.build, options.base, options.version, arches[0], options.jobs)
        benches = [bench, *(bench.of(arch) for arch in arches[1:])]
        every = [] if options.soak else checks(benches)
        every += [test for each in benches for test in guests(each, options.soak)]
    except Trouble as trouble:
        return summarise([Result("compose", "failed", str(trouble))])
    tests = [short(test, options.only) for test in every if options.only in test.name]
    tests = kernels(benches, tests) + tests
    if not tests:
        raise Trouble(f"ONLY={options.only} is in no test's name; there are: "
                      f"{' '.join(test.name for test in every)}")
    if options.list:
        print("\n".join(test.name for test in tests))
        return 0
    return summarise(run_all(tests))


if __name__ == "__main__":
    run_tool(main)
