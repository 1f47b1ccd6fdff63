# SPDX-License-Identifier: GPL-2.0
"""install-packages, with a dpkg, an apt-get and an id of our own."""
import os
import unittest

from support import BED, Scratch, program

TOOL = BED / "install-packages"
STUBS = {
    "id": "echo $TEST_UID",
    # says of each package named whether it is installed
    "dpkg-query": 'for p; do case " $TEST_HAVE " in *" $p "*) echo installed $p;; esac; done',
    "apt-cache": "exit 0",
    "apt-get": 'echo "$@" >> $TEST_LOG; case "$*" in *"$TEST_BREAKS"*) exit 1;; esac',
    "dpkg": "exit 0",
}


class Install(Scratch):
    """What it installs, and what it says when it must not."""

    def setUp(self):
        super().setUp()
        for name, text in STUBS.items():
            self.put(f"bin/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)
        self.log = self.folder / "apt.log"

    def install(self, *arguments, uid="0", have="", breaks="nothing at all"):
        """Run it and return the process and what apt-get was asked for."""
        done = program(TOOL, *arguments, TEST_UID=uid, TEST_HAVE=have, TEST_LOG=str(self.log),
                       TEST_BREAKS=breaks, PATH=f"{self.top}/bin:{os.environ['PATH']}")
        return done, self.log.read_text() if self.log.exists() else ""

    def everything(self):
        """All that the lists used here name."""
        words = []
        for name in ("build", "guest", "guest.x86_64"):
            words += [line for line in (BED / "packages" / name).read_text().splitlines()
                      if line and not line.startswith("#")]
        return words

    def test_only_what_is_missing(self):
        have = " ".join(set(self.everything()) - {"flex", "qemu-system-x86"})
        done, asked = self.install("-a", "x86", "build", "guest", have=have)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(asked, r"--no-install-recommends install flex qemu-system-x86\n$")

    def test_nothing_is_missing(self):
        done, asked = self.install("-a", "x86_64", "build", "guest",
                                   have=" ".join(self.everything()))
        self.assertEqual((done.returncode, done.stderr, asked), (0, "", ""))

    def test_normal_user(self):
        done, asked = self.install("guest", uid="1000")
        self.assertEqual((done.returncode, asked), (1, ""))
        self.assertEqual(done.stderr.splitlines(), [
            "install-packages: packages are missing; an administrator can run: "
            "apt-get install --no-install-recommends busybox-static"])

    def test_lists_of_apt_are_renewed_only_if_needed(self):
        done, asked = self.install("guest", breaks="install busybox")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.splitlines()[-1],
                         "install-packages: apt-get could not install: busybox-static")
        self.assertEqual([line.split()[-1] for line in asked.splitlines()],
                         ["busybox-static", "update", "busybox-static"])

    def test_complaints(self):
        for arguments, words in ((["none"], "no list named 'none'"), ([], "use: install-pack"),
                                 (["-a", "vax", "build"], "ARCH=vax is not among")):
            with self.subTest(arguments):
                done, _ = self.install(*arguments)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
                self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
