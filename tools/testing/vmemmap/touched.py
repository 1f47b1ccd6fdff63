# SPDX-License-Identifier: GPL-2.0
"""The objects that the series changes something in, as targets for make."""
import re


def objects(bench):
    """Return the objects of the C and assembler files that the vmemmap tree changes or adds."""
    facts = bench.arch["kernel"]
    names = bench.changed(rf"^(mm|fs|kernel|drivers|net|arch/{facts['source']})/.*\.[cS]$")
    # what only another kind of processor compiles is other_arches' business
    return [re.sub(r"\.[cS]$", ".o", name) for name in names
            if not name.startswith(tuple(facts.get("elsewhere", ())))]


def buildable(kernel, names):
    """Return those of the objects that a configured kernel has: make would build others, too.

    names: as objects() returns them; a tree before the last step may lack some.
    """
    config = (kernel.out / ".config").read_text(encoding="utf-8")
    granted = set(re.findall(r"^(CONFIG_\w+)=[ym]$", config, re.M))
    wanted = []
    for name in names:
        source = kernel.tree / name
        if not any(source.with_suffix(suffix).is_file() for suffix in (".c", ".S")):
            continue
        folder, _, file = name.rpartition("/")
        recipe = (kernel.tree / folder / "Makefile").read_text(encoding="utf-8")
        if in_recipe(recipe.replace("\\\n", " "), file, granted):
            wanted.append(name)
    return wanted


def in_recipe(recipe, file, granted):
    """Return whether a folder's Makefile builds an object by itself.

    recipe: its text, with whole lines; granted: set of the options that are set.  What no recipe
    names is part of another file.
    """
    named = re.search(rf"^([\w-]+?)-(?:[yn]|objs|\$\((CONFIG_\w+)\))\s*[:+]?=.*"
                      rf"(?<![\w./-]){re.escape(file)}(?![\w.])", recipe, re.M)
    if not named or named[2] and named[2] not in granted:
        return False
    if named[1] in ("obj", "lib", "head", "extra"):
        return True
    # a list that another line takes in
    stem = re.escape(named[1])
    takes = re.search(rf"^obj-(?:y|\$\((CONFIG_\w+)\))\s*[:+]?=.*"
                      rf"(?:\$\({stem}-y\)|(?<![\w./-]){stem}\.o)", recipe, re.M)
    return bool(takes) and (not takes[1] or takes[1] in granted)
