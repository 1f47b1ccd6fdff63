# SPDX-License-Identifier: GPL-2.0
"""What crash finds in a dump: struct pages, where they lie, sections, free pages."""
import dataclasses
import re
import struct

from dumps import elf, programs
from dumps.facts import KPF_LRU

_PAGE = re.compile(r"^([0-9a-f]{16}) +([0-9a-f]+) +([0-9a-f]+) +([0-9a-f]+) +(-?\d+) [0-9a-f]+ ?"
                   r"(\S*)$", re.M)
_PLACE = re.compile(r"^VIRTUAL +PHYSICAL *\n([0-9a-f]{16}) +([0-9a-f]+) *$", re.M)
_WORD = re.compile(r"^ *([0-9a-f]+):  ([0-9a-f]{16}) ", re.M)
_SECTION = re.compile(r"^ *\d+ +[0-9a-f]{16} +[0-9a-f]{16} +([0-9a-f]{16}) +\w*M\w* +(\d+) *$",
                      re.M)
_FREE = re.compile(r"^nr_free_pages: (\d+) +\((?:verified|found (\d+))\)", re.M)


@dataclasses.dataclass
class Seen:
    """What crash printed.

    pages: {physical address: (address of the struct page, index, reference count, flags' names)}.
    places: {virtual: physical address}.  words: {physical address: 64 bits there}.
    sections: [(first pfn, address of its struct page)].  free: pages on the lists of free pages,
    -1 if not told.
    """
    pages: dict
    places: dict
    words: dict
    sections: list
    free: int


def parse(text):
    """Returns what crash printed as Seen."""
    free = _FREE.search(text)
    return Seen({int(physical, 16): (int(address, 16), int(index, 16), int(count), flags.split(","))
                 for address, physical, _, index, count, flags in _PAGE.findall(text)},
                {int(virtual, 16): int(physical, 16) for virtual, physical in _PLACE.findall(text)},
                {int(physical, 16): int(word, 16) for physical, word in _WORD.findall(text)},
                [(int(pfn), int(address, 16)) for address, pfn in _SECTION.findall(text)],
                int(free[2] or free[1]) if free else -1)


def _page_problems(case, seen, page):
    """Yields what is wrong with one page."""
    physical = page.pfn * case.facts.page_size
    if physical not in seen.pages:
        yield f"pfn {page.pfn:#x}: kmem -p does not find it"
        return
    address, index, count, flags = seen.pages[physical]
    if case.facts.memmap and address != case.facts.struct_at(page.pfn):
        yield (f"pfn {page.pfn:#x}: the struct page is at {address:#x}, but the guest has it at "
               f"{case.facts.struct_at(page.pfn):#x}")
    if index != page.index:
        yield f"pfn {page.pfn:#x}: index {index:#x}, but the guest mapped it at {page.index:#x}"
    if count < page.mapcount:
        yield f"pfn {page.pfn:#x}: {count} references, but the guest maps it {page.mapcount} times"
    if ("lru" in flags) != bool(page.flags >> KPF_LRU & 1):
        yield f"pfn {page.pfn:#x}: flags {','.join(flags)}, but the guest had {page.flags:#x}"
    if seen.words.get(physical) != page.mark:
        yield f"pfn {page.pfn:#x}: it does not hold what the guest filled it with"


def _place_problems(case, seen):
    """Yields which struct pages are not in the memory that their addresses lead to."""
    size = case.facts.struct_page
    for page in case.facts.pages:
        address = case.facts.struct_at(page.pfn)
        place = seen.places.get(address)
        if place is None:
            yield f"pfn {page.pfn:#x}: vtop does not find its struct page at {address:#x}"
        elif struct.pack("<Q", page.index) not in elf.memory(case.dump, place, size):
            yield f"pfn {page.pfn:#x}: vtop finds its struct page at {place:#x}, where it is not"


def check(case):
    """Returns problems as lines: where crash finds something else than the guest had."""
    facts = case.facts
    places = [page.pfn * facts.page_size for page in facts.pages]
    commands = [*(f"kmem -p {place:x}" for place in places),
                *(f"rd -p -64 {place:x}" for place in places),
                *(f"vtop {facts.struct_at(page.pfn):x}" for page in facts.pages if facts.memmap),
                "kmem -n", "kmem -f", "quit"]
    words = [*programs.command(case.build, case.arch, "crash"), "-s", case.vmlinux, case.dump]
    seen = parse(programs.run(words, case.log("crash"), "".join(f"{one}\n" for one in commands)))
    problems = [problem for page in facts.pages for problem in _page_problems(case, seen, page)]
    if facts.memmap:
        problems += _place_problems(case, seen)
    size = (1 << int(case.info["NUMBER(SECTION_SIZE_BITS)"])) // facts.page_size
    problems += facts.compare_maps([(pfn, pfn + size, address) for pfn, address in seen.sections])
    return problems + facts.compare("free", seen.free)
