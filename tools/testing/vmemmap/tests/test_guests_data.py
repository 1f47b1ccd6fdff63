# SPDX-License-Identifier: GPL-2.0
"""Guest files: all of ours are good, and bad ones get one clear line."""
import unittest

import support  # noqa: F401  (finds the modules below)
import archdata
import guest
import machine
from toolbox import Trouble

GOOD = 'about = "x"\nmemory = "64M"\n'


def parse(text):
    """Parse the text of a guest file called x.toml."""
    return guest.parse(text, "x", "x86_64", "x.toml")


class Data(unittest.TestCase):
    """What parse() and load() take and refuse."""

    def refused(self, text, *words):
        """Check that text is refused by one line that has the words."""
        with self.assertRaises(Trouble) as caught:
            parse(text)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        for word in ("x.toml", *words):
            self.assertIn(word, message)

    def test_ours_are_good(self):
        for arch in archdata.known():
            for name in guest.names(arch):
                one = guest.load(arch, name)
                self.assertTrue(one.about, name)
                for program in one.tests:
                    self.assertRegex(program, r"^[a-z]+$", name)

    def test_defaults(self):
        one = parse(GOOD)
        self.assertEqual((one.memory, one.smp, one.config), (64 << 20, 2, "default"))
        self.assertEqual(one.expect("vmemmap").console, ())

    def test_unknown_key(self):
        self.refused('about = "x"\nmemroy = "64M"\n', "memroy", 'did you mean "memory"?')

    def test_not_toml(self):
        self.refused("about =\n", "not TOML")

    def test_sizes(self):
        self.refused('about = "x"\nmemory = "64 MB"\n', "64 MB", "not a size")
        self.refused('about = "x"\nmemory = -1\n', "memory")
        self.refused('about = "x"\n', "memory", "missing")
        self.assertEqual(guest.with_sizes({"a": ["2T", "b"]}), {"a": [2 << 40, "b"]})

    def test_kinds(self):
        self.refused(GOOD + 'smp = "2"\n', "smp", "number")
        self.refused(GOOD + "smp = true\n", "smp", "number")
        self.refused(GOOD + "tests = [1]\n", "tests", "strings")

    def test_nodes(self):
        node = '[[node]]\nmemory = "64M"\ncpus = [0]\n'
        self.refused(GOOD + node, "not both")
        self.refused('about = "x"\n' + node, "0..1")
        self.refused('about = "x"\nsmp = 1\n[[node]]\nmemory = 0\ncpus = [0]\n', "no memory")
        self.refused('about = "x"\nsmp = 1\n' + node + "color = 1\n", "node 0", "color")

    def test_hotplug_keys_go_together(self):
        self.refused(GOOD + "slots = 2\n", "slots", "maxmem")

    def test_actions(self):
        self.refused(GOOD + '[[action]]\nname = "a"\nsteps = [{}]\n', '"execute" or "event"')
        twice = '[[action]]\nname = "a"\nsteps = [{ event = "E" }]\n' * 2
        self.refused(GOOD + twice, "twice")

    def test_dimms(self):
        one = parse(GOOD + 'dimm = [{ size = "1G", node = 1 }, { size = "1G", addr = "2T" }]\n')
        self.assertEqual(one.env, {"DIMMS": "dimm0,dimm1", "DIMM_SIZE": "1024M"})
        self.assertEqual(sorted(one.actions), ["plug dimm0", "plug dimm1", "unplug dimm0",
                                               "unplug dimm1"])
        backend, device = (step["arguments"] for step in one.actions["plug dimm1"])
        self.assertEqual(backend["size"], 1 << 30)
        self.assertEqual((device["addr"], device["memdev"]), (2 << 40, backend["id"]))
        self.assertEqual(one.actions["plug dimm0"][1]["arguments"]["node"], 1)
        self.refused(GOOD + 'dimm = [{ size = "1G" }, { size = "2G" }]\n', "one size")
        self.refused(GOOD + 'dimm = [{ size = "1G", nod = 1 }]\n', "dimm 0", '"node"')
        self.refused(GOOD + 'dimm = [{ size = "1G" }]\n'
                     '[[action]]\nname = "plug dimm0"\nsteps = []\n', "twice")

    def test_dump(self):
        one = parse(GOOD + 'dump = { by = "crash-kernel", tools = ["drgn"] }\n')
        argv = machine.command(one, machine.arch_facts("x86_64"), "/k", "/i", {}, dump="/d,p")
        self.assertIn("if=virtio,format=raw,file=/d,,p", argv)
        self.assertNotIn("-no-shutdown", argv)
        one = parse(GOOD + 'dump = { by = "machine", tools = ["crash", "makedumpfile"] }\n')
        argv = machine.command(one, machine.arch_facts("x86_64"), "/k", "/i", {}, dump="/dp")
        self.assertIn("-no-shutdown", argv)
        for bad in ('{ by = "me", tools = ["crash"] }', '{ by = "machine", tools = [] }',
                    '{ by = "machine", tools = ["gdb"] }'):
            self.refused(GOOD + f"dump = {bad}\n", "crash-kernel")

    def test_drives(self):
        one = parse(GOOD + 'drive = [{ file = "kernel" }, { size = "1G" }]\n')
        argv = machine.command(one, machine.arch_facts("x86_64"), "/a,b", "i", {"console": "c"})
        first, second = (argv[at + 1] for at, word in enumerate(argv) if word == "-drive")
        self.assertRegex(first, "readonly=on,file=/a,,b/.*bzImage$")
        self.assertIn(f"size={1 << 30}", second)
        for bad in ("{}", '{ file = "vmlinux" }', '{ file = "kernel", size = "1G" }'):
            self.refused(GOOD + f"drive = [{bad}]\n", "drive 0", "kernel, initramfs")

    def test_like(self):
        kinds = {"a": {"cpu": "p8", "env": {"A": 1, "B": 1}, "expect": {"may_skip": ["x"]}},
                 "b": {"like": ["a"], "cpu": "p9", "env": {"B": 2}, "smp": 4},
                 "c": {"smp": 3}}
        one = guest.parse(GOOD + 'like = ["c", "b"]\nenv = { C = 3 }\n'
                          'expect.may_skip = ["y"]\n', "x", "x86_64", "x.toml", kinds)
        self.assertEqual((one.cpu, one.smp), ("p9", 3))
        self.assertEqual(one.env, {"A": 1, "B": 2, "C": 3})
        self.assertEqual(one.expect("classic").may_skip, ("x", "y"))
        self.refused(GOOD + 'like = ["d"]\n', "[like.d]", "known: none")

    def test_soak(self):
        one = parse(GOOD + 'test_with = []\ntimeout = 5\nenv = { A = 1, B = 1 }\n'
                    'soak = { env = { B = 1000 }, timeout = 50, expect.allow = ["a"] }\n')
        self.assertEqual((one.env["B"], one.timeout, one.test_with), (1, 5, ()))
        long = one.soak
        self.assertEqual((long.name, long.env, long.timeout), ("soak-x", {"A": 1, "B": 1000}, 50))
        self.assertEqual((long.test_with, long.memory), (("vmemmap",), 64 << 20))
        self.assertEqual(len(long.expect("vmemmap").allow), 1)
        self.assertIsNone(long.soak)
        self.assertIsNone(parse(GOOD).soak)
        self.refused(GOOD + "soak = { rounds = 5 }\n", "soak", "rounds")
        self.refused(GOOD + 'soak = { like = ["a"] }\n', "soak", "like")

    def test_soak_of_a_kind(self):
        kinds = {"a": {"soak": {"env": {"A": 2}, "timeout": 7}}}
        long = guest.parse(GOOD + 'like = ["a"]\nsoak = { env = { B = 3 } }\n', "x", "x86_64",
                           "x.toml", kinds).soak
        self.assertEqual((long.env, long.timeout), ({"A": 2, "B": 3}, 7))

    def test_patterns(self):
        self.refused(GOOD + "[expect]\nallow = ['(']\n", "regular expression")
        one = parse(GOOD + "[expect]\nallow = ['a']\n[expect.classic]\nallow = ['b']\n")
        self.assertEqual(len(one.expect("classic").allow), 2)
        self.assertEqual(len(one.expect("vmemmap").allow), 1)

    def test_variants_and_env(self):
        self.refused(GOOD + 'variants = ["flat"]\n', "flat")
        self.refused(GOOD + 'env = { A = "b c" }\n', "white space")
        self.refused(GOOD + 'env = { lower = 1 }\n', "lower")

    def test_no_such_guest(self):
        with self.assertRaisesRegex(Trouble, "no such guest; known for x86_64: .*one-node"):
            guest.load("x86_64", "nobody")
        self.assertEqual(guest.names("pdp11"), [])


class CommandLine(unittest.TestCase):
    """From data to the emulator's arguments."""

    def test_nodes_and_cmdline(self):
        one = parse('about = "x"\ntests = ["a", "b"]\nenv = { N = 3 }\ncmdline = "quiet"\n'
                    '[[node]]\nmemory = "64M"\ncpus = [0]\n[[node]]\nmemory = 0\ncpus = [1]\n')
        arch = machine.arch_facts("x86_64")
        argv = machine.command(one, arch, "/k", "/i", {"console": "socket,fd=3"})
        self.assertIn("node,nodeid=0,memdev=ram0,cpus=0", argv)
        self.assertIn("node,nodeid=1,cpus=1", argv)
        self.assertIn("socket,fd=3,id=console", argv)
        words = argv[argv.index("-append") + 1].split()
        self.assertIn("quiet", words[:words.index("--")])
        self.assertEqual(words[words.index("--") + 1:],
                         [f"CONTROL=/dev/{arch.control}", "N=3", "TESTS=a,b"])


if __name__ == "__main__":
    unittest.main()
