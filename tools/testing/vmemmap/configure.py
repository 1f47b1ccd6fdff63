# SPDX-License-Identifier: GPL-2.0
"""Turns a named config (fragments under configs/) into a kernel's .config and checks it."""
import pathlib
import re

import layout
from toolbox import Trouble

INCLUDE = re.compile(r'#include "(.+)"$')
SET = re.compile(r"(CONFIG_\w+)=(.*)$")
UNSET = re.compile(r"# (CONFIG_\w+) is not set$")


def find(arch, name):
    """Return the file of a config: a name under configs/ARCH, or the path of a file.

    Raises Trouble that lists the names there are.
    """
    if "/" in name:
        file = pathlib.Path(name).resolve()
        if file.is_file():
            return file
        raise Trouble(f"CONFIG: there is no file {file}")
    folder = layout.CONFIGS / arch
    file = folder / f"{name}.config"
    if not file.is_file():
        there = ", ".join(sorted(other.stem for other in folder.glob("*.config")))
        raise Trouble(f"CONFIG={name} is no config of {arch}: {there or 'it has none'}")
    return file


def read(file, variant):
    """Return the options that a config asks for, as a dict of name to value ('n': not set).

    A line `#include "FILE"` reads another file there, found beside the one that names it;
    {variant} in FILE stands for the variant.  What is said later wins.  Raises Trouble naming
    file and line for anything that is not an option.
    """
    file = pathlib.Path(file)
    asked = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        line = line.rstrip()
        if match := INCLUDE.match(line):
            other = file.parent / match[1].replace("{variant}", variant)
            if not other.is_file():
                raise Trouble(f"{file}:{number}: there is no {other}")
            asked.update(read(other, variant))
        elif match := SET.match(line):
            asked[match[1]] = match[2]
        elif match := UNSET.match(line):
            asked[match[1]] = "n"
        elif line and not line.startswith("#"):
            raise Trouble(f"{file}:{number}: '{line}' is no option; write CONFIG_X=y, "
                          "'# CONFIG_X is not set', or a comment")
    return asked


def as_text(asked):
    """Return options as the text of a .config."""
    return "".join(f"# {name} is not set\n" if value == "n" else f"{name}={value}\n"
                   for name, value in asked.items())


def refused(asked, config):
    """Return the names of the options that the .config file config has otherwise than asked."""
    granted = {}
    for line in pathlib.Path(config).read_text(encoding="utf-8").splitlines():
        if match := SET.match(line):
            granted[match[1]] = match[2]
    return [name for name, value in asked.items() if granted.get(name, "n") != value]


def differences(one, other):
    """Return the options, sorted, that two texts of .config do not agree on."""
    option = re.compile(r"^(?:# )?(CONFIG_\w+)(?:=(.*)| is not set)$", re.M)
    first, second = (dict(option.findall(text)) for text in (one, other))
    return sorted(name for name in first.keys() | second.keys()
                  if first.get(name, "") != second.get(name, ""))
