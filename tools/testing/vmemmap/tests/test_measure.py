# SPDX-License-Identifier: GPL-2.0
"""make bench: what is compared, what is kept, what a report says."""
import argparse
import dataclasses
import pathlib
import tempfile
import types
import unittest
from unittest import mock

from support import layout  # noqa: F401

import measure
import measure_plan
import page
from measurements import multiuser, statics
from toolbox import Trouble, write_whole

MODELS = """
[model]
classic = "C"
vmemmap = "V"
small = "S"
[peer]
vmemmap = "small"
[[group]]
name = "one"
title = "One"
arch = "x86_64"
config = "bench"
models = ["classic", "vmemmap", "small"]
guest = { cpu = "power8" }
parameters.small = { variant = "vmemmap", cmdline = "leaf=16K" }
"""


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def groups(self, text=MODELS):
        """Return the groups of a models.toml with that text."""
        path = self.folder / "models.toml"
        path.write_text(text, encoding="utf-8")
        return measure_plan.groups(str(self.folder), "6.1", path)


class Plan(Folder):
    """models.toml."""

    def test_a_model_may_be_a_kernel_with_parameters(self):
        group, = self.groups()
        small = group.models[2]
        self.assertEqual((small.name, small.label, small.kernel.where.variant), ("small", "S", "vmemmap"))
        self.assertEqual((small.kernel.cmdline, small.kernel.guest), ("leaf=16K", {"cpu": "power8"}))
        self.assertTrue(small.kernel.where.kernel.endswith("6.1/vmemmap/x86_64/bench"))

    def test_missing_key_is_named(self):
        with self.assertRaisesRegex(Trouble, "models.toml: 'config' is missing"):
            self.groups(MODELS.replace('config = "bench"\n', ""))
        with self.assertRaisesRegex(Trouble, "models.toml: 'small' is missing"):
            self.groups(MODELS.replace('small = "S"\n', ""))

    def test_the_projects_own(self):
        groups = measure_plan.groups("/build", "6.1")
        self.assertEqual(len({group.name for group in groups}), len(groups))
        labels = [model.kernel.label for group in groups for model in group.models]
        self.assertEqual(len(set(labels)), len(labels))

    def test_digest_sees_content_and_names(self):
        (self.folder / "a").write_text("1")
        first = measure_plan.digest(self.folder)
        self.assertEqual(first, measure_plan.digest(self.folder))
        (self.folder / "a").rename(self.folder / "b")
        second = measure_plan.digest(self.folder)
        (self.folder / "b").write_text("2")
        self.assertEqual(len({first, second, measure_plan.digest(self.folder)}), 3)


class Machines(Folder):
    """A machine that lacks an emulator."""

    def plan(self, arch, *modules):
        """Return what make_plan() returns where nothing can boot ia64."""
        options = argparse.Namespace(build=str(self.folder), version="6.1", arch=arch, aim="",
                                     quick=False)
        with mock.patch("machine.lacking", lambda arch: "none" if arch.name == "ia64" else ""):
            return measure.make_plan(options, modules)

    def test_kernels_are_looked_at(self):
        plan, lacking = self.plan("", multiuser, statics)
        self.assertEqual([group.name for group in plan.unbooted], ["ia64"])
        self.assertEqual(list(lacking.values()), ["no guest was booted: none"])
        self.assertNotIn("ia64", {group.name for group in plan.groups})
        self.assertIn("ia64", {group.name for group in plan.compiled})

    def test_what_is_built(self):
        plan, lacking = self.plan("x86_64", statics)
        first, second, third = plan.groups[1].models
        write_whole(f"{first.kernel.where.kernel}/built.json", "")
        self.assertEqual(measure.what_is_built(plan, lacking).groups, ())
        write_whole(f"{third.kernel.where.kernel}/built.json", "")
        found = measure.what_is_built(plan, lacking)
        self.assertEqual([(group.name, group.models) for group in found.groups],
                         [("x86_64", (first, third))])
        self.assertEqual(lacking["x86_64 with NUMA"], f"no kernel was built of {second.label}")

    def test_nothing_to_look_at(self):
        self.assertEqual(self.plan("", multiuser)[0].unbooted, ())
        with self.assertRaisesRegex(Trouble, "nothing can be measured: none"):
            self.plan("ia64", multiuser)


class Results(Folder):
    """What has been measured is kept, and measured again when something changed."""

    def setUp(self):
        super().setUp()
        self.store = measure.Store(str(self.folder / "results"))
        kernel = self.groups()[0].models[0].kernel
        write_whole(f"{kernel.where.kernel}/vmlinux", "1")
        self.calls = []
        self.point = measure_plan.Point("a b/c", lambda: {"n": self.calls.append(1) or 5}, "x", kernel)

    def run_points(self, *points):
        """Measure points of "m"; returns the Run."""
        run = measure.Run(self.store)
        run.all([("m", point) for point in points])
        return run

    def test_kept(self):
        self.assertIsNone(self.store.find("m", self.point))
        for _ in range(2):
            self.run_points(self.point)
        self.assertEqual((self.store.find("m", self.point), len(self.calls)), ({"n": 5}, 1))

    def test_measured_again(self):
        self.run_points(self.point)
        self.run_points(dataclasses.replace(self.point, inputs="y"))
        write_whole(f"{self.point.kernel.where.kernel}/vmlinux", "2")
        self.run_points(dataclasses.replace(self.point, inputs="y"))
        self.assertEqual(len(self.calls), 3)

    def test_a_torn_file_is_no_result(self):
        self.run_points(self.point)
        file = next((self.folder / "results").rglob("*.json"))
        file.write_text(file.read_text()[:9])
        self.assertIsNone(self.store.find("m", self.point))

    def test_one_that_fails_does_not_stop_the_others(self):
        def fail():
            raise Trouble("no\ngood")
        run = self.run_points(dataclasses.replace(self.point, name="bad", measure=fail), self.point,
                              dataclasses.replace(self.point, name="last", alone=True))
        self.assertEqual(run.failed, {"m: bad": "no good"})
        self.assertEqual(len(self.calls), 2)

    def test_unknown_measurement(self):
        with self.assertRaisesRegex(Trouble, "ONLY=zz: no such measurement; known: .*multiuser"):
            measure.measurements("zz")


class Report(Folder):
    """The page."""

    def test_comparison(self):
        made = page.Page(str(self.folder))
        made.comparison(self.groups()[0], {
            "System": {"classic": 200, "vmemmap": 197.5}, "odd": {"vmemmap": 3}}, 1)
        made.comparison(self.groups()[0], {"x": {"classic": 4, "vmemmap": 2, "small": 8}})
        lines = pathlib.Path(made.write()).read_text().splitlines()
        self.assertRegex(lines[0], r"^\| +\| +C \| +V \| % change \(-ve good\) \|$")
        self.assertRegex(lines[1], r"^\| :-+ \| -+: \|")
        self.assertRegex(lines[2], r"^\| System \| +200.0 \| +197.5 \| +-1.25 \|$")
        self.assertRegex(lines[3], r"^\| odd +\| +- \| +3.0 \| +- \|$")
        self.assertIn("| % against S |", lines[5])
        self.assertRegex(lines[7], r"^\| x +\| +4 \| +2 \| +-50.00 \| +-75.00 \| +8 \| +100.00 \|$")

    def test_short(self):
        made = page.Page(str(self.folder))
        module = types.SimpleNamespace(__name__="m.one", headlines=lambda group, results: {
            "x": {"classic": 4, "vmemmap": 2, "small": 8}, "y": {"classic": 4}})
        plan = measure_plan.Plan(False, "/b", "6.1", self.groups())
        measure.summary(made, plan, [module, types.SimpleNamespace(__name__="m.two")],
                       {"one": {}, "two": {}})
        text = pathlib.Path(made.write()).read_text()
        self.assertRegex(text, r"\| One: x \| +-50.00 \| +-75.00 \|")
        self.assertNotIn("One: y", text)

    def test_row_of_another_length(self):
        with self.assertRaises(ValueError):
            page.Page(str(self.folder)).table(["a", "b"], [["1"]])

    def test_nothing_measured(self):
        made = page.Page(str(self.folder))
        made.comparison(self.groups()[0], {"a": {}})
        self.assertIn("Nothing of this was measured", pathlib.Path(made.write()).read_text())


class Multiuser(unittest.TestCase):
    """Arithmetic of AIM's columns."""

    @staticmethod
    def row(tasks, jobs):
        """Return a row of a sub-run."""
        return {"tasks": tasks, "jobs_per_minute": jobs}

    def test_peak_and_crossover(self):
        self.assertEqual(multiuser.peak([self.row(1, 5), self.row(2, 9), self.row(9, 8)]), (9, 2, 9))
        self.assertEqual(multiuser.peak([self.row(1, 5)]), (5, 1, None))

    def test_by_tasks(self):
        result = {"rows": [self.row(2, 7), self.row(4, 8)]}
        rows = multiuser.by_tasks({"classic": result},
                                  lambda found, number: found["rows"][number]["jobs_per_minute"])
        self.assertEqual(rows, {"2 tasks": {"classic": 7}, "4 tasks": {"classic": 8}})

    def test_partial_results_make_a_page(self):
        with tempfile.TemporaryDirectory() as folder:
            made = page.Page(folder)
            plan = types.SimpleNamespace(quick=True, aim="", groups=measure_plan.groups("/build", "6.1"))
            multiuser.report(made, plan, {})
            self.assertIn("### x86_64", pathlib.Path(made.write()).read_text())
