# SPDX-License-Identifier: GPL-2.0
"""Boots guests that run the kernel's own suites, with what they need in their file systems.

What a guest runs is a script of suites/ of the guest's name, which its data have in "env" and not in
"tests", as it does not print KTAP. The suites are the base's own, and the same programs for all
kernels.
"""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tomllib

import boot
import cpio
import guest
import judge
import layout
import machine
import toolimage
from toolbox import Trouble, lock, output, say, write_whole

SOURCE = layout.BED / "suites"
CONFIG = "suites"
FOLDERS = ("vm", "memory-hotplug")
# Nothing of an outer make may get into the suites' makefiles
_OUTER = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "ARCH", "O")
_PASSWD = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"


@dataclasses.dataclass
class Told:
    """What a guest told: lines of its suite, and of the kernel; faults: {line: what it means};
    problems: what else is wrong with the guest; log: the console's path.
    """
    lines: list
    kernel: list
    faults: dict
    problems: list
    log: str


def names(arch):
    """Returns the suites that there is a guest for on an architecture, sorted."""
    return sorted(name for name in guest.names(arch) if (SOURCE / name).is_file())


class Suites:
    """The suites of one base for one architecture's guests."""

    def __init__(self, bench):
        """bench: a bench.Bench.  Raises Trouble."""
        self.bench = bench
        self.arch = machine.arch_facts(bench.arch["name"])
        self.folder = bench.build / "user" / self.arch.name / "suites"

    def _make(self, log, command):
        env = {key: value for key, value in os.environ.items() if key not in _OUTER}
        with open(log, "ab") as file:
            done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                                  stdout=file, stderr=file, env=env, check=False)
            if done.returncode:
                raise Trouble(f"the base's selftests do not build, see {log}")

    def _programs(self):
        """Builds the programs of selftests/vm, unless that was done; returns their folder."""
        tree = self.bench.tree("mainline")
        compiler = self.arch.user["cc"]
        flags = f"{self.arch.user['cflags']} -static -s"
        mark = " ".join([output(["git", "-C", tree, "rev-parse", "HEAD^{tree}"]).strip(), flags,
                         output([compiler, "--version"]).splitlines()[0]])
        goal, headers = self.folder / "vm", self.folder / "headers"
        stamp = self.folder / "made-from"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == mark:
            return goal
        stamp.unlink(missing_ok=True)
        say("building the base's own selftests")
        for folder in (goal, headers):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        log = layout.log(self.bench.build, f"suites-{self.arch.name}")
        log.unlink(missing_ok=True)
        self._make(log, ["make", "-s", "-C", tree, f"O={headers}",
                         f"ARCH={self.bench.arch['kernel']['arch']}", "headers"])
        self._make(log, ["make", "-s", f"-j{self.bench.jobs or os.cpu_count()}", "-C",
                         tree / "tools/testing/selftests/vm", f"OUTPUT={goal}", f"CC={compiler}",
                         f"KHDR_INCLUDES=-isystem {headers}/usr/include", f"EXTRA_CFLAGS={flags}"])
        write_whole(stamp, mark)
        return goal

    def _tests(self):
        """Returns the path of the archive with the suites' programs and scripts."""
        whole = cpio.Archive()
        for path in sorted(self._programs().iterdir()):
            whole.file(f"suites/vm/{path.name}", path.read_bytes())
        for folder in FOLDERS:
            source = self.bench.tree("mainline") / "tools/testing/selftests" / folder
            for path in sorted(source.glob("*.sh")):
                whole.file(f"suites/{folder}/{path.name}", path.read_bytes())
        whole.file("bin/sudo", (SOURCE / "sudo").read_bytes())
        whole.file("etc/passwd", _PASSWD.encode(), 0o644)
        return self._written("tests", whole)

    def _modules(self, variant, kernel):
        """Returns the path of the archive with a kernel's modules, where modprobe finds them."""
        out = pathlib.Path(kernel)
        release = (out / "include/config/kernel.release").read_text(encoding="utf-8").strip()
        whole = cpio.Archive()
        for name in (out / "modules.order").read_text(encoding="utf-8").split():
            module = out / re.sub(r"\.o$", ".ko", name)
            whole.file(f"lib/modules/{release}/{module.name}", module.read_bytes(), 0o644)
        return self._written(f"modules-{variant}", whole)

    def _written(self, name, whole):
        path = self.folder / f"{name}.cpio"
        data = whole.bytes()
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)
        return str(path)

    def _tools(self):
        with open(SOURCE / "image.toml", "rb") as file:
            data = tomllib.load(file)["suites"]
        return toolimage.make(data, self.arch.name, str(self.bench.build), "suites")[0]

    def boot(self, name, variant):
        """Boots a suite's guest with a variant's kernel; returns what it Told.  Raises Trouble."""
        one = guest.load(self.arch.name, name)
        kernel = self.bench.kernel(one.config, variant)
        kernel.made()
        self.folder.mkdir(parents=True, exist_ok=True)
        with lock(self.folder / ".lock"):
            archives = [self._tools(), self._tests(), self._modules(variant, kernel.out)]
        where = boot.Place(str(self.bench.build), str(kernel.tree), str(kernel.out), variant)
        # the log is judged here, against the other kernel's
        quiet = dataclasses.replace(one, expects={
            "": dataclasses.replace(one.expect(variant), allow=(re.compile(""),))})
        outcome = boot.run(quiet, self.arch, where, programs={name: str(SOURCE / name)},
                           archives=archives)
        return told(name, outcome, self._allowed(one, variant))

    def _allowed(self, one, variant):
        return [re.compile(text) for text in self.arch.allow] + list(one.expect(variant).allow)


def told(name, outcome, allow=()):
    """Returns what a guest Told by a boot.Outcome.

    name: the suite; allow: patterns of lines of the kernel's log that mean nothing.
    """
    script = judge.take_apart(outcome.lines)
    faults = judge.read_faults()
    section = script.sections.get(name, judge.Section(name))
    problems = list(outcome.problems)
    if section.status is None and not problems:
        problems.append(f"{name} did not end")
    return Told(section.lines, script.kernel,
                judge.log_faults(script, faults, [*faults.harmless, *allow]), problems,
                outcome.log)
