# SPDX-License-Identifier: GPL-2.0
"""KTAP by the kernel's own parser (tools/testing/kunit of the composed tree)."""
import dataclasses
import importlib
import io
import os
import re
import sys
import threading

import layout  # noqa: F401  (finds toolbox)
from toolbox import Trouble

_LOCK = threading.Lock()
_RUN = re.compile(r"#\s+RUN\s+(\S+) \.\.\.")
_NAMELESS_SKIP = re.compile(r"(ok|not ok) ([0-9]+) # SKIP")


@dataclasses.dataclass
class Result:
    """What one KTAP output says: names of cases by outcome, and what is wrong with its form."""
    passed: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    skipped: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)


def load_parser(tree):
    """Returns the module kunit_parser of a kernel tree.  Raises Trouble."""
    folder = os.path.join(tree, "tools", "testing", "kunit")
    if not os.path.isfile(os.path.join(folder, "kunit_parser.py")):
        raise Trouble(f"{folder}: no kunit_parser.py; is this a composed tree?")
    with _LOCK:
        sys.path.insert(0, folder)
        bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            return importlib.import_module("kunit_parser")
        finally:
            sys.dont_write_bytecode = bytecode
            sys.path.remove(folder)


def _name_skips(lines):
    """The 6.1 harness leaves the name out of a skipped result; take it from its RUN line."""
    name = "unnamed"
    for line in lines:
        started = _RUN.match(line)
        if started:
            name = started[1]
        yield _NAMELESS_SKIP.sub(rf"\1 \2 {name} # SKIP", line)


def _walk(parser, test, path, result):
    status = parser.TestStatus
    if test.expected_count is None:
        result.problems.append(f"{path or 'output'}: no plan")
    if test.subtests:
        for number, sub in enumerate(test.subtests, 1):
            name = sub.name.strip() or f"test {number}"
            _walk(parser, sub, f"{path}.{name}" if path else name, result)
        # The verdict on a suite can be worse than that on its cases (its init failed).
        if test.status == status.FAILURE and not result.failed:
            result.failed.append(path)
        return
    if not path:
        return
    if test.status == status.SUCCESS:
        result.passed.append(path)
    elif test.status == status.SKIPPED:
        result.skipped.append(path)
    else:
        result.failed.append(path)


def parse(parser, lines):
    """Parses lines of KTAP (or TAP 13) with the module from load_parser(); returns a Result."""
    complaints = io.StringIO()
    with _LOCK:
        printer = parser.stdout
        parser.stdout = type(printer)(complaints)
        try:
            test = parser.parse_run_tests(list(_name_skips(lines)))
        finally:
            parser.stdout = printer
    result = Result()
    if test.status == parser.TestStatus.FAILURE_TO_PARSE_TESTS:
        result.problems.append("no KTAP output")
        return result
    _walk(parser, test, "", result)
    for line in complaints.getvalue().splitlines():
        if "[ERROR]" in line:
            result.problems.append(line.split("[ERROR]", 1)[1].strip())
    return result
