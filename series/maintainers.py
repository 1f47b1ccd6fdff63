# SPDX-License-Identifier: GPL-2.0
"""Puts this series' entries of MAINTAINERS among those of the base."""
import re

# The base's list begins behind a line of dashes after its last introductory heading.
LIST = re.compile(r"\nMaintainers List\n-+\n.*?\n\n(?=[A-Z0-9])", re.DOTALL)


def merge(base, ours):
    """Return the text of the base's MAINTAINERS with the entries of ours in alphabetical order.

    base, ours: texts; entries are parted by an empty line. Raises ValueError when base has no
    list of maintainers.
    """
    start = LIST.search(base)
    if not start:
        raise ValueError("no 'Maintainers List' in the base's MAINTAINERS")
    entries = base[start.end():].rstrip("\n").split("\n\n")
    for entry in ours.strip("\n").split("\n\n"):
        title = entry.split("\n", 1)[0]
        # The base's list is not quite sorted: stand before the last run of greater titles.
        # THE REST is last whatever its letter.
        place = len(entries) - 1
        while place and entries[place - 1].lstrip("\n").split("\n", 1)[0] > title:
            place -= 1
        entries.insert(place, entry)
    return base[:start.end()] + "\n\n".join(entries) + "\n"
