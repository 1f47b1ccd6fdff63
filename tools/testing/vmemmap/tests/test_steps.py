# SPDX-License-Identifier: GPL-2.0
"""Reading a step: head, body, files to add, hooks."""
import unittest

from support import STEP, Scratch

import steps
from toolbox import Trouble

AUTHOR = "A B <a@b.example>"


class Steps(Scratch):
    """One patch file at a time."""

    def read(self, text):
        """Read a step from its text."""
        return steps.read_step(self.put("series/patches/0001-ours.patch", text), AUTHOR)

    def test_parts(self):
        step = self.read(STEP)
        self.assertEqual(step.subject, "mm: add ours")
        self.assertEqual(step.adds, ["mm/ours.c"])
        self.assertEqual(step.message(),
                         f"mm: add ours\n\nWhy ours.\n\nSigned-off-by: {AUTHOR}\n")
        self.assertTrue(step.diff.startswith("--- a/mm/sparse.c"))

    def test_adds_may_repeat_and_trailers_stay_together(self):
        step = self.read("Subject: s\n\nb\n\nReported-by: X <x@y.example>\nAdds: a b\nAdds: c\n"
                         "---\n")
        self.assertEqual(step.adds, ["a", "b", "c"])
        self.assertTrue(step.message().endswith(
            f"\n\nReported-by: X <x@y.example>\nSigned-off-by: {AUTHOR}\n"))
        self.assertEqual(step.diff, "")

    def test_author_of_its_own(self):
        self.assertEqual(self.read("From: C <c@d.example>\n" + STEP).author, "C <c@d.example>")

    def test_complaints(self):
        for text, words in (
                ("Subject: s\n\nb\n", "no line '---'"),
                ("From: A <a@b.example>\n\nb\n---\n", "no Subject: line"),
                ("Subjekt: s\n\nb\n---\n", "'Subjekt: s' before the first empty line"),
                ("From: me\nSubject: s\n\nb\n---\n", "From: must read"),
                ("Subject: s\n\nb\n---\nwords\n", "text after '---' that is no diff")):
            with self.subTest(words), self.assertRaisesRegex(Trouble, words):
                self.read(text)


if __name__ == "__main__":
    unittest.main()
