# SPDX-License-Identifier: GPL-2.0
"""Another architecture's programs: fetched once, and one line when they cannot be had."""
import os
import pathlib
import tempfile
import unittest

import support  # noqa: F401  (finds the modules below)
import foreign
from toolbox import Trouble

APT = """#!/bin/sh
for word; do last=$word; done
[ "$last" = update ] && exit 0
{download}
"""
DPKG = """#!/bin/sh
mkdir -p "$3/bin"
echo program >"$3/bin/thing"
"""


class Foreign(unittest.TestCase):
    """With made-up apt-get and dpkg-deb on PATH."""

    def setUp(self):
        keep = tempfile.TemporaryDirectory()
        self.addCleanup(keep.cleanup)
        self.folder = pathlib.Path(keep.name)
        (self.folder / "bin").mkdir()
        self.tool("dpkg-deb", DPKG)
        path = os.environ["PATH"]
        self.addCleanup(os.environ.update, PATH=path)
        os.environ["PATH"] = f"{self.folder / 'bin'}:{path}"

    def tool(self, name, text):
        """Put a program on PATH."""
        file = self.folder / "bin" / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def get(self, path="/bin/thing"):
        """Ask for a program of a package."""
        return foreign.program(str(self.folder / "out"), "some", "ppc64el", path)

    def test_fetched_once(self):
        self.tool("apt-get", APT.format(download="touch some_1_ppc64el.deb"))
        ours = pathlib.Path(self.get())
        self.assertEqual(ours.read_text(encoding="utf-8"), "program\n")
        self.assertEqual([one.name for one in ours.parent.iterdir()], ["thing"])
        self.tool("apt-get", "#!/bin/sh\nexit 1\n")
        self.assertEqual(self.get(), str(ours))

    def test_not_to_be_had(self):
        self.tool("apt-get", APT.format(download="echo 'E: no such package' >&2; exit 100"))
        with self.assertRaisesRegex(Trouble, "some for ppc64el cannot be had: E: no such"):
            self.get()

    def test_not_in_the_package(self):
        self.tool("apt-get", APT.format(download="touch some_1_ppc64el.deb"))
        with self.assertRaisesRegex(Trouble, "there is no /bin/other in some_1"):
            self.get("/bin/other")


if __name__ == "__main__":
    unittest.main()
