# SPDX-License-Identifier: GPL-2.0
"""Which objects a folder's Makefile builds."""
import unittest

import support  # noqa: F401  (makes the tools importable)
import touched

RECIPE = """
obj-y := one.o two.o
obj-$(CONFIG_THREE) += three.o
vmemmap-y := four.o
vmemmap-$(CONFIG_FIVE) += five.o
obj-$(CONFIG_VMEMMAP) += $(vmemmap-y)
driver-objs := six.o
obj-$(CONFIG_DRIVER) += driver.o
"""


class InRecipe(unittest.TestCase):
    """in_recipe()"""

    def found(self, *granted):
        """Return which of the objects are built with these options."""
        return [name for name in ("one", "two", "three", "four", "five", "six", "seven")
                if touched.in_recipe(RECIPE, f"{name}.o", set(granted))]

    def test_options(self):
        """What has an option is built with it, and lists with the option of what takes them in"""
        self.assertEqual(self.found(), ["one", "two"])
        self.assertEqual(self.found("CONFIG_THREE"), ["one", "two", "three"])
        self.assertEqual(self.found("CONFIG_FIVE"), ["one", "two"])
        self.assertEqual(self.found("CONFIG_VMEMMAP"), ["one", "two", "four"])
        self.assertEqual(self.found("CONFIG_VMEMMAP", "CONFIG_FIVE"), ["one", "two", "four", "five"])
        self.assertEqual(self.found("CONFIG_DRIVER"), ["one", "two", "six"])

    def test_whole_names(self):
        """An object is not found in the name of another one"""
        self.assertFalse(touched.in_recipe("obj-y := not-one.o\n", "one.o", set()))
        self.assertFalse(touched.in_recipe("obj-y := one.other\n", "one.o", set()))


if __name__ == "__main__":
    unittest.main()
