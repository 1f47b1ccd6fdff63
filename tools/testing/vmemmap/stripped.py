# SPDX-License-Identifier: GPL-2.0
"""A kernel without debug information, for guests that load it: it would fill their memory."""
import os

import archdata
import layout  # noqa: F401  (finds toolbox)
from toolbox import lock, need, output


def image(arch, kernel_dir):
    """Returns the path of the image that guests load: what QEMU boots, a vmlinux stripped.

    arch: machine.Arch.  kernel_dir: the kernel's O= folder.  Raises Trouble.
    """
    whole = os.path.join(kernel_dir, arch.image)
    if os.path.basename(whole) != "vmlinux":
        return whole
    goal = whole + ".stripped"
    with lock(os.path.join(kernel_dir, ".stripped.lock")):
        if not os.path.exists(goal) or os.path.getmtime(goal) < os.path.getmtime(whole):
            prefix = archdata.load(arch.name)["cross"]
            output([need(f"{prefix}strip", "binutils"), "-g", whole, "-o", goal + ".new"])
            os.replace(goal + ".new", goal)
    return goal
