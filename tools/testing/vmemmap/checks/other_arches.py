# SPDX-License-Identifier: GPL-2.0
"""Architectures that the series does not convert compile as before.

Those with a virtual memmap of their own use the generic functions; where there is none, the
option is not offered.
"""
import archdata
from bench import Failed

EVERY_ARCH = True


def cases(bench):
    """Return the architectures that are checked together with the one under test."""
    return [name for name in archdata.known(archdata.COMPILE_ONLY)
            if _load(name)["kernel"]["checked_with"] == bench.arch["name"]]


def check(bench, case):
    """Build what the architecture's data file says, with CONFIG_WERROR."""
    arch = _load(case)
    facts = arch["kernel"]
    kernel = bench.kernel("small", arch=arch, clang=facts.get("clang", False))
    kernel.made(*facts["target"].split())
    config = (kernel.out / ".config").read_text(encoding="utf-8")
    offered = "CONFIG_SPARSEMEM_VMEMMAP=y" in config or \
        "CONFIG_SPARSEMEM_VMEMMAP is not set" in config
    if "CONFIG_SPARSEMEM=y" not in config:
        raise Failed(f"the small config of {case} is without SPARSEMEM: nothing was tested")
    if offered != facts["has_vmemmap"]:
        raise Failed(f"SPARSEMEM_VMEMMAP is {'' if offered else 'not '}offered on {case}",
                     kernel.log)


def _load(name):
    return archdata.load(name, archdata.COMPILE_ONLY)
