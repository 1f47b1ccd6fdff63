# SPDX-License-Identifier: GPL-2.0
"""Dumps: what guests tell, what tools print, and that a tool which finds something else fails."""
import dataclasses
import json
import os
import pathlib
import struct
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (finds the modules below)
import machine
import stripped
from dumps import Case, by_crash, by_drgn, by_makedumpfile, elf, facts, programs
from toolbox import Trouble

BASE = 0xffea000000000000
TOLD = f"""[    1.7] dump: page_size 4096
[    1.7] dump: struct_page 64
[    1.7] dump: memmap {BASE:x}
[    1.7] dump: vmcoreinfo fa00040 400
[    1.7] dump: ram 1000 9fc00
[    1.7] dump: ram 8000000 10000000
[    1.7] dump: page pfn=8001 index=7f3037b14 mapcount=2 flags=5828 mark=92be558c7fdec8a4
[    1.8] dump: free pfn=ce65
[    2.3] dump: pages 65536 free 43642 lru 47430 anon 45389 slab 691
""".splitlines()
PLACE = 0xfa00040
CRASH = f"""WARNING: no kernel module access
      PAGE       PHYSICAL      MAPPING       INDEX CNT FLAGS
{BASE + 0x8001 * 64:x}  8001000 ff11b8741f45f3a9 7f3037b14  2 40014 uptodate,lru,swapbacked
         8001000:  92be558c7fdec8a4                    .a..4...
VIRTUAL           PHYSICAL        
{BASE + 0x8001 * 64:x}  fa00040        

PGD DIRECTORY: ffffffff8c009000
NR      SECTION        CODED_MEM_MAP        MEM_MAP       STATE PFN
 0  ff30c7a2dffd2000  {BASE:x}  {BASE:x}  PMOE  0               
 1  ff30c7a2dffd2010  {BASE:x}  {BASE + 0x200000:x}  PMOE  32768           

nr_free_pages: 43642  (verified)
"""
ZERO = """Copying data    : [100.0 %] -           eta: 0s
    Pages filled with zero  : 0x000000000000eb91
    Free pages              : 0x0000000000000000
"""
ALL = f"""
                       mem_map        pfn_start          pfn_end
mem_map[   0] {BASE:x}                0             8000
mem_map[   1] {BASE + 0x200000:x}             8000            10000
mem_map[   2]                0            10000            18000
\rCopying data    : [100.0 %] -           eta: 0s\r
    User process data pages : 0x000000000000b14d
    Free pages              : 0x000000000000aa7a
"""
DRGN = {"pages": [{"helper": BASE + 0x8001 * 64, "address": BASE + 0x8001 * 64,
                   "index": 0x7f3037b14, "mapcount": 2, "lru": True, "anon": True}],
        "words": [0x92be558c7fdec8a4, 0],
        "counts": {"pages": 65536, "free": 43642, "lru": 47430, "anon": 45389, "slab": 691}}


class Dumps(unittest.TestCase):
    """Each tool with what it printed, whole and with one thing changed."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "dump").touch()
        self.case = Case(holder.name, "x86_64", "vmlinux", f"{holder.name}/dump", facts.parse(TOLD),
                         {"NUMBER(SECTION_SIZE_BITS)": "27"})

    def problems(self, check, texts, **swaps):
        """Return the problems that a tool's check() finds in what its programs printed.

        swaps: old=new to replace in the text of that number.
        """
        texts = list(texts)
        for number, (old, new) in swaps.items():
            place = int(number[1:])
            self.assertIn(old, texts[place])
            texts[place] = texts[place].replace(old, new)

        def run(_words, _log, _given=""):
            (self.folder / "dump.filtered-1").touch()
            (self.folder / "dump.filtered-31").touch()
            return texts.pop(0)
        with mock.patch.object(programs, "run", run), \
                mock.patch.object(programs, "command", lambda *_: ["tool"]):
            return check(self.case)

    def test_facts(self):
        told = facts.parse(TOLD)
        self.assertEqual(told.pages[0].pfn, 0x8001)
        self.assertEqual(told.vmcoreinfo, (0xfa00040, 0x400))
        self.assertEqual(told.ram, [(0x1000, 0x9fc00), (0x8000000, 0x10000000)])
        for number in (0, 1, 6, 7, 8):
            self.assertIsNone(facts.parse(TOLD[:number] + TOLD[number + 1:]), TOLD[number])

    def test_crash(self):
        index = struct.pack("<Q", 0x7f3037b14)

        def check(old="", new="", there=index):
            with mock.patch.object(elf, "memory", lambda _path, place, _size:
                                   there if place == PLACE else b""):
                return " ".join(self.problems(by_crash.check, [CRASH], _0=(old, new)))
        self.assertEqual(check(), "")
        for old, new, problem in (
                (" 7f3037b14  2", " 7f3037b15  2", "index"), ("  2 400", "  1 400", "references"),
                ("uptodate,lru", "uptodate", "flags"), ("92be", "92bf", "does not hold"),
                (" 8001000 ", " 8002000 ", "does not find"),
                ("verified", "found 40000", "40000 pages"),
                (f"{BASE + 0x200000:x}  PMOE", f"{BASE:x}  PMOE", "is at"),
                ("PMOE  0", "none  0", "has no struct page"),
                (f"{BASE + 0x8001 * 64:x}  fa00040", "VIRTUAL", "vtop does not find"),
                ("fa00040", "fa00080", "where it is not")):
            self.assertRegex(check(old, new), problem)
        self.assertRegex(check(there=b"0" * 64), "where it is not")

    def test_makedumpfile(self):
        full, empty = json.dumps(DRGN), json.dumps({**DRGN, "words": [None, None]})

        def check(**swaps):
            return self.problems(by_makedumpfile.check, [ZERO, full, ALL, empty], **swaps)
        self.assertEqual(check(), [])
        self.assertRegex(check(_1=(str(DRGN["words"][0]), "null"))[0], "does not hold")
        self.assertRegex(check(_0=("eb91", "0000"))[0], "pages of zeroes")
        self.assertRegex(check(_2=("aa7a", "a000"))[0], "pages are free")
        self.assertRegex(check(_2=("User process", "Other"))[0], "does not count")
        self.assertRegex(check(_2=(f"{BASE + 0x200000:x}", f"{0:16}"))[0], "has no struct page")
        self.assertRegex(check(_2=(f"{BASE:x} ", f"{BASE + 64:x} "))[0], "guest has it at")
        self.assertRegex(check(_3=("null]", "5]"))[0], "0xce65 is in the dump")
        self.assertRegex(check(_3=('"mapcount": 2', '"mapcount": 3'))[0], "mapcount is 3")
        with self.assertRaisesRegex(Trouble, "no answer"):
            check(_3=(empty, "nothing"))

    def test_drgn(self):
        told = facts.parse(TOLD)
        self.assertEqual(self.problems(by_drgn.check, [json.dumps(DRGN)]), [])
        for name, value in (("helper", 1), ("address", 0), ("index", 3), ("mapcount", 1),
                            ("lru", False), ("anon", False)):
            page = {**DRGN["pages"][0], name: value}
            self.assertTrue(by_drgn.compare(told, {**DRGN, "pages": [page]}), name)
        for name in DRGN["counts"]:
            self.assertTrue(by_drgn.compare(
                told, {**DRGN, "counts": {**DRGN["counts"], name: 30000}}), name)
        self.assertTrue(by_drgn.compare_words(told, {0x8001: 5}))

    def test_unknown_place_of_memmap(self):
        told = dataclasses.replace(facts.parse(TOLD), memmap=0)
        self.assertEqual(told.compare_maps([(0, 0x8000, 1), (0x8000, 0x10000, 9)]), [])
        self.assertTrue(told.compare_maps([(0, 0x8000, 1)]))

    def dumped(self, order, note):
        """Return the path of a dump as QEMU writes it: section headers first."""
        path = self.folder / "elf"
        memory = b"m" * 64 + note.ljust(1000, b"\0")
        heads = struct.pack(order + "IIQQQQQQ", 4, 0, 400, 0, 0, 100, 100, 0)
        heads += struct.pack(order + "IIQQQQQQ", 1, 0, 500, 0, 0x1000, len(memory), len(memory), 0)
        magic = b"\x7fELF\x02\x01\x01" if order == "<" else b"\x7fELF\x02\x02\x01"
        head = struct.pack(order + "16sHHIQQQIHHHHHH", magic, 4, 62, 1, 0, 192, 64, 0, 64, 56, 2,
                           64, 2, 1)
        theirs = struct.pack(order + "III", 5, 80, 1) + b"CORE".ljust(8, b"\0") + b"c" * 80
        path.write_bytes((head.ljust(192, b"s") + heads).ljust(400, b"-") + theirs + memory)
        return path

    def test_tidy(self):
        note = struct.pack("<III", 11, 12, 0) + b"VMCOREINFO\0\0" + b"A=1\nB=x=y\0\0\0"
        for order in "<>":
            path = self.dumped(order, note)
            self.assertEqual(elf.vmcoreinfo(path), {})
            elf.tidy(path, (0x1040, len(note) + 500))
            self.assertEqual(elf.vmcoreinfo(path), {"A": "1", "B": "x=y"})
            data = path.read_bytes()
            self.assertEqual(data[:64], struct.pack(
                "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0,
                0))
            self.assertEqual(data[120:176], struct.pack("<IIQQQQQQ", 1, 0, 500, 0, 0x1000, 1064,
                                                        1064, 0))
            # behind the memory where there is no room for both notes
            at, size = struct.unpack_from("<8xQ16xQ", data, 64)
            self.assertEqual((at, size), (1564, 100 + len(note)) if order == "<" else
                             (400, len(note)))
            self.assertEqual(b"CORE\0\0" in data[at:at + size], order == "<")
            elf.tidy(path, (0x1040, len(note) + 500))
            self.assertEqual(path.read_bytes(), data)
        path = self.dumped("<", b"")
        elf.tidy(path, (0x9000, 64))
        self.assertEqual(elf.vmcoreinfo(path), {})

    def test_no_dump(self):
        path = self.folder / "elf"
        good = self.dumped("<", b"").read_bytes()
        for bad in (b"", b"x" * 100, good[:40], good[:64]):
            path.write_bytes(bad)
            with self.assertRaisesRegex(Trouble, "elf is no dump"):
                elf.tidy(path)


class Programs(unittest.TestCase):
    """Running tools."""

    def test_run(self):
        with tempfile.TemporaryDirectory() as folder:
            log = f"{folder}/log"
            self.assertEqual(programs.run(["cat"], log, "x\n"), "x\n")
            with self.assertRaisesRegex(Trouble, f"log failed: no, see {log}$"):
                programs.run(["sh", "-c", "echo no; exit 2"], log)
            with mock.patch.object(programs, "_SECONDS", 0.1), \
                    self.assertRaisesRegex(Trouble, "takes longer"):
                programs.run(["sleep", "5"], log)

    def test_absent(self):
        with mock.patch("shutil.which", return_value=None), \
                self.assertRaisesRegex(Trouble, "python3-drgn"):
            programs.command("build", "x86_64", "drgn")


class Stripped(unittest.TestCase):
    """The kernel that guests load."""

    def test_image(self):
        calls = []

        def strip(command):
            calls.append(command)
            pathlib.Path(command[-1]).write_text("small", encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder, \
                mock.patch.object(stripped, "output", strip), \
                mock.patch.object(stripped, "need", lambda program, _package: program):
            whole = pathlib.Path(folder, "vmlinux")
            whole.touch()
            arch = machine.arch_facts("powerpc")
            goal = stripped.image(arch, folder)
            self.assertEqual(pathlib.Path(goal).read_text(encoding="utf-8"), "small")
            self.assertEqual(stripped.image(arch, folder), goal)
            self.assertEqual(len(calls), 1)
            os.utime(whole, (1 << 40, 1 << 40))
            stripped.image(arch, folder)
            self.assertEqual(len(calls), 2)
            self.assertEqual(stripped.image(machine.arch_facts("x86_64"), folder),
                             f"{folder}/arch/x86/boot/bzImage")


if __name__ == "__main__":
    unittest.main()
