# SPDX-License-Identifier: GPL-2.0
"""Compiling in a guest: what it compiles, what with, and what is told of it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
import compileset
import count
import toolimage
import workload
from measurements import kernbench
from toolbox import Trouble

CMD = r"""cmd_lib/a.o := ccache odd-linux-gcc -I{tree}/include -I./include -c -o lib/a.o {tree}/lib/a.c ; ./objtool lib/a.o

source_lib/a.o := {tree}/lib/a.c

deps_lib/a.o := \
    $(wildcard include/config/X) \
  {tree}/include/a.h \
  include/generated/b.h \

lib/a.o: $(deps_lib/a.o)

$(deps_lib/a.o):
"""
TOOLS = {"packages": ["make", "binutils-TRIPLET"], "programs": ["usr/bin/TRIPLET-as"],
         "links": {"usr/bin/as": "TRIPLET-as"},
         "x86_64": {"debian": "amd64", "triplet": "x86_64-linux-gnu"}}
CONSOLE = """[    1.0] guest| # load 2
[    1.0] guest| timed: elapsed 3.5
[    1.0] guest| timed: percent 99
[    1.0] guest| ok 1 make -j2
[    1.0] guest| # load 4
[    1.0] guest| timed: elapsed 4.500
[    1.0] guest| timed: switches 7"""


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name).resolve()

    def file(self, name, text="x\n"):
        """Write a file; return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


class Compiled(Folder):
    """compileset.py"""

    def setUp(self):
        super().setUp()
        tree = self.folder / "tree"
        for name in ("tree/lib/a.c", "tree/include/a.h", "out/include/generated/b.h",
                     "out/include/generated/autoconf.h"):
            self.file(name)
        self.file("out/lib/.a.o.cmd", CMD.format(tree=tree))
        self.set = compileset.CompileSet(tree, self.folder / "out", ["lib/a.o"])

    def test_files(self):
        self.assertEqual(sorted(self.set.files()), [
            "/obj/include/generated/autoconf.h", "/obj/include/generated/b.h",
            "/src/include/a.h", "/src/lib/a.c"])
        self.assertEqual(self.set.size(), (1, 4, 8))

    def test_makefile(self):
        text = self.set.makefile()
        self.assertIn("gcc -I/src/include -I./include -c -o lib/a.o /src/lib/a.c\n", text)
        for gone in ("ccache", "odd-linux", "objtool", str(self.folder)):
            self.assertNotIn(gone, text)

    @unittest.skipUnless(shutil.which("make"), "make is not installed")
    def test_make_understands_it(self):
        self.file("Makefile", self.set.makefile().replace("/src", str(self.folder / "tree")))
        told = subprocess.run(["make", "-n", "all"], cwd=self.folder, capture_output=True,
                              text=True, check=True).stdout
        self.assertEqual((told.count(" CC "), told.count(" AR ")), (1, 1))
        self.assertEqual(subprocess.run(["make", "-s", "check"], cwd=self.folder, check=False,
                                        capture_output=True).returncode, 2)

    def test_units(self):
        self.assertEqual(self.set.units(), "lib/a.o /src/lib/a.c /src/include/a.h "
                                           "/obj/include/generated/b.h\n")

    def test_what_is_not_there(self):
        with self.assertRaisesRegex(Trouble, "that kernel has to be built, with lib/b.o"):
            compileset.CompileSet(self.folder / "tree", self.folder / "out", ["lib/b.o"])
        with self.assertRaisesRegex(Trouble, "lib/a.o: kbuild's .cmd file is not understood"):
            compileset.read_cmd("cmd_lib/a.o := gcc\n", "lib/a.o")


class Image(Folder):
    """toolimage.py"""

    def unpacked(self, work, packages, debian):
        """Stand in for foreign.unpacked()."""
        self.asked.append((packages, debian))
        path = os.path.join(work, "tree/usr/bin/x86_64-linux-gnu-as")
        os.makedirs(os.path.dirname(path))
        shutil.copy(shutil.which("true"), path)
        for name in toolimage.needed(path)[1] + ["ld-linux-x86-64.so.2"]:
            library = os.path.join(work, "tree/lib/x86_64-linux-gnu", name)
            os.makedirs(os.path.dirname(library), exist_ok=True)
            shutil.copy(self.library, library)
        return ["binutils_1_amd64.deb", "make_2_amd64.deb"]

    def test_made_once(self):
        self.asked = []
        if not shutil.which("gcc"):
            self.skipTest("gcc is not installed")
        self.library = self.folder / "x.so"
        subprocess.run(["gcc", "-shared", "-nostdlib", "-o", self.library, "-x", "c", "/dev/null"],
                       check=True)
        with mock.patch("foreign.unpacked", self.unpacked):
            first = toolimage.make(TOOLS, "x86_64", self.folder)
            self.assertEqual(toolimage.make(TOOLS, "x86_64", self.folder), first)
            other = {**TOOLS, "packages": ["make"]}
            self.assertNotEqual(toolimage.make(other, "x86_64", self.folder)[0], first[0])
        self.assertEqual(self.asked, [(["make", "binutils-x86-64-linux-gnu"], "amd64"),
                                      (["make"], "amd64")])
        self.assertEqual(first[1], ["binutils_1_amd64.deb", "make_2_amd64.deb"])
        names = subprocess.run(["grep", "-ao", "usr/bin/[a-z0-9_-]*as", first[0]],
                               capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(sorted(set(names)), ["usr/bin/as", "usr/bin/x86_64-linux-gnu-as"])

    def test_half_made_is_not_taken(self):
        self.asked = []
        with mock.patch("foreign.unpacked", side_effect=Trouble("no network")):
            with self.assertRaisesRegex(Trouble, "no network"):
                toolimage.make(TOOLS, "x86_64", self.folder)
        self.assertEqual(list(self.folder.rglob("*.cpio")), [])

    def test_what_is_not_there(self):
        with self.assertRaisesRegex(Trouble, r"no \[toolchain.ia64\]"):
            toolimage.recipe(TOOLS, "ia64")
        with self.assertRaisesRegex(Trouble, "none of the packages has usr/bin/cc"):
            toolimage.closure(self.folder, "x", ["usr/bin/cc"])


class Told(unittest.TestCase):
    """measurements/kernbench.py"""

    def test_rows(self):
        self.assertEqual(kernbench.rows_of(CONSOLE.splitlines()), [
            {"jobs": 2, "elapsed": 3.5, "percent": 99.0},
            {"jobs": 4, "elapsed": 4.5, "switches": 7.0}])

    def test_tables(self):
        mode = {"instructions": 1500000000, "repeats": 500000000, "loads": 7000000, "stores": 0}
        row = {"jobs": 2, "elapsed": 4.25, "percent": 99.0, "switches": 1.0, "sleeps": 2.0}
        parts = [{"kernel": {**mode, "loads": loads}, "user": {**mode, "repeats": 0}}
                 for loads in (6000000, 8000000)]
        result = {"rows": [{**row, "switches": 0.0}, {**row, "switches": 2.0}], "parts": parts}
        times, numbers, executed = kernbench.tables({"classic": result})
        self.assertEqual(times, {"-j2 User": {"classic": 1.5}, "-j2 System": {"classic": 2.0},
                                 "-j2 Total": {"classic": 3.5}, "-j2 Elapsed": {"classic": 4.25}})
        self.assertEqual(numbers["-j2 Context Switches"], {"classic": 1.0})
        self.assertEqual(executed["-j2 kernel instructions"], {"classic": 1500.0})
        self.assertEqual(executed["-j2 kernel loads"], {"classic": 7.0})

    def test_spreads(self):
        def part(count):
            return {"kernel": {"instructions": count, "repeats": 0}}
        result = {"rows": [{"jobs": jobs} for jobs in (1, 4, 1, 4)],
                  "parts": [part(count) for count in (98, 50, 102, 50)]}
        self.assertEqual(kernbench.spreads({"a": result, "b": result}),
                         {"-j1": ["4.00", "4.00"], "-j4": ["0.00", "0.00"]})

    def test_headlines(self):
        mode = {"instructions": 500000000, "repeats": 0, "loads": 3, "stores": 2}
        model = mock.Mock()
        model.configure_mock(name="classic")
        group = mock.Mock(models=[model])
        group.configure_mock(name="g")
        group.arch.configure_mock(name="x86_64")
        found = kernbench.headlines(group, {"g classic 1": {"rows": [], "parts": 2 * [
            {"kernel": mode, "user": mode}]}})
        self.assertEqual(found["kernbench System"], {"classic": 0.5})
        self.assertEqual(found["kernbench Total"], {"classic": 1.0})
        self.assertEqual(found["kernbench kernel loads"], {"classic": 3})
        self.assertEqual(kernbench.headlines(group, {}), {})

    def test_boots(self):
        model = mock.Mock()
        model.configure_mock(name="classic")
        group = mock.Mock(models=[model])
        group.configure_mock(name="g")
        group.arch.configure_mock(name="x86_64")
        number = len(kernbench.boots("x86_64"))
        self.assertGreater(number, 1)
        self.assertEqual(list(kernbench.boots("x86_64", quick=True)), [1])
        self.assertEqual(list(kernbench.boots("ia64")), [1])
        results = {f"g classic {boot}": {"kernel": "k", "rows": [boot], "parts": [-boot]}
                   for boot in range(1, number + 1)}
        results["g classic again"] = results["g classic 1"]
        found = kernbench.all_boots(results, group, model)
        self.assertEqual(found["rows"], list(range(1, number + 1)))
        self.assertEqual(found["parts"], [-row for row in found["rows"]])
        self.assertEqual(found["kernel"], "k")
        del results["g classic 2"]
        self.assertEqual(len(kernbench.all_boots(results, group, model)["rows"]), number - 1)
        self.assertIsNone(kernbench.all_boots({}, group, model))

    @mock.patch("measurements.kernbench._guests", return_value=Trouble("none"))
    def test_points(self, _guests):
        model = mock.Mock(kernel="k")
        model.configure_mock(name="classic")
        group = mock.Mock(models=[model])
        group.configure_mock(name="g")
        group.arch.configure_mock(name="x86_64")
        points = {point.name: point
                  for point in kernbench.points(mock.Mock(groups=[group], quick=False))}
        names = [f"g classic {boot}" for boot in kernbench.boots("x86_64")]
        self.assertEqual(list(points), names + ["g classic again"])
        # what is measured once is not taken for another boot, but for the same again
        inputs = [json.dumps(points[name].inputs) for name in names]
        self.assertEqual(len(set(inputs)), len(names))
        self.assertEqual(points["g classic again"].inputs, points[names[0]].inputs)
        memory = {name: point.measure.args[2].memory for name, point in points.items()}
        self.assertEqual(len(set(memory.values())), len(names))
        self.assertEqual(memory["g classic again"], memory[names[0]])
        self.assertEqual(max(memory.values()), memory[names[0]])
        quick = kernbench.points(mock.Mock(groups=[group], quick=True))
        self.assertEqual([point.name for point in quick], names[:1])

    def test_data(self):
        data = kernbench.data()
        self.assertLess(set(data["compiled"]["quick"]), set(data["compiled"]["objects"]))
        for arch in ("x86_64", "powerpc"):
            self.assertTrue(toolimage.recipe(data["toolchain"], arch)["packages"])
            self.assertIn("KERNBENCH_LOADS", count.load("kernbench", arch).env)


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class Buildlike(Folder):
    """The workload in the place of a compiler, on this machine."""

    def setUp(self):
        super().setUp()
        self.program = self.folder / "buildlike"
        workload.compile_with(["gcc", "-O2"], "buildlike", self.program)
        self.file("a.c", "int a(int b) { return b + 1; }\n")
        self.file("a.h", "#define SOMETHING 5\n" * 50)
        self.file("units", "".join(f"{n}.o {self.folder}/a.c {self.folder}/a.h\n" for n in "123"))

    def make(self, jobs):
        """Run it; return its exit status."""
        return subprocess.run([self.program, "make", jobs], cwd=self.folder, capture_output=True,
                              check=False).returncode

    def test_objects(self):
        self.assertEqual(self.make("2"), 0)
        objects = [(self.folder / f"{n}.o").read_bytes() for n in "123"]
        self.assertGreater(len(objects[0]), 8)
        self.assertEqual(objects, [objects[0]] * 3)
        self.assertEqual((self.folder / "built-in.a").read_bytes(), b"".join(objects))
        (self.folder / "2.o").unlink()
        self.assertEqual(self.make("1"), 0)
        self.assertEqual((self.folder / "2.o").read_bytes(), objects[0])

    def test_failures(self):
        self.assertEqual(self.make("0"), 2)
        (self.folder / "a.h").unlink()
        self.assertEqual(self.make("2"), 1)
        (self.folder / "units").write_text("1.o\n")
        self.assertEqual(self.make("2"), 1)


if __name__ == "__main__":
    unittest.main()
