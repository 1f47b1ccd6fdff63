# SPDX-License-Identifier: GPL-2.0
"""Counting pfn_valid(): what the plugin's numbers become."""
import unittest

import support  # noqa: F401  (says where modules are)
import pfnvalid


def part(number, bundles, loads, faults=0):
    """Return a part as count.read() does."""
    return {"part": number, "kernel": {"instructions": bundles, "loads": loads},
            "executions": {"page_fault": faults}}


class Costs(unittest.TestCase):
    """Per call, without what calling costs."""

    PARTS = [part(3 * place + way, 5000 + 1000 * way * (place + 1), 100 + way, 2000 * (way == 2))
             for place in range(3) for way in range(3)]

    def test_costs(self):
        cost = pfnvalid.costs(self.PARTS)
        self.assertEqual(len(cost), 6)
        self.assertEqual(cost[0, 1], [1, 0.001, 0, 0, 0])
        self.assertEqual(cost[2, 2], [6, 0.002, 2, 0, 0])
        self.assertEqual(pfnvalid.rows("k", cost)[5],
                         ["k", "an absent section", "struct page", "6.0", "0.0", "2.0", "0.0",
                          "0.0"])

    def test_share(self):
        cost = {(0, 1): [12], (0, 2): [4]}
        work = {"kernel": {"instructions": 100000}, "loads": {"mem_section": 50}}
        self.assertEqual(pfnvalid.share("k", cost, work), ["k", "100000", "50", "400", "0.400"])


if __name__ == "__main__":
    unittest.main()
