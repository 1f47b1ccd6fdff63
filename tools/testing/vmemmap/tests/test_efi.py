# SPDX-License-Identifier: GPL-2.0
"""Guests that firmware starts: what is looked for, what is on the volume, who hears of nodes."""
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
from unittest import mock

import support  # noqa: F401  (finds the modules below)
import acpitables
import efi
import guest
import machine
import ram
from toolbox import Trouble

RAM = [[0, 0x80000000], [0x80200000, 0xc1000000], [0x100000000, 0]]
NODES = '[[node]]\nmemory = "2G"\ncpus = [0]\n[[node]]\nmemory = "2G"\ncpus = [1]\n'


class Missing(unittest.TestCase):
    """One line for what there is not."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.arch = machine.arch_facts("ia64")
        clean = {key: value for key, value in os.environ.items()
                 if key not in (self.arch.variable, self.arch.efi["firmware_variable"])}
        clean["PATH"] = str(self.folder / "bin")
        patch = mock.patch.dict(os.environ, clean, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.emulator = self.put(f"bin/{self.arch.binary}")

    def put(self, name):
        """Make an empty program and return its path."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("", encoding="ascii")
        file.chmod(0o755)
        return file

    def test_emulator(self):
        self.emulator.unlink()
        words = f"{self.arch.binary} is not on PATH and {self.arch.variable} does not name it"
        self.assertEqual(machine.lacking(self.arch), words)
        with self.assertRaisesRegex(Trouble, f"^{words}$"):
            machine.need_emulator(self.arch)
        os.environ[self.arch.variable] = "/no/such"
        self.assertEqual(machine.lacking(self.arch), f"{self.arch.variable}=/no/such is no program")

    def test_firmware(self):
        self.assertRegex(machine.lacking(self.arch), "^the firmware .* is not beside .*/bin/qemu")
        beside = self.put(f"share/{self.arch.efi['firmware']}")
        self.assertEqual(machine.lacking(self.arch), "")
        self.assertEqual(efi.firmware(self.arch, str(self.emulator)), str(beside))
        variable = self.arch.efi["firmware_variable"]
        os.environ[variable] = "/no/such"
        self.assertEqual(machine.lacking(self.arch), f"{variable}=/no/such is no file")
        os.environ[variable] = str(self.emulator)
        self.assertEqual(efi.firmware(self.arch, str(self.emulator)), str(self.emulator))

    def test_packaged_emulator_is_named(self):
        packaged = machine.arch_facts("powerpc")
        with self.assertRaisesRegex(Trouble, "not on PATH; as root: apt-get install qemu-system-p"):
            machine.need_emulator(packaged)


class Command(unittest.TestCase):
    """The emulator's command line, and the files on the volume."""

    def files(self, more):
        """Return the files that a guest's volume gets, and its command line."""
        one = guest.parse('about = "x"\n' + more, "x", "ia64", "x.toml")
        arch = machine.arch_facts("ia64")
        with tempfile.TemporaryDirectory() as folder, \
                mock.patch("efi.loader", return_value="/l"), mock.patch("efi.volume") as volume:
            image = os.path.join(folder, "user", "ia64", "vmemmap-default.cpio")
            argv = machine.command(one, arch, "/k", image, {"console": "null", "control": "null"})
        return volume.call_args[0][1], argv

    def test_plain(self):
        files, argv = self.files('memory = "1G"\nsmp = 1\n')
        self.assertEqual(files["vmlinux"], "/k/vmlinux")
        self.assertIn(b"console=ttyS0", files["cmdline"])
        self.assertEqual(set(files), {"EFI", "EFI/BOOT", "EFI/BOOT/BOOTIA64.EFI", "vmlinux",
                                      "initrd", "cmdline"})
        self.assertIn("-bios", argv)
        self.assertNotIn("-kernel", argv)
        self.assertIn("vmemmap-default-x.img,format=raw", argv[-1])

    def test_nodes_and_hidden_memory(self):
        files, argv = self.files(NODES + '[[hidden]]\nstart = "4G"\nsize = "1G"\n')
        self.assertEqual(files["hidden"], b"100000000 40000000\n")
        self.assertEqual((files["tables"][:4], files["tables"].count(b"SLIT")), (b"SRAT", 1))
        self.assertNotIn("-numa", argv)

    def test_dimms(self):
        dimm = '[[dimm]]\nsize = "1G"\naddr = "{}G"\n'
        files, argv = self.files('memory = "2G"\n' + dimm.format(4) + dimm.format(5))
        self.assertEqual(files["hidden"].splitlines()[-1].split()[0], b"100000000")
        self.assertIn(b"PLACES=dimm0:100000000:40000000:0:0,dimm1:140000000:", files["cmdline"])
        whole = sum(end - start for start, end in machine.arch_facts("ia64").efi["ram"] if end)
        self.assertEqual(argv[argv.index("-m") + 1], f"{(whole + (2 << 30)) >> 10}K")
        with self.assertRaisesRegex(Trouble, "dimm0 has to lie behind the memory"):
            self.files('memory = "2G"\n' + dimm.format(1))

    def test_dimms_that_are_there_at_boot(self):
        dimm = '[[dimm]]\nsize = "1G"\naddr = "{}G"\nboot = true\n'
        files, argv = self.files('memory = "8G"\n' + dimm.format(5))
        self.assertNotIn("hidden", files)
        self.assertIn(b"PLACES=dimm0:140000000:40000000:0:1 ", files["cmdline"])
        self.assertIn(b" BOOT_DIMMS=dimm0", files["cmdline"])
        self.assertEqual(argv[argv.index("-m") + 1], f"{8 << 20}K")
        with self.assertRaisesRegex(Trouble, "dimm0 is not there from the start"):
            self.files('memory = "2G"\n' + dimm.format(5))

    @unittest.skipUnless(shutil.which("mformat"), "mtools are not installed")
    def test_volume(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.img")
            efi.volume(path, {"EFI": None, "EFI/BOOT": None, "EFI/BOOT/A.EFI": b"a" * 100000,
                              "cmdline": b"words\n"})
            for name, data in (("EFI/BOOT/A.EFI", b"a" * 100000), ("cmdline", b"words\n")):
                done = subprocess.run(["mcopy", "-i", path, f"::{name}", "-"], check=True,
                                      capture_output=True)
                self.assertEqual(done.stdout, data)
            with self.assertRaises(Trouble):
                efi.volume(path, {"no/such/folder": b""})
            self.assertEqual(os.listdir(folder), ["x.img"])


class Tables(unittest.TestCase):
    """SRAT and SLIT."""

    def test_reach(self):
        self.assertEqual(ram.reach(0x100000000, 1 << 30, RAM), (3 << 30) + 0x40e00000)
        with self.assertRaisesRegex(Trouble, "no room for RAM at 0xc0000000"):
            ram.reach(0xc0000000, 1 << 30, RAM)

    def test_ranges(self):
        self.assertEqual(ram.ranges([2 << 30, 2 << 30], RAM),
                         [(0, 0, 2 << 30), (1, 0x80200000, 0x40e00000),
                          (1, 0x100000000, 0x3f200000)])
        with self.assertRaisesRegex(Trouble, "more memory than the machine has room"):
            ram.ranges([3 << 30], RAM[:1])

    def test_srat(self):
        nodes = (guest.Node(1 << 30, (0,)), guest.Node(1 << 30, (1, 2)))
        table = acpitables.srat(nodes, RAM)
        self.assertEqual(struct.unpack_from("<4sI", table), (b"SRAT", len(table)))
        kinds, at = [], 48
        while at < len(table):
            kinds.append((table[at], table[at + 1], table[at + 2]))
            at += table[at + 1]
        self.assertEqual(at, len(table))
        self.assertEqual(kinds, [(1, 40, 0), (1, 40, 1), (0, 16, 0), (0, 16, 1), (0, 16, 1)])

    def test_slit(self):
        table = acpitables.slit(2)
        self.assertEqual((len(table), table[-4:]), (36 + 8 + 4, bytes([10, 20, 20, 10])))


if __name__ == "__main__":
    unittest.main()
