# SPDX-License-Identifier: GPL-2.0
"""What a test is given to work with: the composed series, its trees, kernels, patches, logs."""
import copy
import pathlib
import re
import subprocess

import archdata
import guest
import layout
import machine
from kernel import FAILURE, Kernel

import compose
import mail
from toolbox import Trouble


class Failed(Exception):
    """A test failed; the text says what is wrong, log where more is to be read."""

    def __init__(self, text, log=""):
        super().__init__(text)
        self.log = str(log)


class Skipped(Exception):
    """A test cannot run here; the text says why."""


class Bench:
    """One base, one architecture, the series composed on it."""

    def __init__(self, build, tarball, version, arch="x86_64", jobs=0):
        """build: folder for everything made; tarball, version: the base.

        Raises Trouble where the series does not compose.
        """
        self.build = pathlib.Path(build).resolve()
        self.tarball = tarball
        self.version = version
        self.arch = archdata.load(arch)
        self.jobs = jobs
        self.series = compose.compose(self.build, tarball, version)
        self._patches = None
        self._trees = {}

    def of(self, arch):
        """Return the same bench for another architecture."""
        other = copy.copy(self)
        other.arch = archdata.load(arch)
        return other

    @property
    def store(self):
        """The git repository that holds the series."""
        return self.series.store

    def tree(self, variant="vmemmap"):
        """Return the up-to-date tree of a variant."""
        if variant not in self._trees:
            path = compose.tree_path(self.build, self.version, variant)
            compose.check_out(self.store, path, self.series.tip(variant))
            self._trees[variant] = path
        return self._trees[variant]

    def kernel(self, config, variant="vmemmap", **more):
        """Return the Kernel of a config, not built yet; more goes to Kernel()."""
        arch = more.pop("arch", self.arch["name"])
        tree = more.pop("tree", None) or self.tree(variant)
        return Kernel(self.build, tree, variant, arch, config, jobs=self.jobs, **more)

    def compiled(self, config):
        """Return the Kernel of a config, built as far as there is a use for it here.

        Of those that the architecture's data file lists as compiled that is what the series
        touches, unless a guest is going to boot it.
        """
        kernel = self.kernel(config)
        facts = self.arch["kernel"]
        booted = (config in {one.config for one in guest.load_all(self.arch["name"])
                             if "vmemmap" in one.test_with}
                  and not machine.lacking(machine.arch_facts(self.arch["name"])))
        if config in facts.get("compiled", ()) and not booted:
            kernel.made(*facts["compiled_target"].split())
        else:
            kernel.made()
        return kernel

    def patches(self):
        """Return the paths of the mail-ready patches, written anew once a run."""
        if self._patches is None:
            self._patches = mail.write(self.series, self.build / "series")
        return self._patches

    def changed(self, pattern):
        """Return the files of the vmemmap tree that differ from the base and match pattern."""
        names = self.store.git("diff", "--name-only", "--diff-filter=d", "--no-renames",
                               self.series.base, self.series.tip("vmemmap")).splitlines()
        return [name for name in names if re.search(pattern, name)]

    def log(self, name):
        """Return the path of a test's log."""
        return layout.log(self.build, f"test-{self.arch['name']}-{name}")

    def run(self, name, command, *, cwd=None, env=None, ok=(0,)):
        """Run a command with its output in the log of test name, and return that output.

        Raises Failed when its status is none of ok.
        """
        log = self.log(name)
        with open(log, "wb") as handle:
            try:
                done = subprocess.run([str(word) for word in command], cwd=cwd, env=env,
                                      stdin=subprocess.DEVNULL, stdout=handle,
                                      stderr=subprocess.STDOUT)
            except FileNotFoundError:
                raise Trouble(f"{command[0]} is not installed") from None
        text = log.read_text(encoding="utf-8", errors="replace")
        if done.returncode not in ok:
            lines = text.strip().splitlines() or ["no output"]
            # make says last which folder it leaves
            told = next((line for line in lines if FAILURE.search(line)), lines[-1])
            raise Failed(f"{pathlib.Path(str(command[0])).name} failed: {told.strip()}", log)
        return text


def first(items, log):
    """Raise Failed with the first of items and how many more there are; nothing if none."""
    if items:
        more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
        raise Failed(f"{items[0]}{more}", log)
