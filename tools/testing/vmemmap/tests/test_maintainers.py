# SPDX-License-Identifier: GPL-2.0
"""Tests of series/maintainers.py."""
import support  # noqa: F401  puts series/ on the path
import unittest

import maintainers

BASE = """List of maintainers

Maintainers List
----------------

.. note:: words

ALPHA
M:	a

GAMMA
M:	c

THE REST
M:	all
"""


class Merge(unittest.TestCase):
    def test_an_entry_takes_its_place_in_the_alphabet(self):
        merged = maintainers.merge(BASE, "BETA\nM:\tb\n")
        self.assertEqual(merged, BASE.replace("GAMMA", "BETA\nM:\tb\n\nGAMMA"))

    def test_the_rest_stays_last(self):
        merged = maintainers.merge(BASE, "ZETA\nM:\tz\n\nAAA\nM:\ty\n")
        self.assertTrue(merged.endswith("ZETA\nM:\tz\n\nTHE REST\nM:\tall\n"))
        self.assertIn("words\n\nAAA\nM:\ty\n\nALPHA", merged)

    def test_a_file_without_a_list_is_refused(self):
        with self.assertRaises(ValueError):
            maintainers.merge("nothing\n", "BETA\n")


if __name__ == "__main__":
    unittest.main()
