# SPDX-License-Identifier: GPL-2.0
"""Bases that boot decides are immediates: no function reads them but those that decide."""
import pathlib
import re

from bench import Failed, Skipped

EVERY_ARCH = True
BEGIN = re.compile(r"^[0-9a-f]+ <(.+)>:$")


def cases(bench):
    """Return the kernels whose code is looked at."""
    return bench.arch["kernel"].get("bases", {}).get("configs", ["default"])


def long_cases(bench):
    """Return the same of kernels that take long to build."""
    return bench.arch["kernel"].get("bases", {}).get("long", [])


def readers(lines, variables):
    """Return {function: first line that has to do with one of the variables}.

    lines: of a disassembly with relocations.  variables: names.
    """
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(variables)})(?!\w)")
    found = {}
    function = "?"
    for line in lines:
        if match := BEGIN.match(line):
            function = match[1]
        elif pattern.search(line):
            found.setdefault(function, line.strip())
    return found


def check(bench, case):
    """Disassemble the kernel and its modules."""
    facts = bench.arch["kernel"].get("bases")
    if not facts:
        raise Skipped(f"boot decides no bases on {bench.arch['name']}, or none is a variable")
    kernel = bench.kernel(case)
    out = pathlib.Path(kernel.made())
    # modules are linked anew when they are loaded: what they read is in a relocation
    files = [out / "vmlinux", *sorted(out.rglob("*.ko"))]
    for number, file in enumerate(files):
        log = f"bases-{case}-{number}"
        text = bench.run(log, [f"{kernel.cross()}objdump", "-dr", "--no-show-raw-insn", file])
        found = readers(text.splitlines(), facts["variables"])
        if file.name == "vmlinux" and not found:
            raise Failed("not even the functions that decide use the variables", bench.log(log))
        if file.name in facts["modules"]:
            continue
        for function, line in found.items():
            if function not in facts["decide"]:
                raise Failed(f"{file.name}: {function}() reads a base: {line}", bench.log(log))
    return f"{case}: {len(files)} files"
