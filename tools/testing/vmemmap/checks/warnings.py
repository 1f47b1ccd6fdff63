# SPDX-License-Identifier: GPL-2.0
"""W=1 and sparse find nothing in what the series changes that they do not find in classic."""
import collections
import re

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
    objects = [re.sub(r"\.[cS]$", ".o", name) for name in _sources(bench)
               if (tree / name).is_file()]
    # what W=1 and sparse say is only said when a file is compiled
    for name in objects:
        (kernel.out / name).unlink(missing_ok=True)
    log = f"warnings-{variant}"
    bench.run(log, kernel.command("prepare"), env=kernel.environment())
    text = bench.run(log, kernel.command("-k", "W=1", "C=1", "KCFLAGS=-Wno-error",
                                    *_buildable(kernel, objects)),
                     env=kernel.environment())
    found, place = {}, ""
    for line in text.replace(f"{tree}/", "").splitlines():
        if match := PLACE.match(line):
            place = f" ({match[1]}: {match[2]})"
        elif match := COMPLAINT.match(line):
            found[match.groups()] = place
    return [((name, text), f"{name}:{line}: {text}{place}")
            for (name, line, text), place in found.items()], bench.log(log)


def _sources(bench):
    facts = bench.arch["kernel"]
    names = bench.changed(rf"^(mm|fs|kernel|drivers|arch/{facts['source']})/.*\.[cS]$")
    # what only another kind of processor compiles is other_arches' business
    return [name for name in names if not name.startswith(tuple(facts.get("elsewhere", ())))]


def _buildable(kernel, objects):
    """Leave out objects that the config does not have: make would build them all the same."""
    granted = (kernel.out / ".config").read_text(encoding="utf-8")
    wanted = []
    for name in objects:
        folder, _, file = name.rpartition("/")
        recipe = (kernel.tree / folder / "Makefile").read_text(encoding="utf-8")
        # what no recipe names is part of another file
        if not re.search(rf"(?<![\w-]){re.escape(file)}", recipe):
            continue
        match = re.search(rf"\$\((CONFIG_\w+)\)\s*\+?=.*\b{re.escape(file)}", recipe)
        if not match or f"{match[1]}=y" in granted:
            wanted.append(name)
    return wanted
