# SPDX-License-Identifier: GPL-2.0
"""Proves what host/proof.c says of the arithmetic on addresses, of the kernel's compiled files."""
import re
import subprocess

import hostfuzz
import symbolic

from toolbox import Trouble, need

SOURCE = hostfuzz.SOURCE / "proof.c"
PAGE = re.compile(r"^#define STRUCT_PAGE_SIZE\s+(\d+)UL$", re.M)


def wanted():
    """Return {function: [(first line, last line) of a prove()]} of proof.c."""
    found, now, first = {}, None, 0
    for number, line in enumerate(SOURCE.read_text(encoding="utf-8").splitlines(), 1):
        if start := re.match(r"\w.*?(\w+)\(", line):
            now = found.setdefault(start[1], [])
        elif re.match(r"\t+prove\(", line):
            first = number
        if first and line.endswith(";"):
            now.append((first, number))
            first = 0
    return found


def prove(build, tree, geometry):
    """Prove everything for a geometry; return how many statements that were.

    What divides by the size of a struct page is tried in addition: z3 only knows how to divide
    by powers of two in time.  Raises Refuted of symbolic.py for what does not hold, Trouble for
    what cannot be decided and for a statement that no path comes to.
    """
    need("z3", "z3")
    module = hostfuzz.make(build, tree, geometry, "proof.ll")
    size = PAGE.search((hostfuzz.SOURCE / "geometry" / f"{geometry}.h").read_text("utf-8"))
    text = module.read_text(encoding="utf-8")
    every = {function.name: function for function in symbolic.functions(text, "prove_")}
    count = 0
    with symbolic.Solver() as solver:
        for name, lines in wanted().items():
            if name not in every:
                continue
            run = symbolic.Run(solver, every[name], {"%struct.page": int(size[1])})
            run.all()
            for first, last in lines:
                if not run.lines.keys() & set(range(first, last + 1)):
                    raise Trouble(f"{SOURCE.name}:{first}: no path of {name} comes here")
            count += len(run.lines)
    _tried(hostfuzz.make(build, tree, geometry, "try"))
    if not count:
        raise Trouble(f"{geometry}: nothing to prove in {module}")
    return count


def _tried(program):
    done = subprocess.run([program], capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise symbolic.Refuted(f"{SOURCE.name}, {done.stdout.strip() or 'the program ended'}: "
                               f"{program}")
