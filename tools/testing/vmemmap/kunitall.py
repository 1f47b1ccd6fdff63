# SPDX-License-Identifier: GPL-2.0
"""Builds and boots a tree's kernel with all KUnit tests, by the tree's own kunit.py."""
import json
import re
import sys
import tomllib

import judge
import layout
import suiteresults
from bench import Failed
from toolbox import Trouble, lock, say

NAME = "kunit-all"
_FROM_KERNEL = ("CC", "HOSTCC", "CROSS_COMPILE")


def facts(arch):
    """Returns what suites/kunit.toml says of an architecture, {} if it has no kernel for it."""
    with open(layout.BED / "suites" / "kunit.toml", "rb") as file:
        return tomllib.load(file).get(arch, {})


def command(data, kernel, variant, result):
    """Returns kunit.py's command line.

    data: from facts(); kernel: a Kernel whose O= folder and compiler are taken; result: the path of
    the JSON.
    """
    options = [word for word in kernel.command() if word.partition("=")[0] in _FROM_KERNEL]
    add = [*data.get("config", ()), *data.get("variant_config", {}).get(variant, ())]
    return [sys.executable, "-B", kernel.tree / "tools/testing/kunit/kunit.py", "run", "--alltests",
            f"--arch={kernel.arch['kernel']['arch']}", f"--build_dir={kernel.out}",
            f"--jobs={kernel.jobs}", f"--timeout={data['timeout']}", f"--json={result}",
            *(f"--make_options={word}" for word in options),
            *(f"--kconfig_add={line}" for line in add),
            *(f"--qemu_args={words}" for words in data.get("qemu_args", ()))]


def run(bench, variant):
    """Runs the tests on a variant's kernel.

    Returns (results, faults of the log, path of the log).  Raises Failed, Trouble.
    """
    data = facts(bench.arch["name"])
    kernel = bench.kernel("default", variant, name=NAME)
    kernel.out.mkdir(parents=True, exist_ok=True)
    result = kernel.out / "results.json"
    log = f"{NAME}-{variant}"
    with lock(kernel.out.with_name(f".{NAME}.lock")):
        result.unlink(missing_ok=True)
        say(f"{kernel.label}: kunit.py builds and boots it")
        # 1: a test failed, or nothing was built
        bench.run(log, command(data, kernel, variant, result), env=kernel.environment(),
                  ok=(0, 1))
    if not result.exists():
        raise Failed(f"kunit.py got no results of {variant}", bench.log(log))
    if not re.search(r"^CONFIG_SPARSEMEM_VMEMMAP=y$", (kernel.out / ".config").read_text(), re.M):
        raise Failed(f"the {variant} kernel has no virtual memmap", bench.log(log))
    console = kernel.out / "test.log"
    try:
        results = suiteresults.of_kunit(json.loads(result.read_text(encoding="utf-8")))
    except (KeyError, ValueError) as error:
        raise Trouble(f"{result}: not what kunit.py writes: {error!r}") from None
    script = judge.take_apart(console.read_text(encoding="utf-8", errors="replace").splitlines())
    patterns = judge.read_faults()
    return results, judge.log_faults(script, patterns, patterns.harmless), console
