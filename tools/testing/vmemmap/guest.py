# SPDX-License-Identifier: GPL-2.0
"""Guests as data: reads guests/<arch>/<name>.toml and says clearly what is wrong with it.

The keys are explained in guests/README.rst.  Nothing here knows how to start an emulator
(machine.py) or how to judge what a guest printed (judge.py).
"""
import dataclasses
import difflib
import os
import re
import tomllib

import layout
from toolbox import Trouble

GUESTS = layout.BED / "guests"
VARIANTS = ("vmemmap", "mainline", "classic")
# Who writes the dump of a guest that panics
DUMPERS = ("machine", "crash-kernel")
DUMP_TOOLS = ("crash", "makedumpfile", "drgn")
# What a disk can have that the guest itself was booted from
DRIVE_FILES = ("kernel", "initramfs")

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"([0-9]+)([KMGT])")


@dataclasses.dataclass(frozen=True)
class Node:
    """One NUMA node: bytes of memory (0 for a memoryless node) and the CPUs on it."""
    memory: int
    cpus: tuple


@dataclasses.dataclass(frozen=True)
class Dimm:
    """Memory to plug: its name, bytes, node, and address (0 where the machine chooses).

    boot: it is there from the start.
    """
    name: str
    size: int
    node: int
    addr: int
    boot: bool = False


@dataclasses.dataclass(frozen=True)
class Drive:
    """A disk: what of its own files a guest finds on it ("" for none), or bytes of zeroes."""
    file: str
    size: int


@dataclasses.dataclass(frozen=True)
class Expect:
    """What a guest's log has to show, and what it is allowed to show."""
    console: tuple = ()
    allow: tuple = ()
    may_skip: tuple = ()

    def plus(self, other):
        """Returns the sum of two expectations."""
        return Expect(self.console + other.console, self.allow + other.allow,
                      self.may_skip + other.may_skip)


@dataclasses.dataclass(frozen=True)
class Guest:
    """One guest, checked.  Sizes are in bytes."""
    name: str
    arch: str
    about: str
    memory: int
    config: str = "default"
    user: str = ""
    smp: int = 2
    board: str = ""
    cpu: str = ""
    machine: str = ""
    slots: int = 0
    maxmem: int = 0
    nodes: tuple = ()
    hidden: tuple = ()
    dimms: tuple = ()
    objects: tuple = ()
    devices: tuple = ()
    netdevs: tuple = ()
    drives: tuple = ()
    dump: str = ""
    tools: tuple = ()
    reboots: bool = False
    cmdline: str = ""
    tests: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)
    actions: dict = dataclasses.field(default_factory=dict)
    expects: dict = dataclasses.field(default_factory=dict)
    variants: tuple = VARIANTS
    check: bool = True
    test_with: tuple = ("vmemmap",)
    timeout: int = 120
    # the same guest as it takes long, if it does
    soak: "Guest | None" = None

    def expect(self, variant):
        """Returns what is expected of this guest with one variant's kernel."""
        return self.expects[""].plus(self.expects.get(variant, Expect()))


def size(text):
    """Turns "512M" (K, M, G, T; or a plain number of bytes) into bytes.

    Raises ValueError for anything else.
    """
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'"{text}" is not a size such as "512M" or "2G"')
    return int(found[1]) * _UNITS[found[2]]


def with_sizes(value):
    """Returns a copy of nested data in which each string such as "256M" is a number of bytes."""
    if isinstance(value, dict):
        return {key: with_sizes(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_sizes(item) for item in value]
    if isinstance(value, str) and _SIZE.fullmatch(value):
        return size(value)
    return value


class _Table:
    """A TOML table that is taken apart key by key; every complaint names file and key."""

    def __init__(self, data, where, known):
        self.data = data
        self.where = where
        for key in data:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f' (did you mean "{close[0]}"?)' if close else ""
                raise Trouble(f'{where}: unknown key "{key}"{hint}')

    def take(self, key, kind, default=None):
        """Returns data[key], which has to be of `kind`; `default` where it is absent."""
        if key not in self.data:
            if default is None:
                raise Trouble(f'{self.where}: key "{key}" is missing')
            return default
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Trouble(f'{self.where}: "{key}" must be a {_KINDS[kind]}')
        return value

    def size(self, key, default=None):
        """Returns data[key] in bytes."""
        if key not in self.data and default is not None:
            return default
        try:
            return size(self.take(key, (str, int)))
        except ValueError as error:
            raise Trouble(f'{self.where}: "{key}": {error}') from None

    def strings(self, key):
        """Returns data[key], a list of strings, as a tuple; () where it is absent."""
        value = self.take(key, list, [])
        if not all(isinstance(item, str) for item in value):
            raise Trouble(f'{self.where}: "{key}" must be a list of strings')
        return tuple(value)

    def patterns(self, key):
        """Returns data[key], a list of regular expressions, compiled."""
        try:
            return tuple(re.compile(text) for text in self.strings(key))
        except re.error as error:
            raise Trouble(f'{self.where}: "{key}": bad regular expression: {error}') from None


_KINDS = {str: "string", int: "number", list: "list", dict: "table", bool: "true or false",
          (str, int): "string or number"}
_EXPECT = ("console", "allow", "may_skip")
_KEYS = ("about", "like", "memory", "config", "user", "smp", "board", "cpu", "machine", "slots",
         "maxmem", "node", "hidden", "object", "device", "netdev", "drive", "dump", "reboots",
         "cmdline", "tests", "env", "dimm", "action", "expect", "variants", "check", "test_with",
         "timeout", "soak")


def _nodes(table):
    nodes = []
    for number, data in enumerate(table.take("node", list, [])):
        node = _Table(data, f"{table.where}: node {number}", ("memory", "cpus"))
        cpus = node.take("cpus", list, [])
        if not all(isinstance(cpu, int) for cpu in cpus):
            raise Trouble(f'{node.where}: "cpus" must be a list of numbers')
        nodes.append(Node(node.size("memory"), tuple(cpus)))
    return tuple(nodes)


def _hidden(table):
    ranges = []
    for number, data in enumerate(table.take("hidden", list, [])):
        one = _Table(data, f"{table.where}: hidden {number}", ("start", "size"))
        ranges.append((one.size("start"), one.size("size")))
    return tuple(ranges)


def _drives(table):
    drives = []
    for number, data in enumerate(table.take("drive", list, [])):
        drive = _Table(data, f"{table.where}: drive {number}", ("file", "size"))
        one = Drive(drive.take("file", str, ""), drive.size("size", 0))
        if bool(one.file) == bool(one.size) or one.file not in ("", *DRIVE_FILES):
            raise Trouble(f'{drive.where}: give a "size", or "file" as one of '
                          f'{", ".join(DRIVE_FILES)}')
        drives.append(one)
    return tuple(drives)


def _dump(table):
    """Returns who writes the dump ("" for nobody), and the tools that read it."""
    if "dump" not in table.data:
        return "", ()
    dump = _Table(table.take("dump", dict), f"{table.where}: dump", ("by", "tools"))
    by, tools = dump.take("by", str), dump.strings("tools")
    if by not in DUMPERS or not tools or not set(tools) <= set(DUMP_TOOLS):
        raise Trouble(f'{dump.where}: give "by" as one of {", ".join(DUMPERS)}, and "tools" out of '
                      f'{", ".join(DUMP_TOOLS)}')
    return by, tools


def _actions(table):
    actions = {}
    for data in table.take("action", list, []):
        action = _Table(data, f"{table.where}: action", ("name", "steps"))
        name = action.take("name", str)
        steps = action.take("steps", list)
        for step in steps:
            inner = _Table(step, f'{table.where}: action "{name}"',
                           ("execute", "arguments", "event", "data"))
            if ("execute" in step) == ("event" in step):
                raise Trouble(f'{inner.where}: a step has either "execute" or "event"')
        if name in actions:
            raise Trouble(f'{table.where}: action "{name}" is there twice')
        actions[name] = tuple(with_sizes(step) for step in steps)
    return actions


def _dimms(table):
    """Returns each [[dimm]], actions that plug and unplug it, and the tests' settings for them."""
    actions, sizes, dimms = {}, set(), []
    for number, data in enumerate(table.take("dimm", list, [])):
        dimm = _Table(data, f"{table.where}: dimm {number}", ("size", "node", "addr", "boot"))
        bytes_, name = dimm.size("size"), f"dimm{number}"
        device = {"driver": "pc-dimm", "id": name, "memdev": f"mem-{name}"}
        if "node" in data:
            device["node"] = dimm.take("node", int)
        if "addr" in data:
            device["addr"] = dimm.size("addr")
        backend = {"qom-type": "memory-backend-ram", "id": f"mem-{name}", "size": bytes_}
        actions[f"plug {name}"] = ({"execute": "object-add", "arguments": backend},
                                   {"execute": "device_add", "arguments": device})
        actions[f"unplug {name}"] = (
            {"execute": "device_del", "arguments": {"id": name}},
            {"event": "DEVICE_DELETED", "data": {"device": name}},
            {"execute": "object-del", "arguments": {"id": f"mem-{name}"}})
        sizes.add(bytes_)
        dimms.append(Dimm(name, bytes_, dimm.take("node", int, 0), dimm.size("addr", 0),
                          dimm.take("boot", bool, False)))
    if len(sizes) > 1:
        raise Trouble(f"{table.where}: the tests know one size for all [[dimm]]s")
    env = {"DIMM_SIZE": f"{sizes.pop() >> 20}M"} if dimms else {}
    for key, boot in (("DIMMS", False), ("BOOT_DIMMS", True)):
        names = ",".join(dimm.name for dimm in dimms if dimm.boot == boot)
        env.update({key: names} if names else {})
    return tuple(dimms), actions, env


def _merged(below, above):
    """Returns two guests' data as one: tables merged, expectations added, the rest from above."""
    whole = dict(below)
    for key, value in above.items():
        if key not in below:
            whole[key] = value
        elif key in _EXPECT and isinstance(value, list):
            whole[key] = below[key] + value
        elif isinstance(value, dict) and isinstance(below[key], dict):
            whole[key] = _merged(below[key], value)
        else:
            whole[key] = value
    return whole


def _with_kinds(data, kinds, where):
    """Returns a guest's data on top of what it is like, which can be like something itself."""
    for kind in _Table(data, where, _KEYS).strings("like"):
        if kind not in kinds:
            raise Trouble(f'{where}: there is no [like.{kind}]; known: '
                          f'{", ".join(kinds) or "none"}')
        data = _merged(_with_kinds(kinds[kind], kinds, f"{where}: {kind}"), data)
    return data


def _expects(table):
    data = dict(table.take("expect", dict, {}))
    parts = {variant: data.pop(variant) for variant in VARIANTS if variant in data}
    parts[""] = data
    expects = {}
    for variant, part in parts.items():
        inner = _Table(part, f"{table.where}: expect {variant}".rstrip(),
                       _EXPECT + (() if variant else VARIANTS))
        expects[variant] = Expect(inner.patterns("console"), inner.patterns("allow"),
                                  inner.strings("may_skip"))
    return expects


def _variants(table, key, default):
    """Returns data[key], a list of variants, as a tuple."""
    names_ = table.strings(key) if key in table.data else default
    for variant in names_:
        if variant not in VARIANTS:
            raise Trouble(f'{table.where}: {key}: "{variant}" is none of {", ".join(VARIANTS)}')
    return names_


def _toml(text, where):
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{where}: not TOML: {error}") from None


def _soak(table, name, arch):
    """Returns the long form of a guest, made of its data and its [soak] on top; None without."""
    above = table.take("soak", dict, {})
    if not above:
        return None
    where = f"{table.where}: soak"
    if "soak" in above or "like" in above:
        raise Trouble(f'{where}: has neither "soak" nor "like"')
    below = {key: value for key, value in table.data.items()
             if key not in ("soak", "like", "test_with")}
    return _guest(_merged(below, above), f"soak-{name}", arch, where)


def parse(text, name, arch, where, kinds=None):
    """Turns the text of a guest file into a Guest.

    `where` is the file's name for messages; kinds: what "like" can name, a dict of tables.
    Raises Trouble.
    """
    return _guest(_with_kinds(_toml(text, where), kinds or {}, where), name, arch, where)


def _guest(data, name, arch, where):
    table = _Table(data, where, _KEYS)
    nodes = _nodes(table)
    if nodes and "memory" in data:
        raise Trouble(f'{where}: give "memory" or [[node]] tables, not both')
    dimms, plugging, settings = _dimms(table)
    actions = _actions(table)
    for twice in plugging.keys() & actions.keys():
        raise Trouble(f'{where}: action "{twice}" is there twice')
    env = {**settings, **table.take("env", dict, {})}
    for key, value in env.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", key) or not isinstance(value, (str, int)):
            raise Trouble(f'{where}: env "{key}" must be CAPITALS = a string or a number')
        if re.search(r"\s", str(value)):
            raise Trouble(f'{where}: env "{key}": no white space in the value, please')
    variants = _variants(table, "variants", VARIANTS)
    dump, tools = _dump(table)
    guest = Guest(
        name=name, arch=arch, nodes=nodes, env=env, variants=variants,
        about=table.take("about", str),
        memory=sum(node.memory for node in nodes) if nodes else table.size("memory"),
        config=table.take("config", str, "default"),
        user=table.take("user", str, ""),
        smp=table.take("smp", int, 2),
        board=table.take("board", str, ""),
        cpu=table.take("cpu", str, ""),
        machine=table.take("machine", str, ""),
        slots=table.take("slots", int, 0),
        maxmem=table.size("maxmem", 0),
        hidden=_hidden(table), dimms=dimms,
        objects=tuple(with_sizes(table.take("object", list, []))),
        devices=tuple(with_sizes(table.take("device", list, []))),
        netdevs=tuple(table.take("netdev", list, [])),
        drives=_drives(table), dump=dump, tools=tools,
        reboots=table.take("reboots", bool, False),
        cmdline=table.take("cmdline", str, ""),
        tests=table.strings("tests"),
        actions={**plugging, **actions},
        expects=_expects(table),
        check=table.take("check", bool, True),
        test_with=_variants(table, "test_with", ("vmemmap",)),
        timeout=table.take("timeout", int, 120),
        soak=_soak(table, name, arch))
    if guest.memory <= 0:
        raise Trouble(f"{where}: the guest has no memory")
    if bool(guest.slots) != bool(guest.maxmem):
        raise Trouble(f'{where}: "slots" and "maxmem" go together')
    placed = [cpu for node in nodes for cpu in node.cpus]
    if nodes and sorted(placed) != list(range(guest.smp)):
        raise Trouble(f"{where}: the nodes' cpus must be each of 0..{guest.smp - 1} once")
    return guest


def load(arch, name, directory=GUESTS):
    """Reads guests/<arch>/<name>.toml and returns the Guest.  Raises Trouble."""
    path = os.path.join(directory, arch, name + ".toml")
    where = os.path.join("guests", arch, name + ".toml")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        known = ", ".join(names(arch, directory)) or "none"
        raise Trouble(f"{where}: there is no such guest; known for {arch}: {known}") from None
    return parse(text, name, arch, where, shared(arch, directory).get("like", {}))


def shared(arch, directory=GUESTS):
    """Returns what all guests of an architecture share, guests/<arch>.toml, as a dict.

    Raises Trouble.
    """
    where = f"guests/{arch}.toml"
    try:
        with open(os.path.join(directory, arch + ".toml"), encoding="utf-8") as file:
            return _toml(file.read(), where)
    except FileNotFoundError:
        raise Trouble(f"{where}: missing, so this architecture has no guests") from None


def names(arch, directory=GUESTS):
    """Returns the sorted names of all guests of an architecture ([] if it has none)."""
    folder = os.path.join(directory, arch)
    if not os.path.isdir(folder):
        return []
    return sorted(entry[:-5] for entry in os.listdir(folder) if entry.endswith(".toml"))


def load_all(arch, directory=GUESTS):
    """Returns all guests of an architecture.  Raises Trouble."""
    return [load(arch, name, directory) for name in names(arch, directory)]
