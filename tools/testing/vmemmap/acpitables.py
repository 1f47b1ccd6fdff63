# SPDX-License-Identifier: GPL-2.0
"""Writes the ACPI tables of NUMA nodes, SRAT and SLIT, for firmware that knows of one node only.

Checksums are left to who puts the tables in place.
"""
import struct

from toolbox import Trouble

ENABLED = 1
HERE, THERE = 10, 20


def ranges(sizes, ram):
    """Divides RAM among nodes.

    sizes: bytes of each node, in order; ram: [start, end] of each piece of address space that the
    emulator fills with RAM, in that order; an end of 0 is none.  Returns [(node, start, size)].
    Raises Trouble where RAM does not suffice.
    """
    found = []
    pieces = iter(ram)
    start, end = next(pieces)
    for node, size in enumerate(sizes):
        while size:
            if end and start == end:
                try:
                    start, end = next(pieces)
                except StopIteration:
                    raise Trouble("the nodes have more memory than the machine has room "
                                  "for") from None
            part = min(size, end - start) if end else size
            found.append((node, start, part))
            start += part
            size -= part
    return found


def _table(name, body):
    return struct.pack("<4sIBB6s8sI4sI", name, 36 + len(body), 1, 0, b"LINUX ", b"VMEMMAP ", 1,
                       b"TEST", 1) + body


def srat(nodes, ram):
    """Returns the bytes of the table that says which node memory and CPUs are on.

    nodes: guest.Node each; ram: as for ranges().  A CPU's number is its local SAPIC's id.
    """
    body = struct.pack("<IQ", 1, 0)
    for node, start, size in ranges([node.memory for node in nodes], ram):
        body += struct.pack("<BBIHQQIIQ", 1, 40, node, 0, start, size, 0, ENABLED, 0)
    for number, node in enumerate(nodes):
        for cpu in node.cpus:
            body += struct.pack("<BBBBIB7x", 0, 16, number, cpu, ENABLED, 0)
    return _table(b"SRAT", body)


def slit(count):
    """Returns the bytes of the table that says how far count nodes are from each other."""
    body = struct.pack("<Q", count)
    body += bytes(HERE if one == other else THERE
                  for one in range(count) for other in range(count))
    return _table(b"SLIT", body)
