# SPDX-License-Identifier: GPL-2.0
"""A script for drgn: finds struct pages in a dump and prints what they have, as JSON.

drgn -q -c DUMP -s VMLINUX pages.py QUESTION, a file with JSON: "pages" and "words", lists of pfns;
"info", what VMCOREINFO tells, a dict.  The answer:

pages: for each pfn the address of its struct page as drgn's helper has it, and as mem_section has
it; and what is there (index, mapcount, lru, anon).
words: for each pfn the first word of the page, null where the dump leaves it out.
counts: of the struct pages that mem_section leads to: all, and those free, lru, anon, slab.

drgn 0.0.22 has no page tables of ppc64: there the memmap is read through vmemmap_list.
"""
import json
import struct
import sys

import drgn

SECTION_HAS_MAP = 2
SECTION_MAP_FLAGS = 0x3f
# Addresses that are memory plus a constant, bytes
X86_IMAGE = (0xffffffff80000000, 1 << 30)
PPC_LINEAR = (0xc000000000000000, 1 << 51)
PPC_MEMMAP = (0xc00c000000000000, 1 << 48)
PAGE_TYPES, BUDDY = 0xf0000000, 0x80


def reach(prog, place, phys_base, address):
    """A dump by the machine has no virtual addresses: has drgn read `place`, if it does not."""
    def read(at, count, _offset, _physical):
        return prog.read(at - place[0] + phys_base, count, True)
    try:
        prog.read(address, 8)
    except drgn.FaultError:
        prog.add_memory_segment(*place, read)


def reach_memmap(prog):
    """Has drgn read the memmap as tools without a page table do: by vmemmap_list."""
    size = 1 << prog["mmu_psize_defs"][prog["mmu_vmemmap_psize"]].shift.value_()
    backing, record = [], prog["vmemmap_list"]
    while record:
        backing.append((record.virt_addr.value_(), record.phys.value_()))
        record = record.list

    def read(address, count, _offset, _physical):
        data = b""
        while len(data) < count:
            at = address + len(data)
            start, phys = next((one for one in backing if 0 <= at - one[0] < size), (0, 0))
            if not start:
                raise drgn.FaultError("not in vmemmap_list", at)
            data += prog.read(phys + at - start, min(count - len(data), start + size - at), True)
        return data
    prog.add_memory_segment(*PPC_MEMMAP, read)


class Memmap:
    """The struct pages of a dump, by sections."""

    def __init__(self, prog, info):
        kind = prog.type("struct page")
        self.prog = prog
        self.size = drgn.sizeof(kind)
        self.offsets = [drgn.offsetof(kind, name) for name in
                        ("flags", "compound_head", "mapping", "index", "private", "page_type")]
        self.bits = {name: 1 << prog.constant(f"PG_{name}").value_() for name in ("lru", "slab")}
        self.page_size = int(info["PAGESIZE"])
        self.pages = (1 << int(info["NUMBER(SECTION_SIZE_BITS)"])) // self.page_size
        self.sections = dict(self._sections(int(info["LENGTH(mem_section)"])))

    def _sections(self, roots):
        """Yields (number, address of the first struct page) of each section."""
        table = self.prog["mem_section"]
        # an array of pointers, or a pointer to one
        start = table.address_ if table.type_.kind == drgn.TypeKind.ARRAY else table.value_()
        kind = self.prog.type("struct mem_section")
        size, at = drgn.sizeof(kind), drgn.offsetof(kind, "section_mem_map")
        each = self.page_size // size
        pointers = struct.iter_unpack("Q", self.prog.read(start, roots * 8))
        for root, (pointer,) in enumerate(pointers):
            data = self.prog.read(pointer, each * size) if pointer else b""
            for number in range(len(data) // size):
                coded = struct.unpack_from("Q", data, number * size + at)[0]
                if coded & SECTION_HAS_MAP:
                    section = root * each + number
                    yield section, (coded & ~SECTION_MAP_FLAGS) + section * self.pages * self.size

    def address(self, pfn):
        """Returns the address of a struct page, or 0."""
        start = self.sections.get(pfn // self.pages)
        return start + pfn % self.pages * self.size if start else 0

    def counts(self):
        """Returns how many struct pages there are of each kind, as /proc/kpageflags tells kinds."""
        sum_ = dict.fromkeys(("pages", "free", "lru", "anon", "slab"), 0)
        for start in self.sections.values():
            data = self.prog.read(start, self.pages * self.size)
            for at in range(0, len(data), self.size):
                flags, head, mapping, _, order = (struct.unpack_from("Q", data, at + offset)[0]
                                                  for offset in self.offsets[:5])
                kind = struct.unpack_from("I", data, at + self.offsets[5])[0]
                if head & 1 and 0 <= head - 1 - start < len(data):
                    first = struct.unpack_from("Q", data, head - 1 - start + self.offsets[0])[0]
                    sum_["slab"] += bool(first & self.bits["slab"])
                sum_["pages"] += 1
                sum_["slab"] += bool(flags & self.bits["slab"])
                sum_["lru"] += bool(flags & self.bits["lru"])
                sum_["anon"] += mapping & 1
                if kind & (PAGE_TYPES | BUDDY) == PAGE_TYPES:
                    sum_["free"] += 1 << min(order, 40)
        return sum_

    def page(self, pfn):
        """Returns what the dump has of a page, a dict."""
        address = self.address(pfn)
        try:
            helper = self.prog["vmemmap"].value_() + pfn * self.size
        except (KeyError, drgn.FaultError):
            helper = None
        if not address:
            return {"helper": helper, "address": 0}
        page = drgn.Object(self.prog, "struct page", address=address)
        return {"helper": helper, "address": address, "index": page.index.value_(),
                "mapcount": page._mapcount.counter.value_() + 1,
                "lru": bool(page.flags & self.bits["lru"]),
                "anon": bool(page.mapping.value_() & 1)}

    def word(self, pfn):
        """Returns the first word of a page, or None."""
        try:
            return self.prog.read_u64(pfn * self.page_size, True)
        except drgn.FaultError:
            return None


def main(prog):
    """Answers the question that argv names."""
    with open(sys.argv[1], encoding="utf-8") as file:
        question = json.load(file)
    info = question["info"]
    if prog.platform.arch == drgn.Architecture.X86_64:
        # the page table is in the image
        reach(prog, X86_IMAGE, int(info["NUMBER(phys_base)"]),
              int(info["SYMBOL(swapper_pg_dir)"], 16))
    else:
        reach(prog, PPC_LINEAR, 0, int(info["SYMBOL(vmemmap_list)"], 16))
        reach_memmap(prog)
    memmap = Memmap(prog, info)
    print(json.dumps({"pages": [memmap.page(pfn) for pfn in question["pages"]],
                      "words": [memmap.word(pfn) for pfn in question["words"]],
                      "counts": memmap.counts()}))


if __name__ == "__main__":
    main(prog)  # noqa: F821  (drgn's)
