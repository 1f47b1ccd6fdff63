# SPDX-License-Identifier: GPL-2.0
"""Counts or times calls of kernel functions while a guest boots, by the plugin measure/count.c.

Nothing marks what the kernel does before there are programs.  There, a part is a call of a
function: from the instruction that calls it to the one to which it returns, both found by
disassembly.
"""
import dataclasses
import functools
import os
import re
import threading

import archdata
import boot
import count
import machine
import plugin
from toolbox import Trouble, need, output

FUNCTION = re.compile(r"^[0-9a-f]+ <([\w.]+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t")
# an instruction of a bundle of ia64 has the bundle's address, as a jump has
BUNDLE = 16
# Early calls run without interrupts. Longer ones have some more or fewer, for much less time than
# it would take to let the clock count instructions.
PINNED = ("-rtc", "clock=vm,base=2026-01-01", "-seed", "1")
_lock = threading.Lock()


def sites(disassembly, call, functions, unit=1):
    """Returns {function: [(address of the call, address to which it returns)]}.

    disassembly: text of objdump -d.  call: a pattern of instructions that call.  functions: names;
    "NAME in CALLER" for calls by one function only.  unit: what addresses are multiples of.
    Functions that nothing calls are left out.
    """
    names = {name.partition(" in ")[0] for name in functions}
    target = re.compile(rf"(?:{call}).*<({'|'.join(map(re.escape, names))})(?:\+0x8)?>")
    found = {}
    open_call = caller = None
    for line in disassembly.splitlines():
        if match := FUNCTION.match(line):
            caller = match[1]
        match = INSTRUCTION.match(line)
        if not match:
            continue
        address = int(match[1], 16) // unit * unit
        if open_call and address != open_call[1]:
            for name in {open_call[0], f"{open_call[0]} in {caller}"} & set(functions):
                found.setdefault(name, []).append((open_call[1], address))
            open_call = None
        if called := target.search(line):
            open_call = (called[1], address)
    return found


@functools.lru_cache(maxsize=64)
def _of_kernel(vmlinux, _changed, arch, functions):
    facts = archdata.load(arch)
    objdump = f"{facts['cross']}objdump"
    need(objdump, facts["kernel"].get("binutils_package", "binutils"))
    return sites(output([objdump, "-d", "--no-show-raw-insn", vmlinux]), facts["kernel"]["call"],
                 functions, BUNDLE if arch == "ia64" else 1)


def of_kernel(vmlinux, arch, parts):
    """Returns {name of a part: [(from, to)]} of a kernel.

    arch: an architecture's name.  parts: {name: functions}, see sites(); the first of them that
    something calls is the part.  Raises Trouble where there is none.
    """
    wanted = tuple(sorted({name for functions in parts.values() for name in functions}))
    try:
        found = _of_kernel(vmlinux, os.stat(vmlinux).st_mtime_ns, arch, wanted)
    except FileNotFoundError:
        raise Trouble(f"{vmlinux}: no kernel there") from None
    result = {}
    for name, functions in parts.items():
        called = [function for function in functions if function in found]
        if not called:
            raise Trouble(f"{vmlinux}: nothing calls {' or '.join(functions)}")
        result[name] = found[called[0]]
    return result


@functools.cache
def _plugin(emulator, build):
    # only once: guests that run have it loaded
    return plugin.build("count", emulator, build)


def arguments(facts, program, result, called, clock):
    """Returns the emulator's arguments that load the plugin.

    facts: [count] of the architecture.  program, result: paths.  called: from of_kernel().  clock:
    whether to take the time instead of counting.
    """
    start, end = facts["user"]
    words = [program, f"out={result}", f"user={start:x}:{end:x}"]
    if facts.get("once"):
        words.append("once=1")
    if clock:
        words.append("clock=1")
    words += [f"call={number}:{first:x}:{last:x}" for number, pairs in enumerate(called.values())
              for first, last in pairs]
    return ("-plugin", ",".join(words), *PINNED)


def run(one, arch, kernel, build, parts, clock=False, programs=None):
    """Boots a guest; returns what the plugin told of each part, {name: dict}, and the console.

    one: a guest.Guest.  arch: a machine.Arch.  kernel: a count.Kernel.  parts: {name: functions},
    see of_kernel(); one that was never called is left out.  clock: time, don't count.  programs:
    for boot.run().  Raises Trouble.
    """
    machine.need_emulator(arch)
    facts = archdata.load(arch.name).get("count")
    if not facts:
        raise Trouble(f"arch/{arch.name}.toml: [count] is missing")
    called = of_kernel(os.path.join(kernel.where.kernel, "vmlinux"), arch.name, parts)
    folder = os.path.join(build, "measure", "calls")
    os.makedirs(folder, exist_ok=True)
    raw = os.path.join(folder, f"{arch.name}-{one.name}.raw")
    if os.path.exists(raw):
        os.remove(raw)
    with _lock:
        program = _plugin(machine.emulator(arch), build)
    watched = dataclasses.replace(arch, extra=arch.extra + arguments(
        facts, program, raw, called, clock))
    outcome = checked(boot.run(one, watched, kernel.where, programs=programs), kernel)
    told = {part["part"]: part for part in count.read(raw)}
    os.remove(raw)
    return ({name: told[number] for number, name in enumerate(parts) if number in told},
            outcome.lines)


def checked(outcome, kernel):
    """Returns a boot.Outcome that passed.  Raises Trouble for another one."""
    if outcome.status != "passed":
        raise Trouble(f"{kernel.label}: {outcome.problems[0]} (log: {outcome.log})")
    return outcome
