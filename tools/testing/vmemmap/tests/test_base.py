# SPDX-License-Identifier: GPL-2.0
"""Getting the base: pinned, by version, by path, and with apt out of reach."""
import unittest
from unittest import mock

from support import Scratch

import base
from toolbox import Trouble


class Base(Scratch):
    """With an apt that offers what a test says."""

    def setUp(self):
        super().setUp()
        self.fetched = []
        self.offer("6.1.9-1", "6.1.5-1")
        patch = mock.patch.object(base, "download", self.fetch)
        patch.start()
        self.addCleanup(patch.stop)

    def offer(self, *versions):
        """Let apt offer these from now on."""
        patch = mock.patch.object(base, "offered", lambda: list(versions))
        patch.start()
        self.addCleanup(patch.stop)

    def fetch(self, build, version):
        """Stand in for the download."""
        self.fetched.append(version)
        goal = base.layout.tarball(build, version)
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.touch()
        return goal

    def test_first_one_stays_in_use(self):
        self.assertEqual(base.get(self.build).parent.name, "6.1.9-1")
        self.offer("6.1.10-1")
        self.assertEqual(base.get(self.build).parent.name, "6.1.9-1")
        self.assertEqual(base.get(self.build, "6.1.5-1").parent.name, "6.1.5-1")
        self.assertEqual(base.get(self.build).parent.name, "6.1.9-1")
        self.assertEqual(base.get(self.build, "newest").parent.name, "6.1.10-1")
        self.assertEqual(base.get(self.build).parent.name, "6.1.10-1")

    def test_path(self):
        found = base.get(self.build, str(self.tarball))
        self.assertEqual(found.read_bytes(), self.tarball.read_bytes())
        self.assertRegex(found.parent.name, r"^local-[0-9a-f]{12}$")
        self.assertEqual(self.fetched, [])

    def test_complaints(self):
        with self.assertRaisesRegex(Trouble, "there is no tarball"):
            base.get(self.build, "/nowhere/linux.tar.xz")
        with self.assertRaisesRegex(Trouble, "BASE=latest is neither a version"):
            base.get(self.build, "latest")

    def test_older(self):
        self.assertEqual(base.older(self.build).parent.name, "6.1.5-1")
        self.offer("6.1.9-1")
        self.assertIsNone(base.older(self.build))


class Download(Scratch):
    """The download itself."""

    def test_version_not_offered(self):
        with mock.patch.object(base, "offered", lambda: ["6.1.9-1"]), \
                self.assertRaisesRegex(Trouble, "BASE=6.1.2-1: apt offers 6.1.9-1 of"):
            base.download(self.build, "6.1.2-1")
        self.assertFalse((self.build / "base/6.1.2-1").exists())

    def test_nothing_to_be_had(self):
        with mock.patch.object(base, "offered", lambda: []), \
                mock.patch.object(base, "INSTALLED", self.folder / "none"), \
                self.assertRaisesRegex(Trouble, "run apt-get update as root"):
            base.newest(self.build)


if __name__ == "__main__":
    unittest.main()
