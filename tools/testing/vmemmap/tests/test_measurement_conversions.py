# SPDX-License-Identifier: GPL-2.0
"""The section of a report that the microbenchmark fills."""
import contextlib
import types
import unittest
from unittest import mock

import support  # noqa: F401  (makes the tools importable)
from measurements import conversions

NAMES = ("classic", "vmemmap")
RESULT = {"models": NAMES, "flags": ["-O2", "-O2"], "processor": "P", "rounds": 3,
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

    def comparison(self, _group, rows, _digits):
        """Keep the rows."""
        self.compared.append(rows)

    @contextlib.contextmanager
    def figure(self, _name, _title):
        """Keep what is drawn."""
        yield self.axes


def plan(arch="x86_64", quick=False):
    """Return a plan with one group of two models that are not built."""
    models = tuple(types.SimpleNamespace(name=name, label=name, kernel=types.SimpleNamespace(
        where=types.SimpleNamespace(kernel="/none"))) for name in NAMES)
    group = types.SimpleNamespace(name="g", title="G", models=models,
                                  arch=types.SimpleNamespace(name=arch))
    return types.SimpleNamespace(quick=quick, build="/none", groups=(group,))


@mock.patch("microbench.lacking", return_value="")
class Section(unittest.TestCase):
    """On a machine that can measure."""

    def test_points(self, _lacking):
        points = conversions.points(plan())
        self.assertEqual(len({point.name for point in points}), 8)
        self.assertTrue(all(point.alone for point in points))
        self.assertNotEqual(points[0].inputs, points[1].inputs)
        self.assertLess(len(conversions.points(plan(quick=True))), len(points))

    def test_partial(self, _lacking):
        page = Page()
        conversions.report(page, plan(), {"4-GiB-4K": RESULT})
        self.assertEqual(page.compared, [{operation: {"classic": 4.0, "vmemmap": 1.0}
                                          for operation in conversions.PLOTTED}])
        self.assertEqual(page.rows[0], ["pfn_to_page+read, 4 GiB", "0.250 (0.125..0.500)"])
        self.assertEqual([call.args[:2] for call in page.axes.plot.call_args_list[:4]],
                         [([], []), ([4], [4.0]), ([], []), ([4], [1.0])])

    def test_nothing(self, lacking):
        page = Page()
        conversions.report(page, plan(), {})
        conversions.report(page, plan("ia64"), {})
        lacking.return_value = "another machine"
        conversions.report(page, plan(), {})
        self.assertEqual(page.texts, ["Not measured.",
                                      "Not measured: there is no group for this machine.",
                                      "Not measured: another machine."])
        self.assertEqual(conversions.points(plan()), [])


if __name__ == "__main__":
    unittest.main()
