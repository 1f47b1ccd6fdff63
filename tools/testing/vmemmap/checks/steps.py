# SPDX-License-Identifier: GPL-2.0
"""Every step of the series builds, so that it can be bisected."""
import json

from bench import Failed

import compose
from toolbox import Trouble, write_whole

EVERY_ARCH = True


def check(bench):
    """Build the small kernel at each commit, with all of its options that the step has.

    A step that was built before with the same compiler and config is not built again.
    """
    place = compose.tree_path(bench.build, bench.version, "steps")
    # the first step is classic; the tip is there in full before any step
    kernel = None
    built = 0
    for step, commit in zip(bench.series.steps, bench.series.commits):
        compose.check_out(bench.store, place, commit)
        kernel = kernel or bench.kernel("small", "vmemmap", tree=place, name="steps",
                                        strict=False)
        record = kernel.out.with_name("steps-built.json")
        known = json.loads(record.read_text()) if record.exists() else []
        key = kernel.key("vmlinux")
        if key in known:
            continue
        try:
            kernel.made("vmlinux")
        except Trouble as trouble:
            raise Failed(f"step '{step.subject}' does not build: {trouble}") from None
        write_whole(record, json.dumps(known + [key]))
        built += 1
    return f"{len(bench.series.commits)} steps, {built} of them built anew"
