#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Opens a kernel's config in the kernel's own menu, and keeps the result for CONFIG=.

menuconfig.py --build DIR --tree TREE --variant V --arch A --config C
"""
import argparse
import pathlib
import shutil
import subprocess

import configure
import layout
from kernel import Kernel
from toolbox import Trouble, run_tool, write_whole


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--tree", required=True)
    parser.add_argument("--variant", required=True)
    parser.add_argument("--arch", default="x86_64")
    parser.add_argument("--config", default="default")
    options = parser.parse_args()
    # a folder of its own: an unsaved experiment must not touch a built kernel
    kernel = Kernel(options.build, options.tree, options.variant, options.arch, options.config,
                    name="menuconfig")
    kernel.configured()
    before = kernel.out / "before.config"
    shutil.copyfile(kernel.out / ".config", before)
    if subprocess.call(kernel.command("menuconfig", jobs=1), env=kernel.environment()):
        raise Trouble("menuconfig did not run; it needs a terminal of 80 columns and 19 lines")
    changed = configure.refused(configure.read(before, options.variant),
                                kernel.out / ".config")
    now = configure.read(kernel.out / ".config", options.variant)
    changed += [name for name, value in now.items()
                if value != "n" and name not in configure.read(before, options.variant)]
    if not changed:
        print("nothing was changed")
        return
    goal = pathlib.Path(options.build).resolve() / f"my-{kernel.arch['name']}.config"
    start = kernel.config if kernel.config != goal else kernel.out / "asked.config"
    asked = configure.read(start, options.variant)
    asked.update({name: now.get(name, "n") for name in changed})
    write_whole(goal, configure.as_text(asked))
    print(f"use it with CONFIG={goal.relative_to(layout.TOP)}"
          if goal.is_relative_to(layout.TOP) else f"use it with CONFIG={goal}")


if __name__ == "__main__":
    run_tool(main)
