# SPDX-License-Identifier: GPL-2.0
"""The series' report as an external module, for a kernel that does not have it built in."""
import hashlib
import pathlib

import layout
from toolbox import write_whole

FOLDER = "vmemmap-report"
RECIPE = layout.BED / "report-module"


def sources():
    """Return the files that the module is made of, as {path beside the Kbuild file: bytes}.

    It is empty while the repository has none of them.
    """
    found = {}
    for name in (RECIPE / "files").read_text(encoding="utf-8").splitlines():
        if name and not name.startswith("#") and (layout.TOP / name).is_file():
            found[name] = (layout.TOP / name).read_bytes()
    if found:
        found.update((file.name, file.read_bytes())
                     for file in (RECIPE / "Kbuild", *sorted(RECIPE.glob("*.h"))))
    return found


def key():
    """Return a digest of all that the module is made of."""
    return hashlib.sha256(repr(sorted(sources().items())).encode()).hexdigest()


def wanted(out):
    """Say whether the kernel configured in the O= folder out takes the module."""
    config = (pathlib.Path(out) / ".config").read_text(encoding="utf-8").splitlines()
    return ("CONFIG_MODULES=y" in config and "CONFIG_DEBUG_FS=y" in config
            and "CONFIG_SPARSEMEM=y" in config and "CONFIG_VMEMMAP_REPORT=y" not in config
            and bool(sources()))


def lay_out(out):
    """Write the module's sources below out, only those that differ, and return their folder."""
    folder = pathlib.Path(out) / FOLDER
    for name, data in sources().items():
        file = folder / name
        if not file.exists() or file.read_bytes() != data:
            write_whole(file, data)
    return folder
