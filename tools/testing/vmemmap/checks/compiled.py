# SPDX-License-Identifier: GPL-2.0
"""Kernels that nobody boots compile and link; what they warn of, the check warnings sees."""
EVERY_ARCH = True


def cases(bench):
    """Return the configs that the architecture's data file lists."""
    return bench.arch["kernel"].get("compiled", [])


def check(bench, case):
    """Build one of them."""
    bench.kernel(case).made("vmlinux")
