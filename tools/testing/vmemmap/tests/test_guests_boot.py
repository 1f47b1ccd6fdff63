# SPDX-License-Identifier: GPL-2.0
"""Starting and ending guests, with a program of a few lines in the emulator's place."""
import dataclasses
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from unittest import mock

import support
import boot
import cpio
import guest
import machine
import run
from console import ControlLine
from qmp import Qmp, QmpError
from test_guests_judge import END, HELLO, PASSED, TREES, section

FAKE = '''#!{python}
import json, re, socket, sys, time
ends = dict((name, socket.socket(fileno=int(fd))) for fd, name in
            re.findall(r"socket,fd=(\\d+),id=(\\w+)", " ".join(sys.argv)))
console = open(re.search(r"file,path=(\S+),id=console", " ".join(sys.argv))[1], "wb", 0)
qmp = ends["qmp"].makefile("rw")
def tell(what):
    qmp.write(json.dumps(what) + "\\n"); qmp.flush()
tell({{"QMP": {{}}}})
qmp.readline()
tell({{"return": {{}}}})
def say(*lines):
    for line in lines:
        console.write(("[    1.000000] " + line + "\\r\\n").encode())
def off(reason="guest-shutdown"):
    tell({{"event": "SHUTDOWN", "data": {{"guest": True, "reason": reason}}}})
{body}
'''


@unittest.skipUnless(TREES, "no composed tree, so no KTAP parser")
class Boot(unittest.TestCase):
    """boot.run() with an emulator whose behaviour a test chooses."""

    def boot(self, body, timeout=20, more=""):
        """Run one guest; body: Python for the fake emulator.  Returns the Outcome."""
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        folder = pathlib.Path(holder.name)
        emulator = folder / "emulator"
        emulator.write_text(FAKE.format(python=sys.executable, body=body), encoding="utf-8")
        emulator.chmod(0o755)
        (folder / "image").write_text("")
        arch = dataclasses.replace(machine.arch_facts("x86_64"), binary=str(emulator),
                                   image="image")
        one = guest.parse(f'about = "x"\nmemory = "64M"\ntests = ["walk"]\ntimeout = {timeout}\n'
                          + more, "x", "x86_64", "x.toml")
        where = boot.Place(str(folder), str(TREES[0].parents[3]), str(folder), "vmemmap")
        with mock.patch("initramfs.make", return_value="initramfs"):
            return boot.run(one, arch, where)

    def good(self):
        """Return Python that prints a good console."""
        return f"say(*{HELLO + section(PASSED) + END!r})\n"

    def test_good(self):
        outcome = self.boot(self.good() + "off()")
        self.assertEqual((outcome.status, outcome.problems), ("passed", []))
        with open(outcome.log, encoding="utf-8") as log:
            self.assertIn("ok 1 global.one", log.read())
        with mock.patch("sys.stdout"):
            self.assertTrue(run.show(outcome, boot.Place("", "/b/trees/6.1.1-1/vmemmap", "",
                                                         "vmemmap")))

    def test_time_out(self):
        outcome = self.boot(self.good() + "time.sleep(60)", timeout=1)
        self.assertEqual(outcome.problems, ["time-out after 1 s"])
        self.assertLess(outcome.seconds, 10)

    def test_panic_ends_at_once(self):
        with mock.patch("boot._LAST_WORDS", 0.5):
            outcome = self.boot('say("Kernel panic - not syncing: x")\ntime.sleep(60)')
        self.assertIn("panic: Kernel panic - not syncing: x", outcome.problems)
        self.assertLess(outcome.seconds, 10)

    def test_dump(self):
        body = (f"say(*{(HELLO + section(PASSED)[:-1])!r}, 'Kernel panic - not syncing')\n"
                'tell({"event": "STOP"})\n'
                'asked = json.loads(qmp.readline())\n'
                'open(asked["arguments"]["protocol"][5:], "w").write(asked["execute"])\n'
                'tell({"return": {}})\n'
                'qmp.readline()\n'
                'tell({"return": {}})\n')
        more = ('dump = { by = "machine", tools = ["crash"] }\n'
                '[expect]\nallow = ["Kernel panic"]\n')
        seen = []

        def check(_guest, _arch, _where, lines, path):
            with open(path, encoding="utf-8") as file:
                seen.extend([lines[-1], file.read()])
            return ["crash: no"]
        with mock.patch("dumps.check", check):
            self.assertEqual(self.boot(body, more=more).problems, ["crash: no"])
        self.assertIn("Kernel panic", seen[0])
        self.assertEqual(seen[1], "dump-guest-memory")
        with mock.patch("dumps.check", check):
            refused = body.replace('{"return"', '{"error": {"desc": "no room"}, "x"', 1)
            self.assertEqual(self.boot(refused, more=more).problems,
                             ["dump-guest-memory: no room"])

    def test_no_orderly_end(self):
        outcome = self.boot(self.good() + 'off("guest-reset")')
        self.assertEqual(outcome.problems, ["no orderly power-off (guest-reset)"])
        outcome = self.boot(self.good())
        self.assertEqual(outcome.problems, ["no orderly power-off (no reason given)"])

    def test_emulator_fails(self):
        outcome = self.boot(self.good() + 'off()\nsys.stderr.write("cannot\\n")\nsys.exit(3)')
        self.assertEqual(outcome.problems, ["the emulator failed: cannot"])
        outcome = self.boot(self.good() + "off()\nsys.exit(3)")
        self.assertEqual(outcome.problems, ["the emulator failed: status 3"])

    def test_control_line(self):
        body = ('ends["control"].sendall(b"jump\\n")\n'
                'say("answer: " + ends["control"].recv(100).decode().strip())\n')
        outcome = self.boot(body + self.good() + "off()",
                            more="[expect]\nconsole = ['answer: error .*no action \"jump\"']")
        self.assertEqual(outcome.problems, [])

    def test_absent_emulator_and_kernel(self):
        one = guest.parse('about = "x"\nmemory = "64M"\n', "x", "x86_64", "x.toml")
        arch = dataclasses.replace(machine.arch_facts("x86_64"), binary="no-such-emulator")
        outcome = boot.run(one, arch, boot.Place("/b", "/t", "/k", "vmemmap"))
        self.assertEqual((outcome.status, outcome.problems),
                         ("skipped", ["no-such-emulator is not on PATH"]))

    def test_program_says_it_in_one_line(self):
        done = support.program(support.BED / "boot.py", "--build", "b", "--base-version", "v",
                               "nobody")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^boot: guests/x86_64/nobody.toml: there is no such guest.*"
                                      r"\n$")


class Lines(unittest.TestCase):
    """The protocols on the sockets."""

    def test_control(self):
        ours, theirs = socket.socketpair()
        seen = []

        def serve(request):
            seen.append(request)
            if request == "bad":
                raise QmpError("two\nlines")

        line = ControlLine(ours, serve)
        answers = theirs.makefile("r")
        theirs.sendall(b"good\n\r\nbad\n")
        self.assertEqual([answers.readline(), answers.readline()], ["ok\n", "error two lines\n"])
        answers.close()
        theirs.close()
        line.finish()
        self.assertEqual(seen, ["good", "bad"])

    def qmp(self, *messages):
        """Return a client whose QEMU says these messages and goes away."""
        ours, theirs = socket.socketpair()
        client = Qmp(ours)
        for message in messages:
            theirs.sendall(json.dumps(message).encode() + b"\n")
        threading.Timer(0.3, theirs.close).start()
        self.addCleanup(client.finish)
        return client

    def test_error(self):
        with self.assertRaisesRegex(QmpError, "device_add: no such thing"):
            self.qmp({"error": {"desc": "no such thing"}}).execute("device_add")

    def test_events(self):
        client = self.qmp({"event": "DEVICE_DELETED", "data": {"path": "/x"}},
                          {"event": "DEVICE_DELETED", "data": {"device": "dimm0"}})
        self.assertEqual(client.event("DEVICE_DELETED", {"device": "dimm0"}), {"device": "dimm0"})
        self.assertEqual(client.seen("DEVICE_DELETED"), [{"path": "/x"}])

    def test_refusal_and_end(self):
        client = self.qmp({"event": "MEM_UNPLUG_ERROR", "data": {"device": "dimm0"}})
        with self.assertRaisesRegex(QmpError, "refused"):
            client.event("DEVICE_DELETED", {"device": "dimm0"})
        with self.assertRaisesRegex(QmpError, "QEMU ended"):
            client.event("DEVICE_DELETED", {"device": "dimm0"})

    def test_time_out(self):
        with self.assertRaisesRegex(QmpError, "no event X within"):
            self.qmp().event("X", timeout=0.05)


class Files(unittest.TestCase):
    """The archive, and the report as a table."""

    def test_cpio(self):
        def make():
            archive = cpio.Archive()
            archive.file("a/b/c", b"text", 0o644)
            archive.link("a/l", "b/c")
            archive.node("dev/null", 1, 3)
            return archive.bytes()

        data = make()
        self.assertEqual(data, make())
        self.assertEqual(len(data) % 512, 0)
        names = ["a", "a/b", "a/b/c", "a/l", "dev", "dev/null", "TRAILER!!!"]
        self.assertEqual(data.count(b"070701"), len(names))
        busybox = shutil.which("busybox")
        if busybox:
            listed = subprocess.run([busybox, "cpio", "-t"], input=data, capture_output=True,
                                    check=True).stdout.decode().split()
            self.assertEqual(listed, names[:-1])

    def test_table(self):
        self.assertEqual(run.tabulate(["model: x", "node 0: memmap 8 KiB", "node 1: memmap 16 KiB",
                                       "node 1: leaves of 4 KiB: 2"]),
                         ["model: x", "", "                 node 0  node 1",
                          "memmap            8 KiB  16 KiB", "leaves of 4 KiB       -       2"])


if __name__ == "__main__":
    unittest.main()
