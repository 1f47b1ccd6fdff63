# SPDX-License-Identifier: GPL-2.0
"""pfn_to_page() and page_to_pfn() compile to instructions none of which reads memory."""
import re

import testmodule
from bench import Failed, Skipped

EVERY_ARCH = True

FUNCTIONS = ("converted_page", "converted_pfn")
BEGIN = re.compile(r"^[0-9a-f]+ <(\w+)>:$")


def cases(bench):
    """Return the kernels whose memmap is at a constant, or at an immediate that boot decides."""
    facts = bench.arch["kernel"]
    return (facts.get("conversions") or facts.get("constant") or
            facts.get("bases", {}).get("configs") or ["default"])


def check(bench, case):
    """Compile both as that kernel is compiled, and disassemble them."""
    facts = bench.arch["kernel"]
    if not facts.get("constant") and not facts.get("bases"):
        raise Skipped(f"{bench.arch['name']} keeps the start of the memmap in a variable")
    kernel = bench.compiled(case)
    log = f"conversions-{case}"
    folder = testmodule.lay_out("conversions", kernel.out)
    bench.run(log, kernel.command(f"M={folder}", "conversions.o"), env=kernel.environment())
    text = bench.run(log, [f"{kernel.cross()}objdump", "-d", "--no-show-raw-insn",
                           folder / "conversions.o"])
    found = {}
    for line in text.splitlines():
        if match := BEGIN.match(line):
            lines = found.setdefault(match[1], [])
        elif found and line.strip():
            lines.append(line.strip())
    for name in FUNCTIONS:
        if not found.get(name):
            raise Failed(f"{name}() is not in the disassembly", bench.log(log))
        for line in found[name]:
            if re.search(facts["load"], line):
                raise Failed(f"{name}() reads memory: {line}", bench.log(log))
    return ", ".join(f"{name}: {len(found[name])} lines" for name in FUNCTIONS)
