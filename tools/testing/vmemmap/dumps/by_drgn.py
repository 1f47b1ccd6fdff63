# SPDX-License-Identifier: GPL-2.0
"""What drgn finds in a dump: pages.py asks it."""
import json
import pathlib

from dumps import programs
from dumps.facts import KPF_ANON, KPF_LRU
from toolbox import Trouble, write_whole

_SCRIPT = pathlib.Path(__file__).with_name("pages.py")


def _page_problems(facts, page, seen):
    """Yields what is wrong with one page that the script tells of."""
    address = facts.struct_at(page.pfn)
    for who in ("address", "helper"):
        if facts.memmap and seen[who] not in (address, None):
            yield (f"pfn {page.pfn:#x}: the struct page is at {seen[who]:#x}, but the guest has it "
                   f"at {address:#x}")
    if not seen["address"]:
        yield f"pfn {page.pfn:#x}: there is no struct page"
        return
    told = {"index": page.index, "mapcount": page.mapcount, "lru": bool(page.flags >> KPF_LRU & 1),
            "anon": bool(page.flags >> KPF_ANON & 1)}
    for name, value in told.items():
        if seen[name] != value:
            yield f"pfn {page.pfn:#x}: {name} is {seen[name]}, but was {value} in the guest"


def compare(facts, answer):
    """Returns problems with the struct pages of a dump, as lines.  answer: from ask()."""
    problems = [problem for page, seen in zip(facts.pages, answer["pages"], strict=True)
                for problem in _page_problems(facts, page, seen)]
    if answer["counts"]["pages"] != facts.counts["pages"]:
        problems.append(f"{answer['counts']['pages']} struct pages, but the guest had "
                        f"{facts.counts['pages']}")
    for name in ("free", "lru", "anon", "slab"):
        problems += facts.compare(name, answer["counts"][name])
    return problems


def compare_words(facts, words):
    """Returns problems with the pages that the guest filled.  words: {pfn: word or None}."""
    return [f"pfn {page.pfn:#x}: it does not hold what the guest filled it with"
            for page in facts.pages if words.get(page.pfn) != page.mark]


def ask(case, name, dump=""):
    """Returns what pages.py answers, a dict; "words" as {pfn: word or None}.

    case: what is looked at; name: of the log; dump: instead of the case's.  Raises Trouble.
    """
    question = case.scratch("question")
    known = [page.pfn for page in case.facts.pages]
    pfns = [*known, *case.facts.free]
    write_whole(question, json.dumps({"pages": known, "words": pfns, "info": case.info}))
    words = [*programs.command(case.build, case.arch, "drgn"), "-q", "-c", dump or case.dump,
             "-s", case.vmlinux, str(_SCRIPT), question]
    text = programs.run(words, case.log(name))
    try:
        answer = json.loads(text.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Trouble(f"drgn gives no answer, see {case.log(name)}") from None
    return {**answer, "words": dict(zip(pfns, answer["words"], strict=True))}


def check(case):
    """Returns problems as lines: where drgn finds something else than the guest had."""
    answer = ask(case, "drgn")
    return compare(case.facts, answer) + compare_words(case.facts, answer["words"])
