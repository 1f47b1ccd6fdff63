# SPDX-License-Identifier: GPL-2.0
"""No conversion reads the start of the memmap from memory: no kernel has a variable for it."""
import re

from bench import Failed, Skipped

EVERY_ARCH = True

VARIABLE = re.compile(r"^[0-9a-f]+ [A-Za-z] (vmemmap(?:_base)?)$", re.M)


def check(bench):
    """Look for the variable in the symbol table of each kernel that is booted."""
    facts = bench.arch["kernel"]
    if not facts.get("constant"):
        raise Skipped(f"{bench.arch['name']} keeps it in a variable")
    for config in facts["constant"]:
        kernel = bench.kernel(config)
        kernel.made()
        text = bench.run(f"constant-{config}", [f"{bench.arch['cross']}nm", kernel.out / "vmlinux"])
        if found := VARIABLE.search(text):
            raise Failed(f"the {config} kernel has a variable {found[1]}",
                         bench.log(f"constant-{config}"))
    return ", ".join(facts["constant"])
