# SPDX-License-Identifier: GPL-2.0
"""A part of a kernel that guests compile: sources, headers, and a Makefile.

All comes from a kernel that has been built here: the command lines and the lists of headers are
those that kbuild left in its .cmd files.
"""
import os
import re

import cpio
from toolbox import Trouble

TREE, OBJECTS = "/src", "/obj"      # where they are in the guest
# kbuild keeps it out of its lists, as all files depend on it
CONFIG = "include/generated/autoconf.h"
MAKEFILE = """# Written by compileset.py: what kbuild did for these objects.
objects := {objects}

all: built-in.a

built-in.a: $(objects)
	@echo '  AR      $@'; rm -f $@; /usr/bin/ar cDPrST $@ $(objects)

clean:
	@rm -f built-in.a $(objects) $(foreach o,$(objects),$(dir $o).$(notdir $o:.o=.d))

# whether all is there
check:
	@for object in built-in.a $(objects); do test -s $$object || exit 1; done

warm: {warm}

.PHONY: all clean check warm
{rules}"""


def read_cmd(text, name):
    """Returns (command, source, other files) that a .cmd file of kbuild's tells.

    text: of the file; name: of the object.  Paths are as kbuild wrote them; what follows the
    compiler's own command is left out.  Raises Trouble.
    """
    command = re.search(rf"^cmd_{re.escape(name)} := (.*)$", text, re.M)
    source = re.search(rf"^source_{re.escape(name)} := (\S+)$", text, re.M)
    files = re.search(rf"^deps_{re.escape(name)} := \\\n((?:.*\\\n)*)", text, re.M)
    if not command or not source or not files:
        raise Trouble(f"{name}: kbuild's .cmd file is not understood")
    return (command[1].partition(" ; ")[0].strip(), source[1],
            re.findall(r"^ {2}([^\s$]\S*)", files[1], re.M))


class CompileSet:
    """Objects of one kernel to be compiled again."""

    def __init__(self, tree, kernel, objects):
        """tree: the sources; kernel: the O= folder of a kernel built from them; objects: names.

        Raises Trouble.
        """
        self.tree = os.path.realpath(tree)
        self.kernel = os.path.realpath(kernel)
        self.objects = tuple(objects)
        self._units = {name: self._unit(name) for name in objects}

    def _unit(self, name):
        path = os.path.join(self.kernel, os.path.dirname(name), f".{os.path.basename(name)}.cmd")
        try:
            with open(path, encoding="utf-8") as file:
                return read_cmd(file.read(), name)
        except OSError as error:
            raise Trouble(f"{path}: {error.strerror}; that kernel has to be built, with "
                          f"{name}") from None

    def _place(self, path):
        """Returns where a file is in the guest."""
        whole = os.path.normpath(os.path.join(self.kernel, path))
        for ours, theirs in ((self.tree, TREE), (self.kernel, OBJECTS)):
            if whole.startswith(ours + "/"):
                return theirs + whole[len(ours):]
        raise Trouble(f"{path}: is neither in {self.tree} nor in {self.kernel}")

    def files(self):
        """Returns {place in the guest: path} of sources and headers."""
        return {self._place(path): os.path.join(self.kernel, path)
                for _, source, others in self._units.values() for path in (source, *others, CONFIG)}

    def makefile(self):
        """Returns the text of the guest's Makefile."""
        rules = []
        for name, (command, source, _) in self._units.items():
            # the compiler's name, maybe with a cache's before it
            words = re.sub(r"^(?:ccache )?\S*gcc ", "gcc ", command).replace(self.tree, TREE)
            rules.append(f"\n{name}: {self._place(source)}\n\t@echo '  CC      $@'; {words}\n")
        return MAKEFILE.format(objects=" ".join(self.objects), warm=self.objects[0],
                               rules="".join(rules))

    def units(self):
        """Returns a text with a line for each object: its name, its source, its headers."""
        return "".join(" ".join([name, *map(self._place, (source, *others))]) + "\n"
                       for name, (_, source, others) in self._units.items())

    def size(self):
        """Returns (lines of the sources, number of files with headers, their bytes)."""
        lines = 0
        for _, source, _ in self._units.values():
            with open(os.path.join(self.kernel, source), "rb") as file:
                lines += sum(1 for _ in file)
        files = self.files()
        return lines, len(files), sum(os.path.getsize(path) for path in files.values())

    def archive(self, more):
        """Returns the bytes of an archive for the guest.

        more: {place: bytes} of more files.
        """
        whole = cpio.Archive()
        for place, path in sorted(self.files().items()):
            with open(path, "rb") as file:
                whole.file(place.lstrip("/"), file.read(), 0o644)
        for name in self.objects:
            whole.folder(os.path.join(OBJECTS, os.path.dirname(name)).lstrip("/"))
        for place, data in more.items():
            whole.file(place.lstrip("/"), data, 0o644)
        return whole.bytes()
