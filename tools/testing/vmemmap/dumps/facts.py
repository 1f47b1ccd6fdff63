# SPDX-License-Identifier: GPL-2.0
"""What a guest that panicked on purpose said of its memory before: lines "dump: ..." of its log.

The selftest panic.c prints them and explains them.
"""
import dataclasses
import re

_LINE = re.compile(r"\bdump: (.*)")
_PAGE = re.compile(r"page pfn=(\w+) index=(\w+) mapcount=(\d+) flags=(\w+) mark=(\w+)$")

# Bits of /proc/kpageflags
KPF_LRU, KPF_ANON = 5, 12


@dataclasses.dataclass(frozen=True)
class Page:
    """A page that the guest knows: its number, where it is mapped and how often, its flags as
    /proc/kpageflags has them, and the word that it is full of.
    """
    pfn: int
    index: int
    mapcount: int
    flags: int
    mark: int


@dataclasses.dataclass
class Facts:
    """All that a guest told.

    page_size, struct_page: bytes.  memmap: address of the first struct page, 0 if not told.
    vmcoreinfo: (physical address, bytes) of that note, () if not told.
    ram: (start, end) of each range of memory, bytes.  pages: of class Page.  free: numbers of
    free pages.  counts: how many struct pages there are, by "pages", "free", "lru", "anon", "slab".
    """
    page_size: int = 0
    struct_page: int = 0
    memmap: int = 0
    vmcoreinfo: tuple = ()
    ram: list = dataclasses.field(default_factory=list)
    pages: list = dataclasses.field(default_factory=list)
    free: list = dataclasses.field(default_factory=list)
    counts: dict = dataclasses.field(default_factory=dict)

    def struct_at(self, pfn):
        """Returns the address of a struct page as the guest's kernel computes it; 0 if it did not
        say where the memmap is.
        """
        return self.memmap + pfn * self.struct_page if self.memmap else 0

    def compare(self, name, found):
        """Returns problems with a number of pages that a tool found, as lines.

        Some pages come and go between telling and panicking, but few.
        """
        told = self.counts[name]
        if abs(found - told) <= 64 + self.counts["pages"] // 256:
            return []
        return [f"{found} pages are {name}, but the guest had {told}"]

    def compare_maps(self, maps):
        """Returns problems with the parts of the memmap that a tool found, as lines.

        maps: (first pfn, pfn after the last, address of the first struct page) of each.  They have
        to be where the guest's kernel has them, and describe all of its memory.
        """
        problems = [f"the struct page of pfn {start:#x} is at {address:#x}, but the guest has it "
                    f"at {self.struct_at(start):#x}"
                    for start, _, address in maps
                    if self.memmap and address != self.struct_at(start)]
        for start, end in self.ram:
            pfn, last = -(-start // self.page_size), end // self.page_size
            while pfn < last:
                after = [stop for first, stop, _ in maps if first <= pfn < stop]
                if not after:
                    problems.append(f"pfn {pfn:#x} is memory, but has no struct page")
                    break
                pfn = after[0]
        return problems


def parse(lines):
    """Returns the Facts of a console's lines, or None if something is missing."""
    facts = Facts()
    for line in lines:
        found = _LINE.search(line)
        if not found:
            continue
        words = found[1].split()
        if page := _PAGE.match(found[1]):
            pfn, index, mapcount, flags, mark = page.groups()
            facts.pages.append(Page(int(pfn, 16), int(index, 16), int(mapcount), int(flags, 16),
                                    int(mark, 16)))
        elif words[0] in ("page_size", "struct_page"):
            setattr(facts, words[0], int(words[1]))
        elif words[0] == "memmap":
            facts.memmap = int(words[1], 16)
        elif words[0] == "vmcoreinfo":
            facts.vmcoreinfo = (int(words[1], 16), int(words[2], 16))
        elif words[0] == "ram":
            facts.ram.append((int(words[1], 16), int(words[2], 16)))
        elif words[0] == "free":
            facts.free.append(int(words[1].partition("=")[2], 16))
        elif words[0] == "pages":
            facts.counts = dict(zip(words[::2], map(int, words[1::2])))
    whole = (facts.page_size and facts.struct_page and facts.ram and facts.pages and facts.free
             and facts.counts)
    return facts if whole else None
