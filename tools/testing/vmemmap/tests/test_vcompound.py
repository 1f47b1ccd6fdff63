# SPDX-License-Identifier: GPL-2.0
"""Measuring virtual compounds: what is asked, and what the answers become."""
import tempfile
import types
import unittest

import support  # noqa: F401  (says where modules are)
import measure
from measurements import vcompound
from page import Page

CONSOLE = """x guest| ok 1 0 alloc none 4096 100: 100
x guest| ok 2 hold vcompound 32768: 1
x guest| ok 3 entries: 32768 1
x guest| ok 4 hold vmalloc 32768: 1
x guest| ok 5 entries: 32768 8
x guest| ok 6 hold pages 16777216: 0
x guest| ok 7 entries: 0 0
x guest| ok 8 fragment 32: 8192
x guest| ok 9 share 8192 20: 20 19
x guest| ok 10 share 4194304 20: 20 0
x guest| ok 11 release: 8192
"""


def counted(number, instructions):
    """Return a part as count.read() does."""
    return {"part": number, "kernel": {"instructions": instructions}}


class Requests(unittest.TestCase):
    """Lines for the module, and the parts that are counted."""

    def test_parts_are_numbered(self):
        lines, parts = vcompound.requests()
        marked = [int(line.split()[0]) for line in lines if line[0].isdigit()]
        self.assertEqual(marked, list(range(len(parts))))
        self.assertLess(len(parts), 256)
        self.assertEqual(parts[0]["way"], "none")
        for line in lines:
            self.assertLess(len(line), 64)

    def test_answers(self):
        told = vcompound.answers(CONSOLE.splitlines())
        self.assertEqual(told[0], ("0 alloc none 4096 100", "100"))
        self.assertEqual(len(told), 11)
        self.assertEqual(vcompound.entries_of(told),
                         {("vcompound", 32768): 1, ("vmalloc", 32768): 8})
        self.assertEqual(vcompound.shares_of(told), [
            {"each": 32, "kept": 8192, "of": {"8192": [20, 19], "4194304": [20, 0]}}])

    def test_costs(self):
        parts = {0: {"way": "none", "order": 0}, 1: {"way": "none", "order": 1},
                 2: {"way": "convert", "order": "x"}, 3: {"way": "pages", "order": 3},
                 4: {"way": "pages", "order": 5}}
        found = vcompound.costs(parts, [counted(0, 1000), counted(1, 100), counted(2, 500),
                                        counted(3, 5000)])
        self.assertEqual(found, {("pages", 3): 40, ("convert", "x"): 4})


class Reports(unittest.TestCase):
    """Tables of what was measured."""

    def test_all_of_it(self):
        told = vcompound.answers(CONSOLE.splitlines())
        one = {"costs": [["pages", 3, 40.0], ["vcompound", 3, 50.0], ["convert", "x", 4.0]],
               "entries": [[*key, count] for key, count in vcompound.entries_of(told).items()],
               "shares": vcompound.shares_of(told)}
        results = {"bench": one, "bench-vcompound": one, "arrays-16": [[1.0, 2.0], [1.0, 4.0]]}
        with tempfile.TemporaryDirectory() as folder:
            page = Page(folder)
            vcompound.report(page, None, results)
            with open(page.write(), encoding="utf-8") as file:
                text = file.read()
        self.assertRegex(text, r"\| 32 KiB +\| +40 \| +- \| +- \| +50 \|")
        self.assertRegex(text, r"\| 32 KiB +\| +- \| +4 \| +- \| +32 \|")
        self.assertRegex(text, r"\| one of 32 \(0 MiB\) \| +95 \|")
        self.assertIn("3.00 (2.00..4.00)", text)

    def test_no_groups_are_built_for_it(self):
        options = types.SimpleNamespace(build="b", version="v", arch="", aim="", quick=False)
        plan, lacking = measure.make_plan(options, [vcompound])
        self.assertEqual((plan.groups, plan.unbooted, lacking), ((), (), {}))


if __name__ == "__main__":
    unittest.main()
