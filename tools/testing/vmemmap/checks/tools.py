# SPDX-License-Identifier: GPL-2.0
"""The host-side tools pass their own unit tests (tests/test_*.py), bad input included."""
import os
import re
import sys

import layout
from bench import Failed, Skipped


def check(bench):
    """Run them with unittest, the build folder told by an environment variable."""
    env = dict(os.environ, VMEMMAP_BUILD=str(bench.build), VMEMMAP_BASE=str(bench.tarball),
               PYTHONPATH=f"{layout.BED}:{layout.SERIES}")
    text = bench.run("tools", [sys.executable, "-B", "-m", "unittest", "discover", "-v",
                               "-s", layout.BED / "tests", "-t", layout.BED / "tests"],
                     env=env, ok=(0, 1, 5))
    failed = re.findall(r"^(?:FAIL|ERROR): (.*)$", text, re.M)
    if failed:
        raise Failed(f"{failed[0]}{f' and {len(failed) - 1} more' if failed[1:] else ''}",
                     bench.log("tools"))
    count = re.search(r"^Ran (\d+) tests?", text, re.M)
    if not count or count[1] == "0":
        raise Skipped("no unit test was found")
    return f"{count[1]} unit tests"
