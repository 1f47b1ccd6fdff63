# SPDX-License-Identifier: GPL-2.0
"""Where an emulator's RAM lies, for those that leave gaps for devices.

ram is always [start, end] of each piece of address space that is filled with RAM, in the order in
which it is filled; an end of 0 is none.
"""
from toolbox import Trouble


def ranges(sizes, ram):
    """Divides RAM; returns [(index of the size, start, bytes)].

    sizes: bytes of each part, in order.  Raises Trouble where RAM does not suffice.
    """
    found = []
    pieces = iter(ram)
    start, end = next(pieces)
    for index, size in enumerate(sizes):
        while size:
            if end and start == end:
                try:
                    start, end = next(pieces)
                except StopIteration:
                    raise Trouble("the guest has more memory than the machine has room "
                                  "for") from None
            part = min(size, end - start) if end else size
            found.append((index, start, part))
            start += part
            size -= part
    return found


def reach(start, size, ram):
    """Returns how much RAM there has to be for a range to be RAM.

    Raises Trouble where it can never be.
    """
    below = 0
    for first, last in ram:
        if start >= first and (not last or start + size <= last):
            return below + start + size - first
        below += last - first
    raise Trouble(f"there is no room for RAM at {start:#x}, {size:#x} bytes")
