#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Runs every test of this series that can be run here.

test.py --build DIR --base TARBALL [--arch A] [--only TEXT] [--jobs N] [--list]

A test is a module of checks/ (on the host) or a guest of guests/ARCH.  The last line says how
many passed, failed and were skipped; the status is 1 if any failed.
"""
import argparse
import concurrent.futures
import dataclasses
import importlib.util
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


@dataclasses.dataclass
class Result:
    """How one test went: passed, failed or skipped, why, and where its log is."""

    name: str
    status: str
    why: str = ""
    log: str = ""


@dataclasses.dataclass
class Test:
    """A test by name; work(bench) returns a note, or raises Failed, Skipped or Trouble.

    needs: config and variant of the kernel that it boots, if it is a guest.
    """

    name: str
    work: typing.Callable
    needs: tuple = ()


def checks(bench):
    """Return the Tests in checks/, each module one, or one for each of its cases.

    A module has check(bench), or cases(bench) and check(bench, case).
    """
    found = []
    for file in sorted((layout.BED / "checks").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"checks_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        name = file.stem.replace("_", "-")
        if hasattr(module, "cases"):
            found += [Test(f"{name}:{case}", lambda b, m=module, c=case: m.check(b, c))
                      for case in module.cases(bench)]
        else:
            found.append(Test(name, module.check))
    return found


def guests(bench):
    """Return a Test for each guest of the architecture, with each variant that it asks for."""
    every = guest.load_all(bench.arch["name"])
    return [_guest_test(one, variant) for variant in guest.VARIANTS for one in every
            if variant in one.test_with]


def kernels(tests):
    """Return a Test for each kernel that guests boot: built before, so that guests run alone."""
    needed = dict.fromkeys(test.needs for test in tests if test.needs)
    return [Test(f"kernel:{config}" + ("" if variant == "vmemmap" else f":{variant}"),
                 lambda bench, c=config, v=variant: bench.kernel(c, v).made() and "")
            for config, variant in needed]


def _guest_test(one, variant):
    suffix = "" if variant == "vmemmap" else f":{variant}"
    return Test(f"guest:{one.name}{suffix}", lambda bench: _boot(bench, one, variant),
                needs=(one.config, variant))


def _boot(bench, one, variant):
    facts = machine.arch_facts(bench.arch["name"])
    if not machine.emulator(facts):
        raise Skipped(f"{facts.binary} is not on PATH")
    built = bench.kernel(one.config, variant)
    built.made()
    where = boot.Place(str(bench.build), str(built.tree), str(built.out), variant)
    outcome = boot.run(one, facts, where)
    if outcome.status == "skipped":
        raise Skipped(outcome.problems[0])
    if outcome.status == "failed":
        raise Failed(outcome.problems[0], outcome.log)
    return boot.summary(outcome).split("  ")[-1]


def attempt(test, bench):
    """Run one test, tell how it went, and return its Result."""
    start = time.monotonic()
    say(f"{test.name}: running")
    try:
        note = test.work(bench) or ""
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


def run_all(tests, bench):
    """Run tests and return their Results: one at a time, then the guests, several at once."""
    results = [attempt(test, bench) for test in tests if not test.needs]
    with concurrent.futures.ThreadPoolExecutor(GUESTS_AT_ONCE) as pool:
        waiting = [pool.submit(attempt, test, bench) for test in tests if test.needs]
        try:
            results += [future.result() for future in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def summarise(results):
    """Print the failures again and the one line that ends a run; return the exit status."""
    count = {status: sum(result.status == status for result in results)
             for status in ("passed", "failed", "skipped")}
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
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--only", default="", help="only tests with this in their name")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="only tell the tests' names")
    options = parser.parse_args()
    compose.check_base(options)
    archdata.load(options.arch)
    try:
        bench = Bench(options.build, options.base, options.version, options.arch, options.jobs)
        every = checks(bench) + guests(bench)
    except Trouble as trouble:
        return summarise([Result("compose", "failed", str(trouble))])
    tests = [test for test in every if options.only in test.name]
    tests = kernels(tests) + tests
    if not tests:
        raise Trouble(f"ONLY={options.only} is in no test's name; there are: "
                      f"{' '.join(test.name for test in every)}")
    if options.list:
        print("\n".join(test.name for test in tests))
        return 0
    return summarise(run_all(tests, bench))


if __name__ == "__main__":
    run_tool(main)
