# SPDX-License-Identifier: GPL-2.0
"""What `make bench` compares: groups of memory models (models.toml), and points to measure."""
import dataclasses
import functools
import hashlib
import os
import pathlib
import tomllib
import typing

import boot
import count
import layout
import machine
from toolbox import Trouble

SOURCE = layout.BED / "models.toml"


@dataclasses.dataclass(frozen=True)
class Model:
    """One memory model of a group: its name, what tables call it, its kernel."""
    name: str
    label: str
    kernel: count.Kernel


@dataclasses.dataclass(frozen=True)
class Group:
    """Models that are compared with each other; the first is what the others are compared with.

    peers: {name of a model: name of another one that it is compared with, too}.
    """
    name: str
    title: str
    arch: machine.Arch
    models: tuple
    peers: dict = dataclasses.field(default_factory=dict, compare=False)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one run of `make bench` has to work with.

    build: the absolute path of the build folder.  groups: Groups whose guests can be booted here.
    aim: folder of a built AIM Suite VII, or "".  unbooted: Groups of which there are only kernels.
    """
    quick: bool
    build: str
    base_version: str
    groups: tuple
    aim: str = ""
    unbooted: tuple = ()

    @property
    def compiled(self):
        """All Groups of which there are kernels."""
        return (*self.groups, *self.unbooted)


@dataclasses.dataclass(frozen=True)
class Point:
    """One thing to measure.

    name: unique in its measurement, part of a file's name.  measure: called without arguments,
    returns a dict for JSON, raises Trouble.  inputs: for JSON, what the result depends on beside
    the kernel.  kernel: a count.Kernel or None.  alone: time is measured, so nothing else may run.
    """
    name: str
    measure: typing.Callable
    inputs: typing.Any = None
    kernel: typing.Any = None
    alone: bool = False


def groups(build, base_version, path=SOURCE):
    """Returns the Groups that a file has, all of them.

    build: the absolute path of the build folder.  Raises Trouble that names what is wrong.
    """
    with open(path, "rb") as file:
        data = tomllib.load(file)
    try:
        return tuple(_group(group, data, build, base_version) for group in data["group"])
    except KeyError as error:
        raise Trouble(f"{os.path.basename(path)}: {error} is missing") from None


def _group(data, shared, build, base_version):
    labels = shared["model"]
    models = []
    for name in data["models"]:
        other = data.get("parameters", {}).get(name, {})
        where = boot.place(build, base_version, other.get("variant", name), data["arch"],
                           data["config"])
        models.append(Model(name, labels[name], count.Kernel(
            f"{data['name']} {name}", where, data["config"], other.get("cmdline", ""),
            data.get("guest", {}))))
    return Group(data["name"], data["title"], machine.arch_facts(data["arch"]), tuple(models),
                 shared.get("peer", {}))


@functools.lru_cache(maxsize=256)
def _of_file(path, _changed):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def built(kernel):
    """Returns what identifies a count.Kernel that is built, as a string; its files may be newer."""
    vmlinux = os.path.join(kernel.where.kernel, "vmlinux")
    return _of_file(vmlinux, os.stat(vmlinux).st_mtime_ns)


def digest(*paths):
    """Returns what identifies the content of files and of all files in folders, as a string."""
    seen = hashlib.sha256()
    for path in map(pathlib.Path, paths):
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                seen.update(f"{file.name}\0".encode())
                seen.update(file.read_bytes())
    return seen.hexdigest()
