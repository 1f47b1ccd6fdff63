# SPDX-License-Identifier: GPL-2.0
"""Results of the kernel's own suites: {test: how it went}, and two kernels' results compared."""
import dataclasses
import re

PASSED, FAILED, SKIPPED, UNFINISHED = "passes", "fails", "is skipped", "does not end"

_VERDICTS = {"[PASS]": PASSED, "[FAIL]": FAILED, "[SKIP]": SKIPPED}
# A command that a script starts: programs have lines like that, too
_TITLE = re.compile(r"running ((?:sudo .*)?\./.*|stress-ng .*)")
_TAP = re.compile(r"(not )?ok \d+ *(?:- )?(.*)")
_SKIP = re.compile(r"# *SKIP\b.*", re.I)
# A harness that leaves the name out of a skipped result
_RUN = re.compile(r"# +RUN +(\S+) \.\.\.")
_NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{6,}\b|\d+")
_VMALLOC = re.compile(r"Summary: (\w+) passed: (\d+) failed: (\d+)")
_KUNIT = {"PASS": PASSED, "SKIP": SKIPPED}


@dataclasses.dataclass
class Comparison:
    """differences: a line for each; same: {how it went: the tests that did so on both kernels};
    added: the tests that only our kernel has, which do not fail; unsteady: those that went in two
    ways on mainline, and on ours in one of them.
    """
    differences: list
    same: dict
    added: list
    unsteady: list

    def summary(self):
        """Returns the figures in one line."""
        told = [f"{len(names)} {how.replace('passes', 'pass').replace('is ', 'are ')}"
                for how, names in self.same.items()]
        text = f"{', '.join(told) or 'no test'} on both"
        text += f", {len(self.added)} more of our own" if self.added else ""
        return text + (f"; unsteady on mainline: {', '.join(self.unsteady)}" if self.unsteady else "")


def _put(results, name, how):
    """Keeps the result of a test; one whose name was there before gets a number."""
    unique, number = name, 1
    while unique in results:
        number += 1
        unique = f"{name} ({number})"
    results[unique] = how


def _tap(line, title, started, results):
    """Takes in a line of TAP, if it is one; returns whether it is."""
    found = _TAP.fullmatch(line)
    if not found:
        return False
    # what is measured is no part of a name
    name = re.sub(r"\d+", "N", _SKIP.sub("", found[2]).strip()) or started or "a case"
    how = SKIPPED if _SKIP.search(found[2]) else FAILED if found[1] else PASSED
    _put(results, f"{title}: {name}", how)
    return True


def of_vmtests(lines):
    """Returns the results that run_vmtests.sh, or a script like it, told in lines: of each command
    that it ran, and of each case that a command told by TAP.
    """
    results = {}
    title = started = ""
    for text in lines:
        line = text.strip()
        if begun := _TITLE.fullmatch(line):
            title = begun[1]
            results[title] = UNFINISHED
        elif title and line in _VERDICTS:
            results[title] = _VERDICTS[line]
            title = ""
        elif title and not _tap(line, title, started, results):
            if run := _RUN.match(line):
                started = run[1]
    return results


def of_vmalloc(lines):
    """Returns the results that test_vmalloc told in lines of the kernel's log: its script in the
    suite passes whatever they are.
    """
    found = [told for line in lines if (told := _VMALLOC.search(line))]
    return {f"test_vmalloc: {told[1]}": PASSED if int(told[2]) and not int(told[3]) else FAILED
            for told in found}


def of_kunit(group, path=""):
    """Returns the results in a group of kunit.py's JSON, its groups inside included.

    Raises KeyError if it is none.
    """
    results = {}
    for inner in group["sub_groups"]:
        for name, how in of_kunit(inner, f"{path}{inner['name']}.").items():
            _put(results, name, how)
    for case in group["test_cases"]:
        _put(results, f"{path}{case['name']}", _KUNIT.get(case["status"], FAILED))
    return results


def compare(ours, theirs, again=None):
    """Compares results of our kernel with mainline's; returns a Comparison.

    again: results of another run of mainline's.  A test that only our kernel has may pass or be
    skipped; all else that differs from both of mainline's is a difference.
    """
    found = Comparison([], {}, [], [])
    for name in {**theirs, **ours}:
        if again and again.get(name) != theirs.get(name) and (
                ours.get(name) in (theirs.get(name), again.get(name))):
            found.unsteady.append(name)
        elif name not in ours:
            found.differences.append(f"{name} {theirs[name]} on mainline, is not there on ours")
        elif name not in theirs and ours[name] in (PASSED, SKIPPED):
            found.added.append(name)
        elif name not in theirs:
            found.differences.append(f"{name} {ours[name]}, is not there on mainline")
        elif ours[name] != theirs[name]:
            found.differences.append(f"{name} {ours[name]}, {theirs[name]} on mainline")
        else:
            found.same.setdefault(ours[name], []).append(name)
    return found


def table(ours, theirs):
    """Returns a text, a line for each test: how it went on our kernel, on mainline, its name."""
    rows = [(ours.get(name, "is not there"), theirs.get(name, "is not there"), name)
            for name in {**theirs, **ours}]
    return "".join(f"{'  ' if one == other else '! '}{one:13} {other:13} {name}\n"
                   for one, other, name in rows)


def new_faults(ours, theirs):
    """Returns the lines of a kernel's log in ours that theirs has not, numbers aside."""
    def plain(line):
        return _NUMBER.sub("N", line)
    known = {plain(line) for line in theirs}
    return [line for line in ours if plain(line) not in known]
