# SPDX-License-Identifier: GPL-2.0
"""Clang and LLVM's linker build the series too, and a warning stops the build."""
from bench import Skipped

EVERY_ARCH = True


def check(bench):
    """Build the small kernel (it has CONFIG_WERROR) with LLVM=1."""
    if not bench.arch["kernel"].get("clang"):
        raise Skipped(f"Debian's clang builds no {bench.arch['name']} kernel")
    bench.kernel("small", clang=True).made("vmlinux")
