# SPDX-License-Identifier: GPL-2.0
"""What the compiler makes of it (statics).

Nothing is executed for this. A conversion is a function of its own, compiled as the kernel is and
linked; its instructions and those that read memory are counted in all paths together, without what
returns or does nothing. Text is what `size` calls so: with constants, and with what is freed after
boot. Functions that call conversions are compared by the kernel's bloat-o-meter: it tells what grew or
shrank, also because a function has become part of another one.
"""
import functools

import archdata
import statics
from count import change
from measure_plan import Point, built

PLACE = 10
UNBOOTED = True                         # nothing is booted for this
TOP = 8                                 # functions that changed most, for each model


def _models(group):
    """Returns the models of a group that have a kernel of their own."""
    places = {}
    for model in group.models:
        places.setdefault(model.kernel.where, model)
    return list(places.values())


def _groups(plan):
    """Returns {group's name: (Group, name of an earlier group with the same kernels or None)}."""
    seen, found = {}, {}
    for group in plan.compiled:
        kernels = tuple(model.kernel.where for model in _models(group))
        found[group.name] = (group, seen.get(kernels))
        seen.setdefault(kernels, group)
    return found


def _name(group, model):
    return f"{group.name} {model.name}"


def _peer(group, model):
    """Returns the model that a model is compared with beside the first one, or None."""
    peer = group.peers.get(model.name)
    return next((one for one in group.models if one.name == peer), None)


def _measure(group, model):
    arch = group.arch.name
    first = statics.built(group.models[0].kernel, arch)
    kernel = statics.built(model.kernel, arch)
    figures = statics.figures(model.kernel.label, kernel)
    peer = _peer(group, model)
    return {"text": figures.text, "conversions": figures.conversions,
            "functions": statics.compare(statics.built(peer.kernel, arch), kernel) if peer else None,
            "changes": statics.grown(first, kernel) if model is not group.models[0] else []}


def points(plan):
    """Returns a Point for each kernel."""
    found = []
    for group, same in _groups(plan).values():
        if same:
            continue
        key = statics.key(archdata.load(group.arch.name))
        first = built(group.models[0].kernel)
        for model in _models(group):
            peer = _peer(group, model)
            inputs = {"key": key, "first": first, "peer": built(peer.kernel) if peer else None}
            found.append(Point(_name(group, model), functools.partial(_measure, group, model),
                               inputs, model.kernel))
    return found


def report(page, plan, results):
    """Writes the tables and plots of what has been found."""
    for group, same in _groups(plan).values():
        page.text(f"### {group.title}")
        if same:
            page.text(f"The kernels are those of {same.title}.")
            continue
        found = {model: results[_name(group, model)] for model in _models(group)
                 if _name(group, model) in results}
        if not found:
            page.text("Not measured.")
            continue
        page.comparison(group, _rows(found))
        for model, one in found.items():
            if one["functions"]:
                size, larger, others = one["functions"]
                page.text(f"{model.label} against {_peer(group, model).label}: {larger:+d} bytes "
                          f"({change(size, size + larger)} %) in the functions that both have, "
                          f"{others:+d} in those that one of them has.")
        _plot(page, group, found)
        _changes(page, group, found)


def _rows(found):
    rows = {"text, bytes": {model.name: one["text"] for model, one in found.items()}}
    for name in statics.CONVERSIONS.values():
        for number, what in enumerate(("instructions", "loads")):
            rows[f"{name} {what}"] = {model.name: one["conversions"][name][number]
                                      for model, one in found.items()}
    return rows


def _changes(page, group, found):
    changes = {model: dict(one["changes"]) for model, one in found.items() if one["changes"]}
    if not changes:
        return
    names = {name for one in changes.values() for name in list(one)[:TOP]}
    order = sorted(names, key=lambda name: (-max(abs(one.get(name, 0)) for one in changes.values()),
                                            name))
    page.text(f"Functions that changed most, bytes more than with {group.models[0].label}:")
    page.table(["", *(model.label for model in changes)],
               [[f"`{name}`", *(f"{one[name]:+d}" if name in one else "0"
                                for one in changes.values())] for name in order])


def _plot(page, group, found):
    names = list(statics.CONVERSIONS.values())
    width = 0.8 / len(found)
    with page.figure(f"statics-{group.name}",
                     f"Instructions of conversions, {group.title}") as axes:
        for number, (model, one) in enumerate(found.items()):
            axes.bar([place + number * width for place in range(len(names))],
                     [one["conversions"][name][0] for name in names], width, label=model.label)
        axes.set_xticks([place + 0.4 - width / 2 for place in range(len(names))], names)
        axes.set_ylabel("instructions")
        axes.legend()
