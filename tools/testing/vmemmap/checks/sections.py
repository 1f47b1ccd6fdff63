# SPDX-License-Identifier: GPL-2.0
"""No code that stays refers to code or data that is thrown away after boot."""
import re

import layout
from bench import Skipped, first

EVERY_ARCH = True


def check(bench):
    """Run modpost over the debug kernel, which is compiled to show such references."""
    arch = bench.arch["name"]
    if not (layout.CONFIGS / arch / "debug.config").is_file():
        raise Skipped(f"{arch} has no config debug yet")
    kernel = bench.kernel("debug")
    kernel.made()
    text = bench.run("sections", [kernel.out / "scripts/mod/modpost", "-o", "/dev/null",
                                  kernel.out / "vmlinux.o"], cwd=kernel.out, ok=(0, 1))
    first(re.findall(r"^(?:WARNING|ERROR): modpost: .*section mismatch.*$", text, re.M),
          bench.log("sections"))
