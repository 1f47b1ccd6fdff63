# SPDX-License-Identifier: GPL-2.0
"""What the series touches compiles in the configs that nobody can boot everywhere, too."""
EVERY_ARCH = True


def cases(bench):
    """Return the configs that the architecture's data file lists."""
    return bench.arch["kernel"].get("compiled", [])


def check(bench, case):
    """Build that part of one of them; the default kernel shows that it links."""
    bench.compiled(case)
