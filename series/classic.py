# SPDX-License-Identifier: GPL-2.0
"""The first step of the series: the base without its own virtual memmap, made mechanically."""
import pathlib
import subprocess
import tempfile

from toolbox import need

OPTION = "CONFIG_SPARSEMEM_VMEMMAP"
FOLDERS = ("mm", "include", "fs/proc", "arch/x86", "arch/powerpc", "arch/ia64")
IMPLEMENTATION = "mm/sparse-vmemmap.c"


def take_out(store, index, base):
    """Change index from base to base without what OPTION guards; Kconfig is left to a patch.

    Raises Trouble if unifdef is absent or cannot read a file.
    """
    need("unifdef", "unifdef")
    store.git("update-index", "--force-remove", IMPLEMENTATION, index=index)
    listing = store.git("grep", "-lw", OPTION, base, "--", *FOLDERS)
    names = [line.partition(":")[2] for line in listing.splitlines()]
    names = [name for name in names if name.endswith((".c", ".h", ".S"))]
    with tempfile.TemporaryDirectory(dir=store.path, prefix="unifdef-") as folder:
        for name in names:
            if name == IMPLEMENTATION:
                continue
            copy = pathlib.Path(folder) / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(store.read(base, name))
            mode = store.git("ls-tree", base, name)
            copy.chmod(0o755 if mode.startswith("100755") else 0o644)
            _unifdef(copy)
            store.add_file(index, name, copy)


def _unifdef(file):
    done = subprocess.run(["unifdef", f"-U{OPTION}", "-m", file], capture_output=True, text=True)
    # 0: nothing to do, 1: changed
    if done.returncode not in (0, 1):
        raise RuntimeError(f"unifdef could not read {file}: {done.stderr.strip()}")
