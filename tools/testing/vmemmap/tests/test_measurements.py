# SPDX-License-Identifier: GPL-2.0
"""Sections of a report: conversions and statics, with what was measured and without."""
import contextlib
import types
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
import boot
import count
from measure_plan import Group, Model, Plan
from measurements import conversions, statics

TIMES = {"models": ["classic", "vmemmap"], "flags": ["-O2", "-O2"], "processor": "P", "rounds": 3,
         "found": {"random": {operation: [[2.0, 4.0, 8.0], [1.0, 1.0, 1.0]]
                              for operation in conversions.PLOTTED}}}


class Page:
    """What a page is asked for."""

    def __init__(self):
        self.texts, self.compared, self.rows, self.axes = [], [], [], mock.Mock()
        self.text = self.texts.append

    def table(self, head, rows):
        """Keep the rows."""
        assert all(len(row) == len(head) for row in rows)
        self.rows += rows

    def comparison(self, _group, rows, _digits=0):
        """Keep the rows."""
        self.compared.append(rows)

    @contextlib.contextmanager
    def figure(self, _name, _title):
        """Keep what is drawn."""
        yield self.axes


def group(name, arch, **models):
    """Return a Group; models: {name: the O= folder, that is not there}."""
    return Group(name, name.upper(), types.SimpleNamespace(name=arch), tuple(
        Model(model, model, count.Kernel(model, boot.Place("/none", "/none", out, out), "c", ""))
        for model, out in models.items()))


def plan(*groups, quick=False):
    """Return a Plan; without groups with one of x86_64."""
    return Plan(quick, "/none", "1", groups or (group("g", "x86_64", classic="/c", vmemmap="/v"),))


@mock.patch("measurements.conversions.built", lambda kernel: kernel.where.kernel)
@mock.patch("microbench.lacking", return_value="")
class Conversions(unittest.TestCase):
    """On a machine that can measure, and on another one."""

    def test_points(self, _lacking):
        points = conversions.points(plan())
        self.assertEqual(len({point.name for point in points}), 8)
        self.assertTrue(all(point.alone for point in points))
        self.assertNotEqual(points[0].inputs, points[1].inputs)
        self.assertLess(len(conversions.points(plan(quick=True))), len(points))

    def test_partial(self, _lacking):
        page = Page()
        conversions.report(page, plan(), {"4-GiB-4K": TIMES})
        self.assertEqual(page.compared, [{operation: {"classic": 4.0, "vmemmap": 1.0}
                                          for operation in conversions.PLOTTED}])
        self.assertEqual(page.rows[0], ["pfn_to_page+read, 4 GiB", "0.250 (0.125..0.500)"])
        self.assertEqual([call.args[:2] for call in page.axes.plot.call_args_list[:4]],
                         [([], []), ([4], [4.0]), ([], []), ([4], [1.0])])

    def test_headlines(self, _lacking):
        one = {"64-GiB-2M": {**TIMES, "found": {"sequential": TIMES["found"]["random"]}}}
        models = {"classic": "/c", "vmemmap": "/v"}
        self.assertTrue(conversions.headlines(group("g", "x86_64", **models), one))
        self.assertEqual(conversions.headlines(group("p", "powerpc", **models), one), {})

    def test_nothing(self, lacking):
        page = Page()
        conversions.report(page, plan(), {})
        conversions.report(page, plan(group("i", "ia64", classic="/c")), {})
        lacking.return_value = "another machine"
        conversions.report(page, plan(), {})
        self.assertEqual(page.texts, ["Not measured.",
                                      "Not measured: there is no group for this machine.",
                                      "Not measured: another machine."])
        self.assertEqual(conversions.points(plan()), [])


@mock.patch("measurements.statics.built", lambda kernel: kernel.where.kernel)
class Statics(unittest.TestCase):
    """Kernels that serve more than one group, or more than one model."""

    PLAN = plan(group("radix", "powerpc", classic="/c", vmemmap="/v", small="/v"),
                group("hash", "powerpc", classic="/c", vmemmap="/v"))

    def found(self, text, changes, functions=None):
        """Return a result."""
        return {"text": text, "changes": changes, "functions": functions,
                "conversions": {name: [text, 1] for name in statics.statics.CONVERSIONS.values()}}

    def test_points(self):
        self.assertEqual([point.name for point in statics.points(self.PLAN)],
                         ["radix classic", "radix vmemmap"])

    def test_partial(self):
        page = Page()
        statics.report(page, self.PLAN, {"radix vmemmap": self.found(9, [["f", -4], ["g", 3]])})
        self.assertEqual(page.compared[0]["text, bytes"], {"vmemmap": 9})
        self.assertEqual(page.compared[0]["pfn_valid loads"], {"vmemmap": 1})
        self.assertEqual(page.rows, [["`f`", "-4"], ["`g`", "+3"]])
        self.assertEqual(page.texts[-2:], ["### HASH", "The kernels are those of RADIX."])

    def test_changes(self):
        page = Page()
        few = [[f"f{number}", 50 - number] for number in range(statics.TOP + 1)]
        three = plan(group("g", "ia64", a="/a", b="/b", c="/c"))
        statics.report(page, three, {"g a": self.found(1, []), "g b": self.found(2, few),
                                     "g c": self.found(3, [["f0", 1], ["h", -99]])})
        self.assertEqual(page.rows[:2], [["`h`", "0", "-99"], ["`f0`", "+50", "+1"]])
        self.assertEqual(len(page.rows), statics.TOP + 1)

    def test_peer(self):
        page = Page()
        two = group("g", "ia64", a="/a", b="/b")
        two.peers["b"] = "a"
        self.assertEqual([point.inputs["peer"] for point in statics.points(plan(two))],
                         [None, "/a"])
        statics.report(page, plan(two), {"g b": self.found(2, [], [1000, -5, 7])})
        self.assertIn("-5 bytes (-0.50 %) in the functions that both have, +7 in", page.texts[-1])

    def test_nothing(self):
        page = Page()
        statics.report(page, self.PLAN, {})
        self.assertIn("Not measured.", page.texts)


if __name__ == "__main__":
    unittest.main()
