# SPDX-License-Identifier: GPL-2.0
"""The kernel's own suites, and stress-ng, have the same results on our kernel as on mainline.

They are the base's, and run on a kernel of each tree with the same config. Each test is compared;
any difference is a failure. Some of the base's tests go now one way, now the other: if there is a
difference, mainline runs them again, and what it does in both ways is told as unsteady. What fails or is skipped on both is counted in the note; the log has a
line for each test, with how it went on our kernel and on mainline.
"""
import dataclasses

import kunitall
import machine
import suiteguest
import suiteresults
from bench import Failed, Skipped, first

from toolbox import write_whole

EVERY_ARCH = True
VARIANTS = ("mainline", "vmemmap")


@dataclasses.dataclass
class Ran:
    """What one kernel did: {test: how it went}, {line of its log: what is wrong}, its log."""
    results: dict
    faults: dict
    log: str


def cases(bench):
    """Return what is short: nothing."""
    return []


def long_cases(bench):
    """Return the suites that the architecture has a guest for, and KUnit's if kunit.py knows it."""
    arch = bench.arch["name"]
    return suiteguest.names(arch) + ([kunitall.NAME] if kunitall.facts(arch) else [])


def check(bench, case):
    """Run a suite on both kernels and compare."""
    reason = machine.lacking(machine.arch_facts(bench.arch["name"]))
    if reason:
        raise Skipped(reason)
    run = _kunit if case == kunitall.NAME else _guest
    theirs, ours = (run(bench, case, variant) for variant in VARIANTS)
    log = bench.log(case)
    write_whole(log, f"# {ours.log}\n# {theirs.log}\n"
                + suiteresults.table(ours.results, theirs.results))
    again = None
    if (suiteresults.compare(ours.results, theirs.results).differences or
            suiteresults.new_faults(ours.faults, theirs.faults)):
        again = run(bench, case, VARIANTS[0])
    return compared(ours, theirs, log, again)


def compared(ours, theirs, log, again=None):
    """Return a note on two kernels that have the same results; raises Failed with log otherwise.

    again: what mainline did in another run.
    """
    found = suiteresults.compare(ours.results, theirs.results, again and again.results)
    new = suiteresults.new_faults(ours.faults, {**theirs.faults, **(again.faults if again else {})})
    first([*found.differences, *(f"{ours.faults[line]}: {line}" for line in new)], log)
    if not found.same.get(suiteresults.PASSED):
        raise Failed(f"no test passes: {found.summary()}", log)
    bad = [name for how in (suiteresults.FAILED, suiteresults.UNFINISHED)
           for name in found.same.get(how, [])]
    note = found.summary() + (f"; bad on both: {', '.join(bad)}" if bad else "")
    known = len(ours.faults) - len(new)
    return note + (f"; {known} lines of the log as in mainline's" if known else "")


def _kunit(bench, _case, variant):
    return Ran(*kunitall.run(bench, variant))


def _guest(bench, case, variant):
    told = suiteguest.Suites(bench).boot(case, variant)
    first([f"{variant}: {problem}" for problem in told.problems], told.log)
    results = suiteresults.of_vmtests(told.lines) | suiteresults.of_vmalloc(told.kernel)
    return Ran(results, told.faults, told.log)
