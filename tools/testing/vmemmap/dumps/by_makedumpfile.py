# SPDX-License-Identifier: GPL-2.0
"""What makedumpfile leaves out of a dump; drgn tells what is still there then."""
import os
import re

from dumps import by_drgn, programs

_MAP = re.compile(r"^mem_map\[ *\d+\] +([0-9a-f]+) +([0-9a-f]+) +([0-9a-f]+) *$", re.M)
_COUNT = re.compile(r"^ *(\w[\w -]*?) *: 0x([0-9a-f]{16}) *$", re.M)

# Levels of -d
_ZERO, _ALL = 1, 31


def parse(text):
    """Returns ([(first pfn, pfn after the last, address of the first struct page)], {what: pages})
    of what makedumpfile printed.
    """
    text = text.replace("\r", "\n")
    maps = [(int(start, 16), int(end, 16), int(address, 16))
            for address, start, end in _MAP.findall(text)]
    return ([one for one in maps if one[2]],
            {name: int(number, 16) for name, number in _COUNT.findall(text)})


def _filter(case, level):
    """Returns (maps, counts, drgn's answer) of a dump that is filtered at a level of -d."""
    path = case.scratch(f"filtered-{level}")
    if os.path.exists(path):
        os.remove(path)
    words = [*programs.command(case.build, case.arch, "makedumpfile"), "-D",
             "--message-level", "31", "-c", "-d", str(level), case.dump, path]
    maps, counts = parse(programs.run(words, case.log(f"makedumpfile-{level}")))
    answer = by_drgn.ask(case, f"makedumpfile-{level}-drgn", path)
    os.remove(path)
    return maps, counts, answer


def _counted(facts, counts, name, what):
    if what not in counts:
        return [f"does not count {what}"]
    return facts.compare(name, counts[what])


def check(case):
    """Returns problems as lines: where makedumpfile finds something else than the guest had."""
    facts = case.facts
    _, counts, answer = _filter(case, _ZERO)
    problems = by_drgn.compare_words(facts, answer["words"])
    if not counts.get("Pages filled with zero") or counts.get("Free pages"):
        problems.append("does not leave out pages of zeroes, or leaves out others")
    maps, counts, answer = _filter(case, _ALL)
    problems += [f"pfn {pfn:#x} is in the dump without users' and free pages"
                 for pfn, word in answer["words"].items() if word is not None]
    return (problems + by_drgn.compare(facts, answer) + facts.compare_maps(maps)
            + _counted(facts, counts, "free", "Free pages")
            + _counted(facts, counts, "anon", "User process data pages"))
