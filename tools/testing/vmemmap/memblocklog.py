# SPDX-License-Identifier: GPL-2.0
"""Reads what a kernel that boots with memblock=debug says of memory taken for the memmap."""
import re

from toolbox import Trouble

_STAMP = re.compile(r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ")
_TAKEN = re.compile(r"(memblock_alloc\w*): (\d+) bytes .* (\S+?)\+0x")
_GIVEN = re.compile(r"(memblock_phys_free|memblock_free): \[0x([0-9a-f]+)-0x([0-9a-f]+)\] "
                    r"(\S+?)\+0x")
# who gives back what was taken for all struct pages and not needed
_BACK = re.compile(r"^(memblock_free|sparse_)")


# follows what was not only asked for
_DONE = re.compile(r"memblock_reserve: \[.*\] memblock_alloc_range_nid\+")


def _kind(call, size, caller, kinds):
    for kind in kinds:
        if (re.search(kind.get("call", ""), call) and re.search(kind["caller"], caller)
                and size <= kind.get("most", size)):
            return kind["name"]
    return None


def taken(lines, facts):
    """Returns {kind: bytes} of what was taken, less what of it was given back.

    lines: a guest's console.  facts: [log] of scale.toml.  Raises Trouble where nothing was, or a
    line between the first of the memory model and facts["end"] is of no kind.
    """
    kinds = facts["kind"]
    late = [kind for kind in kinds if kind.get("late")]
    found = {kind["name"]: 0 for kind in kinds}
    inside = ended = False
    asked = None
    for raw in lines:
        line = _STAMP.sub("", raw)
        if asked and _DONE.match(line):
            found[asked[0]] += asked[1]
        asked = None
        if re.search(facts["end"], line):
            inside, ended = False, True
        if given := _GIVEN.match(line):
            if inside and _BACK.match(given[4]):
                found["memmap"] -= int(given[3], 16) - int(given[2], 16) + 1
            continue
        match = _TAKEN.match(line)
        if not match:
            continue
        call, size, caller = match[1], int(match[2]), match[3]
        inside = inside or (not ended and bool(re.search(facts["begin"], caller)))
        kind = _kind(call, size, caller, kinds if inside else late)
        if kind:
            asked = kind, size
        elif inside:
            raise Trouble(f"memory taken for an unknown purpose: {line}")
    if not found["memmap"]:
        raise Trouble("the kernel told of no memory taken for the memmap (memblock=debug)")
    return found
