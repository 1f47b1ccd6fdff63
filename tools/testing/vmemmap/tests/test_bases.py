# SPDX-License-Identifier: GPL-2.0
"""Who reads the bases, from a disassembly."""
import unittest

import support  # noqa: F401
from checks import bases

TEXT = """
ffffffff81000000 <good>:
 100: movabs $0xffffea0000000000,%rax
 104: call   200 <page_offset_base_of>
ffffffff81000100 <bad>:
 110: add    0x1234(%rip),%rax        # ffffffff82000000 <page_offset_base>
 114: add    0x1234(%rip),%rax        # ffffffff82000000 <page_offset_base+0x8>
0000000000000010 <in_a_module>:
 20: mov    0x0(%rip),%rax
			23: R_X86_64_PC32	vmemmap_base-0x4
"""


class Readers(unittest.TestCase):
    """In vmlinux by the address, in modules by the relocation."""

    def test_found(self):
        found = bases.readers(TEXT.splitlines(), ["page_offset_base", "vmemmap_base"])
        self.assertEqual(list(found), ["bad", "in_a_module"])
        self.assertIn("0x1234(%rip)", found["bad"])
