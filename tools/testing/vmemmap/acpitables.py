# SPDX-License-Identifier: GPL-2.0
"""Writes the ACPI tables of NUMA nodes, SRAT and SLIT, for firmware that knows of one node only.

Checksums are left to who puts the tables in place.
"""
import struct

from ram import ranges

ENABLED = 1
HERE, THERE = 10, 20


def _table(name, body):
    return struct.pack("<4sIBB6s8sI4sI", name, 36 + len(body), 1, 0, b"LINUX ", b"VMEMMAP ", 1,
                       b"TEST", 1) + body


def srat(nodes, places):
    """Returns the bytes of the table that says which node memory and CPUs are on.

    nodes: guest.Node each; places: where RAM lies, as ram.py has it.  A CPU's number is its local SAPIC's id.
    """
    body = struct.pack("<IQ", 1, 0)
    for node, start, size in ranges([node.memory for node in nodes], places):
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
