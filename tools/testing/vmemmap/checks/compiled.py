# SPDX-License-Identifier: GPL-2.0
"""Kernels that nobody boots compile and link, and a warning stops the build."""
EVERY_ARCH = True


def cases(bench):
    """Return the configs that the architecture's data file lists."""
    return bench.arch["kernel"].get("compiled", [])


def check(bench, case):
    """Build one of them (they have CONFIG_WERROR)."""
    bench.kernel(case).made("vmlinux")
