# SPDX-License-Identifier: GPL-2.0
"""Every step of the series builds, so that it can be bisected.

As a whole kernel that takes half an hour for an architecture, so it is only done when asked for;
otherwise the files are compiled that the series changes, at whichever step. The first and the last
step are built as whole kernels by other tests.
"""
import json
import re

import touched
from bench import Failed

import compose
from toolbox import Trouble, write_whole

EVERY_ARCH = True


def compiled_here(names, source):
    """Return whether a change of files by these names can change what an architecture compiles.

    source: the architecture's folder below arch/.
    """
    elsewhere = re.compile(r"Documentation/|MAINTAINERS$|tools/(testing|include/nolibc)/|"
                           rf"arch/(?!{source}/)[^/]+/")
    return any(not elsewhere.match(name) for name in names)


def cases(bench):
    """Return what is built of each step."""
    return ["touched"]


def long_cases(bench):
    """Return what is built only when asked for."""
    return ["whole"]


def check(bench, case):
    """Build the small kernel at each commit, with all of its options that the step has.

    A step that was built before with the same compiler and config is not built again, nor one that
    changes nothing which this architecture compiles.
    """
    place = compose.tree_path(bench.build, bench.version, "steps")
    kernel = None
    built = 0
    earlier = ""
    for step, commit in zip(bench.series.steps, bench.series.commits):
        names = bench.store.git("diff", "--name-only", earlier, commit) if earlier else ""
        skip = earlier and not compiled_here(names.splitlines(), bench.arch["kernel"]["source"])
        earlier = commit
        if skip:
            continue
        compose.check_out(bench.store, place, commit)
        kernel = kernel or bench.kernel("small", "vmemmap", tree=place, name=f"steps-{case}",
                                        strict=False)
        record = kernel.out.with_name(f"steps-{case}-built.json")
        known = json.loads(record.read_text()) if record.exists() else []
        key = kernel.key(case)
        if key in known:
            continue
        kernel.configured()
        targets = touched.buildable(kernel, touched.objects(bench))
        try:
            kernel.made(*(["vmlinux"] if case == "whole" else targets))
        except Trouble as trouble:
            raise Failed(f"step '{step.subject}' does not build: {trouble}") from None
        write_whole(record, json.dumps(known + [key]))
        built += 1
    return f"{len(bench.series.commits)} steps, {built} of them built anew"
