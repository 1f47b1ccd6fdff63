# SPDX-License-Identifier: GPL-2.0
"""Reads what is known about an architecture: one data file for each, by name.

arch/NAME.toml is an architecture of this series; arch/compile/NAME.toml is another one that
only has to go on compiling.
"""
import platform
import tomllib

import layout
from toolbox import Trouble

COMPILE_ONLY = layout.ARCHES / "compile"


def known(folder=layout.ARCHES):
    """Return the names of the architectures that have a data file in folder, in order."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def natural_order():
    """Return the names of this series' architectures, this machine's own first."""
    return sorted(known(), key=lambda name: platform.machine() != load(name)["kernel"]["native"])


def load(name, folder=layout.ARCHES):
    """Return the data of an architecture, by its name or an alias, as a dict.

    data["name"] is the name proper, data["cross"] the compiler prefix needed on this machine.
    Raises Trouble for an architecture without a data file in folder.
    """
    for candidate in known(folder):
        with open(folder / f"{candidate}.toml", "rb") as handle:
            data = tomllib.load(handle)
        if name == candidate or name in data.get("aliases", []):
            data["name"] = candidate
            native = platform.machine() == data["kernel"].get("native")
            data["cross"] = "" if native else data["kernel"]["cross_compile"]
            return data
    raise Trouble(f"ARCH={name} is not among the architectures of this series: "
                  f"{', '.join(known(folder))}")
