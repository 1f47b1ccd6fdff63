# SPDX-License-Identifier: GPL-2.0
"""Kernels: configs made of fragments, and one line for what is wrong."""
import pathlib
import unittest

from support import Scratch

import archdata
import configure
import kernel
import reportmodule
from toolbox import Trouble


class Configs(Scratch):
    """Fragments and includes."""

    def test_later_wins_and_variant_is_put_in(self):
        self.put("common", "CONFIG_A=y\nCONFIG_B=1\n")
        self.put("classic", "# CONFIG_A is not set\n")
        file = self.put("x", '# words\n#include "common"\n#include "{variant}"\nCONFIG_C="s"\n')
        self.assertEqual(configure.read(file, "classic"),
                         {"CONFIG_A": "n", "CONFIG_B": "1", "CONFIG_C": '"s"'})

    def test_complaints(self):
        with self.assertRaisesRegex(Trouble, "x:1: there is no .*none"):
            configure.read(self.put("x", '#include "none"\n'), "classic")
        with self.assertRaisesRegex(Trouble, "x:2: 'A=y' is no option"):
            configure.read(self.put("x", "\nA=y\n"), "classic")

    def test_refused(self):
        granted = self.put("g", "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_D=m\n")
        asked = {"CONFIG_A": "y", "CONFIG_B": "n", "CONFIG_C": "n", "CONFIG_D": "y",
                 "CONFIG_E": "y"}
        self.assertEqual(configure.refused(asked, granted), ["CONFIG_D", "CONFIG_E"])

    def test_every_config_can_be_read(self):
        for arch in archdata.known() + archdata.known(archdata.COMPILE_ONLY):
            for file in (configure.layout.CONFIGS / arch).glob("*.config"):
                for variant in ("mainline", "classic", "vmemmap"):
                    with self.subTest(file=file.name, arch=arch, variant=variant):
                        self.assertTrue(configure.read(file, variant))


class BadInput(Scratch):
    """What a user gets wrong."""

    def tree(self):
        """Something that looks like a tree."""
        self.put("Kconfig", "")
        return self.top

    def test_unknown_architecture(self):
        with self.assertRaisesRegex(Trouble, "ARCH=vax is not among .* x86_64"):
            kernel.Kernel(self.build, self.tree(), "vmemmap", "vax")

    def test_unknown_config(self):
        with self.assertRaisesRegex(Trouble, "CONFIG=none is no config of x86_64: .*default"):
            kernel.Kernel(self.build, self.tree(), "vmemmap", config="none")
        with self.assertRaisesRegex(Trouble, "CONFIG: there is no file"):
            kernel.Kernel(self.build, self.tree(), "vmemmap", config="no/such")

    def test_no_tree(self):
        with self.assertRaisesRegex(Trouble, "is not a kernel tree"):
            kernel.Kernel(self.build, self.folder, "vmemmap")

    def test_alias(self):
        self.assertEqual(archdata.load("x86")["name"], "x86_64")

    def test_failed_build_is_one_line_and_leaves_no_stamp(self):
        tree = self.tree()
        (tree / "Makefile").write_text("allnoconfig: ; @cp asked.config $(O)/.config\n"
                                       "bzImage: ; @echo 'x.c:3:1: error: no'; false\n"
                                       "modules: ;\n")
        (tree / "asked.config").write_text("")
        one = kernel.Kernel(self.build, tree, "vmemmap", config=str(self.put("c.config", "")))
        one.key = lambda *targets: {"key": 1}
        with self.assertRaisesRegex(Trouble, r"failed: x\.c:3:1: error: no \(log: .*log\)"):
            one.made()
        self.assertFalse((one.out / "built.json").exists())

    def test_second_run_does_nothing(self):
        tree = self.tree()
        (tree / "Makefile").write_text("allnoconfig: ; @touch $(O)/.config\n"
                                       "bzImage modules: ; @echo ran >> $(O)/runs\n")
        one = kernel.Kernel(self.build, tree, "vmemmap", config=str(self.put("c.config", "CONFIG_MODULES=y\n")),
                            strict=False)
        one.key = lambda *targets: {"key": 1}
        one.made()
        runs = pathlib.Path(one.out / "runs").read_text()
        one.made()
        self.assertEqual(pathlib.Path(one.out / "runs").read_text(), runs)
        self.assertIn("ran\nran\n", runs)


class ReportModule(Scratch):
    """The report as a module."""

    def test_wanted_where_it_is_not_built_in(self):
        takes_it = "CONFIG_MODULES=y\nCONFIG_DEBUG_FS=y\nCONFIG_SPARSEMEM=y\n"
        file = self.put(".config", takes_it)
        self.assertEqual(reportmodule.wanted(self.top), bool(reportmodule.sources()))
        for other in (takes_it + "CONFIG_VMEMMAP_REPORT=y\n",
                      takes_it.replace("SPARSEMEM", "FLATMEM")):
            file.write_text(other)
            self.assertFalse(reportmodule.wanted(self.top))


if __name__ == "__main__":
    unittest.main()
