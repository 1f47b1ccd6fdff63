# SPDX-License-Identifier: GPL-2.0
"""Writes cpio archives in the "newc" format that the kernel unpacks as initramfs.

Owner, times and inode numbers are fixed, so the same content gives the same bytes; device
nodes are only written down, so nobody has to be root.
"""
import stat

_TRAILER = "TRAILER!!!"


class Archive:
    """An archive that is put together in memory."""

    def __init__(self):
        self._parts = []
        self._names = set()

    def _add(self, name, mode, data=b"", device=(0, 0), links=1):
        encoded = name.encode() + b"\0"
        number = 0 if name == _TRAILER else len(self._names) + 1
        fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self._parts.append(header + b"\0" * (-len(header) % 4) + data + b"\0" * (-len(data) % 4))
        self._names.add(name)

    def _parents(self, name):
        path = ""
        for part in name.split("/")[:-1]:
            path = f"{path}/{part}" if path else part
            self.folder(path)

    def folder(self, name, mode=0o755):
        """Adds a folder unless it is there.  Names have no leading slash."""
        if name not in self._names:
            self._parents(name)
            self._add(name, stat.S_IFDIR | mode, links=2)

    def file(self, name, data, mode=0o755):
        """Adds a file with these bytes, and the folders that it lies in."""
        self._parents(name)
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        """Adds a symbolic link."""
        self._parents(name)
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def node(self, name, major, minor, mode=0o600):
        """Adds a character device."""
        self._parents(name)
        self._add(name, stat.S_IFCHR | mode, device=(major, minor))

    def bytes(self):
        """Returns the whole archive."""
        end = Archive()
        end._add(_TRAILER, 0)
        data = b"".join(self._parts + end._parts)
        return data + b"\0" * (-len(data) % 512)
