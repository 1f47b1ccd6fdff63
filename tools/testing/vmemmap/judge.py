# SPDX-License-Identifier: GPL-2.0
"""Judges what a guest printed: its tests, its reports, and the kernel's own log.

The guest's init (init/init) marks what comes from it:

	guest: hello RELEASE            user space has started
	guest: begin NAME               a section starts: a test, "report", "check", "log", …
	guest| TEXT                     a line of that section's output
	guest: end NAME STATUS          the section is over
	guest: done                     the guest powers itself off

Everything else on the console is the kernel's.
"""
import dataclasses
import os
import re
import tomllib

import ktap
from guest import GUESTS
from toolbox import Trouble

_STAMP = re.compile(r"^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")
_KTAP = re.compile(r"\s*(KTAP version \d|TAP version \d|1\.\.\d|ok \d|not ok \d|#)")
_CHECKED = re.compile(r"checked (\d+) pfns, (\d+) errors")
_LEVEL = re.compile(r"<(\d+)>(.*)")
_MOST = 6


@dataclasses.dataclass(frozen=True)
class Faults:
    """Patterns of the kernel's log: (pattern, what it means) that fail a guest, and harmless."""
    lines: list
    harmless: list


@dataclasses.dataclass
class Section:
    """A section of the guest's output; status is None if it never ended."""
    name: str
    lines: list = dataclasses.field(default_factory=list)
    status: int = None


@dataclasses.dataclass
class Transcript:
    """A console log, taken apart."""
    kernel: list = dataclasses.field(default_factory=list)
    early: list = dataclasses.field(default_factory=list)
    sections: dict = dataclasses.field(default_factory=dict)
    hello: str = ""
    done: bool = False


@dataclasses.dataclass
class Verdict:
    """problems: one line each, none if the guest passed.  passed and skipped: names of cases."""
    problems: list = dataclasses.field(default_factory=list)
    passed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    checked: int = 0


def read_faults(directory=GUESTS):
    """Returns the Faults of faults.toml.  Raises Trouble."""
    path = os.path.join(directory, "faults.toml")
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
        return Faults([(re.compile(fault["line"]), fault["means"]) for fault in data["fault"]],
                      [re.compile(line) for line in data["harmless"]])
    except (OSError, tomllib.TOMLDecodeError, KeyError, re.error) as error:
        raise Trouble(f"guests/faults.toml: {error!r}") from None


def take_apart(lines):
    """Turns console lines into a Transcript."""
    script = Transcript()
    section = None
    for raw in lines:
        line = _STAMP.sub("", raw)
        if line.startswith("guest| "):
            if section:
                section.lines.append(line[7:])
        elif line.startswith("guest: "):
            verb, _, rest = line[7:].strip().partition(" ")
            if verb == "hello":
                script.hello = rest
            elif verb == "begin":
                section = script.sections[rest] = Section(rest)
            elif verb == "end" and section:
                section.status = int(rest.rpartition(" ")[2])
                section = None
            elif verb == "done":
                script.done = True
        else:
            script.kernel.append(line)
            if not script.hello and _KTAP.match(line):
                script.early.append(line)
    return script


def _shorten(line):
    line = " ".join(line.split())
    return line if len(line) <= 160 else line[:157] + "..."


def log_faults(script, faults, allow):
    """Returns {line: what it means} of a Transcript's kernel, and of the messages of level "error"
    that dmesg still had at the end; allow: patterns of lines that mean nothing.
    """
    found = {}
    for line in script.kernel:
        if any(pattern.search(line) for pattern in allow):
            continue
        for pattern, means in faults.lines:
            if pattern.search(line):
                found.setdefault(line, means)
                break
    for text in script.sections.get("log", Section("log")).lines:
        match = _LEVEL.match(text)
        line = _STAMP.sub("", match[2]) if match else text
        if any(pattern.search(line) for pattern in allow):
            continue
        if not match or int(match[1]) <= 3 or "vmemmap" in line:
            found.setdefault(line, "message of level error or worse"
                             if match and int(match[1]) <= 3 else "warning about the memmap")
    return found


def _judge_log(script, faults, allow, verdict):
    found = log_faults(script, faults, allow)
    for line, means in list(found.items())[:_MOST]:
        verdict.problems.append(f"{means}: {_shorten(line)}")
    if len(found) > _MOST:
        verdict.problems.append(f"and {len(found) - _MOST} more lines like these")


def _take_results(name, result, verdict, may_skip, strict):
    where = f"{name}: "
    verdict.problems += [where + problem for problem in result.problems]
    verdict.problems += [f"{where}{case} failed" for case in result.failed]
    verdict.passed += [f"{name}.{case}" for case in result.passed]
    for case in result.skipped:
        verdict.skipped.append(f"{name}.{case}")
        if strict and name not in may_skip and f"{name}.{case}" not in may_skip:
            verdict.problems.append(f"{where}{case} was skipped, which this guest must not")


def _judge_tests(guest, script, parser, expect, strict, verdict):
    for name in guest.tests:
        section = script.sections.get(name)
        if section is None:
            verdict.problems.append(f"{name}: was not started")
            continue
        if guest.dump == "machine" and name == guest.tests[-1]:
            if section.status is not None:
                verdict.problems.append(f"{name}: ended, but was to panic")
            continue
        before = len(verdict.problems)
        _take_results(name, ktap.parse(parser, section.lines), verdict, expect.may_skip, strict)
        if section.status is None:
            verdict.problems.append(f"{name}: did not end")
        elif section.status and len(verdict.problems) == before:
            verdict.problems.append(f"{name}: exit status {section.status}")


def _judge_check(guest, script, strict, verdict):
    section = script.sections.get("check")
    if section is None:
        if guest.check and strict:
            verdict.problems.append("check: the kernel offers no vmemmap/check")
        return
    found = _CHECKED.search("\n".join(section.lines))
    if not found:
        verdict.problems.append("check: no result: " + _shorten(" ".join(section.lines[-1:])))
    elif int(found[2]) or not int(found[1]):
        verdict.problems.append(f"check: {found[0]}")
    else:
        verdict.checked = int(found[1])


def _judge_kunit(script, parser, expect, strict, verdict):
    suites = [line for line in script.early if "# Subtest:" in line]
    if not suites:
        if strict and "kunit" not in expect.may_skip:
            verdict.problems.append("kunit: no suite ran at boot")
        return
    _take_results("kunit", ktap.parse(parser, script.early), verdict, expect.may_skip, strict)


def judge(guest, variant, lines, parser, faults, arch=None):
    """Judges a guest by its console.

    lines: the console.  parser: from ktap.load_parser().  faults: from read_faults().
    arch: machine.Arch, for what its firmware may print and its tests may skip, or None.
    Returns a Verdict.

    On our own kernel a skipped case is a failure unless the guest's data says that it may
    be skipped; the other variants lack some of what the cases look at.
    """
    strict = variant == "vmemmap"
    expect = guest.expect(variant)
    if arch:
        expect = dataclasses.replace(expect, may_skip=(*expect.may_skip, *arch.may_skip))
    script = take_apart(lines)
    verdict = Verdict()
    allow = [re.compile(text) for text in (arch.allow if arch else ())] + faults.harmless + list(expect.allow)
    _judge_log(script, faults, allow, verdict)
    if not script.hello:
        verdict.problems.append("user space did not start")
    else:
        _judge_kunit(script, parser, expect, strict, verdict)
        _judge_tests(guest, script, parser, expect, strict, verdict)
        if script.done:
            _judge_check(guest, script, strict, verdict)
    plain = [_STAMP.sub("", line) for line in lines]
    for pattern in expect.console:
        if not any(pattern.search(line) for line in plain):
            verdict.problems.append(f'no line on the console matches "{pattern.pattern}"')
    return verdict
