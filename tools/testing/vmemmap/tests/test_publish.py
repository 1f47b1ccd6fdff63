# SPDX-License-Identifier: GPL-2.0
"""The committed copy of a report."""
import pathlib
import tempfile
import unittest

import support  # noqa: F401  (makes the tools importable)
import publish
from toolbox import Trouble

TEXT = """# T

![b](figures/b.svg)

Not measured: kernbench: one: broke.

![a, c](figures/a-c.svg)

![b](figures/b.svg)
"""


class Publish(unittest.TestCase):
    """publish.py"""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.source = pathlib.Path(holder.name) / "bench"
        self.goal = pathlib.Path(holder.name) / "goal"
        (self.source / "figures").mkdir(parents=True)
        for name in ("a-c.svg", "b.svg", "b.png", "old.svg"):
            (self.source / "figures" / name).write_text(f"{name} \n")
        (self.source / "report.md").write_text(TEXT)
        self.goal.mkdir()
        (self.goal / "stale").write_text("")

    def files(self):
        """Return the names of what is there."""
        return sorted(str(path.relative_to(self.goal)) for path in self.goal.rglob("*.*"))

    def test_what_is_shown_is_copied(self):
        self.assertEqual(publish.publish(self.source, self.goal),
                         ["Not measured: kernbench: one: broke."])
        self.assertEqual(self.files(), ["figures/a-c.svg", "figures/b.svg", "report.md"])
        self.assertEqual((self.goal / "figures" / "b.svg").read_text(), "b.svg\n")

    def test_what_was_there_stays_when_something_is_absent(self):
        (self.source / "figures" / "b.svg").unlink()
        with self.assertRaisesRegex(Trouble, "b.svg: report.md shows it, but it is not there"):
            publish.publish(self.source, self.goal)
        self.assertTrue((self.goal / "stale").exists())
        self.assertEqual(sorted(path.name for path in self.goal.parent.iterdir()), ["bench", "goal"])
        with self.assertRaisesRegex(Trouble, "there is no report"):
            publish.publish(self.goal, self.goal)


if __name__ == "__main__":
    unittest.main()
