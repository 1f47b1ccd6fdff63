# SPDX-License-Identifier: GPL-2.0
"""ELF files of dumps: made of what QEMU writes what the tools take; and the note VMCOREINFO."""
import struct

from toolbox import Trouble

_HEAD = "16sHHIQQQIHHHHHH"
_SEGMENT = "IIQQQQQQ"
_NOTE = "<III"
_ORDERS = {b"\x01": "<", b"\x02": ">"}
PT_LOAD, PT_NOTE = 1, 4


def _read(file, path):
    """Returns (byte order, fields of the header, [fields of each program header]).

    Raises Trouble for another file.
    """
    file.seek(0)
    data = file.read(struct.calcsize("<" + _HEAD))
    order = _ORDERS.get(data[5:6])
    if data[:5] != b"\x7fELF\x02" or not order or len(data) < struct.calcsize("<" + _HEAD):
        raise Trouble(f"{path} is no dump: it is not an ELF file of 64 bits")
    head = list(struct.unpack(order + _HEAD, data))
    file.seek(head[5])
    data = file.read(head[9] * head[10])
    if not data or len(data) < head[9] * head[10]:
        raise Trouble(f"{path} is no dump: it has no program headers")
    return order, head, [list(fields) for fields in struct.iter_unpack(order + _SEGMENT, data)]


def _memory(file, segments, physical, size):
    for kind, _, offset, _, start, length, _, _ in segments:
        if kind == PT_LOAD and start <= physical and physical + size <= start + length:
            file.seek(offset + physical - start)
            return file.read(size)
    return b""


def memory(path, physical, size):
    """Returns bytes of the memory that was dumped, b"" where it is not in the dump.

    Raises Trouble.
    """
    with open(path, "rb") as file:
        return _memory(file, _read(file, path)[2], physical, size)


def tidy(path, vmcoreinfo=()):
    """Makes of QEMU's dump of a little-endian machine one that tools take, in place.

    vmcoreinfo: (physical address, bytes) of that note, for a dump without it, or ().

    Program headers go right behind the ELF header: QEMU 7.2 has section headers there, and
    makedumpfile (1.7.2 and all since) does not ask.  Headers become little endian; notes that
    are not, go: QEMU 7.2 takes pseries for big endian, whatever runs there.  Raises Trouble.
    """
    with open(path, "r+b") as file:
        order, head, segments = _read(file, path)
        loads = [one for one in segments if one[0] == PT_LOAD]
        _, _, at, _, _, room, _, _ = next((one for one in segments if one[0] == PT_NOTE), [0] * 8)
        file.seek(at)
        notes = file.read(room) if order == "<" else b""
        if vmcoreinfo and not any(name == b"VMCOREINFO" for name, _, _ in _notes(notes)):
            # what follows it is no note, which makedumpfile would not like
            found = _memory(file, loads, *vmcoreinfo)
            notes += found[:next((end for _, _, end in _notes(found)), 0)]
        # crash looks for notes in front of memory only
        at = file.seek(at) if len(notes) <= room else file.seek(0, 2)
        file.write(notes)
        segments = [[PT_NOTE, 0, at, 0, 0, len(notes), len(notes), 0], *loads]
        size = struct.calcsize("<" + _HEAD)
        head[0] = head[0][:5] + b"\x01" + head[0][6:]
        head[5:7] = size, 0
        head[10:14] = len(segments), 0, 0, 0
        data = struct.pack("<" + _HEAD, *head)
        data += b"".join(struct.pack("<" + _SEGMENT, *one) for one in segments)
        if len(data) > min((one[2] for one in loads), default=0):
            raise Trouble(f"{path}: there is no room for its program headers")
        file.seek(0)
        file.write(data)


def _notes(data):
    """Yields (name, body, where it ends) of each note."""
    at = 0
    while at + struct.calcsize(_NOTE) <= len(data):
        name_size, size, _ = struct.unpack_from(_NOTE, data, at)
        name = at + struct.calcsize(_NOTE)
        body = name + (name_size + 3 & ~3)
        at = body + (size + 3 & ~3)
        yield data[name:name + name_size].rstrip(b"\0"), data[body:body + size], at


def vmcoreinfo(path):
    """Returns what the note VMCOREINFO of a dump tells, a dict of strings; {} without such a note.

    Raises Trouble.
    """
    with open(path, "rb") as file:
        for kind, _, offset, _, _, size, _, _ in _read(file, path)[2]:
            if kind != PT_NOTE:
                continue
            file.seek(offset)
            for name, body, _ in _notes(file.read(size)):
                if name == b"VMCOREINFO":
                    lines = body.rstrip(b"\0").decode("ascii", "replace").splitlines()
                    return dict(line.split("=", 1) for line in lines if "=" in line)
    return {}
