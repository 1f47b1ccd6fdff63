#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Configures and builds one kernel from a composed tree.

kernel.py --build DIR --tree TREE --variant V [--arch A] [--config C] [--jobs N] [TARGET...]

The O= folder is printed: DIR/kernels/BASE/VARIANT/ARCH/CONFIG.  Nothing is done when it has
been built before from the same tree and config.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import time

import archdata
import configure
import layout
import reportmodule
import testmodule
import toolchain
import worker
from toolbox import Trouble, lock, need, output, run_tool, say, write_whole

# One line of make's terse output is one object; these are the ones worth counting.
OBJECT = re.compile(rb"^  (?:CC|AS|LD|AR|HOSTCC|LDS)\b", re.M)
FAILURE = re.compile(r"error:|undefined reference|Error \d|multiple definition|\*\*\* \S")
# Nothing of the machine or the hour may get into an image, or ccache would miss.
STEADY = {"KBUILD_BUILD_TIMESTAMP": "1970-01-01", "KBUILD_BUILD_USER": "vmemmap",
          "KBUILD_BUILD_HOST": "vmemmap", "KBUILD_BUILD_VERSION": "1", "LOCALVERSION": ""}


class Kernel:
    """One kernel: a tree, an architecture, a config, and the O= folder for it."""

    def __init__(self, build, tree, variant, arch="x86_64", config="default", *,
                 clang=False, jobs=0, name=None, strict=True):
        """build, tree: folders; arch: a name that archdata knows, or what archdata
        returned; config: a name or a file.

        clang: build with LLVM; name: the O= folder's last part (default: the config's name);
        strict: an option that the tree does not grant is an error.
        Raises Trouble for an unknown architecture, config, or tree.
        """
        self.build = pathlib.Path(build).resolve()
        self.tree = pathlib.Path(tree).resolve()
        self.variant = variant
        self.arch = arch if isinstance(arch, dict) else archdata.load(arch)
        self.config = configure.find(self.arch["name"], config)
        self.clang = clang
        self.strict = strict
        self._held = None
        self._cross = None
        self.jobs = int(jobs) or os.cpu_count() or 1
        if not (self.tree / "Kconfig").is_file():
            raise Trouble(f"{self.tree} is not a kernel tree; make tree composes one")
        base = self.tree.parent.name
        name = name or self.config.stem + ("-clang" if clang else "")
        self.out = layout.kernel(self.build, base, variant, self.arch["name"], name)
        self.label = f"{variant} {self.arch['name']} {name} on {base}"
        self.log = layout.log(self.build, "kernel-" + re.sub(r"\W+", "-", self.label))

    def environment(self):
        """Return the environment of a build: nothing of an outer make, our compiler cache."""
        outer = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "ARCH", "CROSS_COMPILE",
                 "O", "CC", "LLVM", "KCFLAGS", "CONFIG", "BASE", "VARIANT"}
        clean = {name: value for name, value in os.environ.items() if name not in outer}
        clean.update(STEADY, LC_ALL="C", CCACHE_DIR=str(layout.ccache(self.build)),
                     CCACHE_NOHASHDIR="1")
        return clean

    def command(self, *targets, jobs=None):
        """Return the make command line for targets."""
        words = ["make", "-C", str(self.tree), f"O={self.out}", f"-j{jobs or self.jobs}",
                 f"ARCH={self.arch['kernel']['arch']}", *self._compiler(), *targets]
        return words

    def cross(self):
        """Return the prefix of the cross compiler, which is built first if nobody packages it."""
        if self._cross is None:
            self._cross = toolchain.prefix(self.build, self.arch, self.jobs)
        return self._cross

    def _compiler(self):
        cache = "ccache " if shutil.which("ccache") else ""
        words = [f"HOSTCC={cache}gcc"]
        if self.clang:
            cross = os.environ.get("CROSS_COMPILE") or self.arch["cross"]
            need("clang", "clang lld llvm")
            words += ["LLVM=1", f"CC={cache}clang", f"HOSTCC={cache}clang"]
            words += [f"CROSS_COMPILE={cross}"] if cross else []
        else:
            cross = self.cross()
            need(f"{cross}gcc", self.arch["kernel"].get("compiler_package", "gcc"))
            words += [f"CROSS_COMPILE={cross}", f"CC={cache}{cross}gcc"]
        return words

    def configured(self):
        """Write .config; raises Trouble that names an option which the tree does not grant."""
        asked = configure.read(self.config, self.variant)
        self.out.mkdir(parents=True, exist_ok=True)
        write_whole(self.out / "asked.config", configure.as_text(asked))
        say(f"{self.label}: configuring")
        # Kconfig leaves the file alone if nothing changes, so nothing is rebuilt for it
        self._run("configuring", self.command(f"KCONFIG_ALLCONFIG={self.out / 'asked.config'}",
                                              "allnoconfig"), "w")
        lacking = configure.refused(asked, self.out / ".config")
        if lacking and self.strict:
            raise Trouble(f"the {self.variant} tree does not grant {lacking[0]}="
                          f"{asked[lacking[0]]}"
                          f"{f' and {len(lacking) - 1} more' if len(lacking) > 1 else ''} "
                          f"asked for by {self.config}: a dependency is missing "
                          f"({' '.join(lacking[1:6])})")

    def made(self, *targets):
        """Configure and build targets (default: image, and modules if the config has them).

        Returns the O= folder.

        Raises Trouble with the compiler's first complaint and the log's path.
        """
        targets = targets or self._usual_targets()
        need("make", "make")
        stamp = self.out / "built.json"
        with lock(self.out.with_name(f".{self.out.name}.lock")) as self._held:
            key = self.key(*targets)
            done = json.loads(stamp.read_text()) if stamp.exists() else {}
            if done == key:
                return self.out
            stamp.unlink(missing_ok=True)
            self.configured()
            say(f"{self.label}: building {' '.join(targets)}")
            self._run("building", self.command(*targets), "a")
            if "modules" in targets and reportmodule.wanted(self.out):
                folder = reportmodule.lay_out(self.out)
                self._run("building the report module of", self.command(f"M={folder}",
                                                                        "modules"), "a")
            for name in self._test_modules(targets):
                folder = testmodule.lay_out(name, self.out)
                self._run(f"building the {name} module of", self.command(f"M={folder}",
                                                                         "modules"), "a")
            write_whole(stamp, json.dumps(key))
        return self.out

    def _usual_targets(self):
        asked = configure.read(self.config, self.variant)
        modules = ["modules"] if asked.get("CONFIG_MODULES") == "y" else []
        return (self.arch["kernel"]["target"], *modules)

    def _test_modules(self, targets):
        return self.arch["kernel"].get("modules", ()) if "modules" in targets else ()

    def key(self, *targets):
        """Return all that a build of targets depends on, as a dict for JSON."""
        compiler = self._compiler()
        program = next(word for word in compiler if word.startswith("CC=")).split()[-1]
        version = output([program.removeprefix("CC="), "--version"]).splitlines()[0]
        asked = configure.as_text(configure.read(self.config, self.variant))
        modules = self._test_modules(targets)
        more = {"modules": testmodule.key(modules)} if modules else {}
        return {**more, "tree": output(["git", "-C", self.tree, "rev-parse", "HEAD^{tree}"]).strip(),
                "asked": hashlib.sha256(asked.encode()).hexdigest(),
                "report": reportmodule.key() if "modules" in targets else "",
                "compiler": version,
                "command": self.command(*targets, jobs=1)}

    def _run(self, phase, command, mode):
        start = time.monotonic()
        worker.work(f"{phase} {self.label}", command, self.log, FAILURE,
                    lambda text: f"{len(OBJECT.findall(text))} objects", mode=f"{mode}b",
                    held=self._held, env=self.environment())
        if phase == "building":
            say(f"{self.label}: built in {time.monotonic() - start:.0f} s")


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="folder for everything that is made")
    parser.add_argument("--tree", required=True, help="composed tree")
    parser.add_argument("--variant", required=True)
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--config", default="default", help="name under configs/ARCH, or a file")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    kernel = Kernel(options.build, options.tree, options.variant, options.arch, options.config,
                    jobs=options.jobs)
    kernel.made(*options.targets)
    print(kernel.out)


if __name__ == "__main__":
    run_tool(main)
