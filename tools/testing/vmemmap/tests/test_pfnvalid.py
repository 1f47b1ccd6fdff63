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

    PARTS = [part(4 * place + way, 5000 + 1000 * way * (place + 1), 100 + way, 2000 * (way == 3))
             for place in range(3) for way in range(4)]

    def test_costs(self):
        cost = pfnvalid.costs(self.PARTS)
        self.assertEqual(len(cost), 9)
        self.assertEqual(cost[0, 1], [1, 0.001, 0, 0, 0])
        self.assertEqual(cost[2, 3], [9, 0.003, 2, 0, 0])
        self.assertEqual(pfnvalid.rows("k", cost)[8],
                         ["k", "an absent section", "struct page", "9.0", "0.0", "2.0", "0.0",
                          "0.0"])


if __name__ == "__main__":
    unittest.main()
