# SPDX-License-Identifier: GPL-2.0
"""W=1 and sparse find nothing in what the series changes that they do not find in classic."""
import collections
import re

import touched
from bench import first

from toolbox import need

EVERY_ARCH = True

# FILE:LINE[:COLUMN]: warning|error: text, after a line that names the function
COMPLAINT = re.compile(r"^(\S+?\.[chS]):(\d+):(?:\d+:)? (?:warning|error): (.*)$")
PLACE = re.compile(r"^(\S+?\.[chS]): (In function .*):$")


def check(bench):
    """Compile the changed objects in both trees and compare what is said by file and text."""
    need("sparse", "sparse")
    ours, log = _complaints(bench, "vmemmap")
    theirs, _ = _complaints(bench, "classic")
    known = collections.Counter(key for key, _ in theirs)
    new = []
    for key, where in ours:
        if known[key]:
            known[key] -= 1
        else:
            new.append(where)
    first(new, log)
    return f"{len(ours)} complaints, all of them in classic too"


def _complaints(bench, variant):
    """Return [((file, text), line to print)] of one tree, and the log's path."""
    tree = bench.tree(variant)
    kernel = bench.kernel("small", variant, name="warnings")
    kernel.configured()
    objects = touched.buildable(kernel, touched.objects(bench))
    # what W=1 and sparse say is only said when a file is compiled
    for name in objects:
        (kernel.out / name).unlink(missing_ok=True)
    log = f"warnings-{variant}"
    bench.run(log, kernel.command("prepare"), env=kernel.environment())
    text = bench.run(log, kernel.command("-k", "W=1", "C=1", "KCFLAGS=-Wno-error", *objects),
                     env=kernel.environment())
    found, place = {}, ""
    for line in text.replace(f"{tree}/", "").splitlines():
        if match := PLACE.match(line):
            place = f" ({match[1]}: {match[2]})"
        elif match := COMPLAINT.match(line):
            found[match.groups()] = place
    return [((name, text), f"{name}:{line}: {text}{place}")
            for (name, line, text), place in found.items()], bench.log(log)
