# SPDX-License-Identifier: GPL-2.0
"""The check of steps: which of them an architecture has to build."""
import unittest

import support  # noqa: F401  (makes the tools importable)

from checks import steps


class CompiledHere(unittest.TestCase):
    """What changes the kernel of x86."""

    def test_names(self):
        for name, compiled in (("mm/sparse.c", True), ("arch/Kconfig", True),
                               ("arch/x86/mm/init_64.c", True), ("arch/ia64/mm/init.c", False),
                               ("Documentation/mm/x.rst", False), ("MAINTAINERS", False),
                               ("tools/include/nolibc/nolibc.h", False), ("scripts/x", True)):
            self.assertEqual(steps.compiled_here([name], "x86"), compiled, name)
        self.assertTrue(steps.compiled_here(["arch/ia64/a.c", "mm/a.c"], "x86"))
        self.assertFalse(steps.compiled_here([], "x86"))


if __name__ == "__main__":
    unittest.main()
