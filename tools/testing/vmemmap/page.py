# SPDX-License-Identifier: GPL-2.0
"""The report of `make bench`: a Markdown page with tables, and figures beside it."""
import contextlib
import os

from count import change
from toolbox import Trouble, write_whole


class Page:
    """One Markdown page. Figures are saved to its folder's figures/, as SVG and PNG."""

    def __init__(self, folder):
        """folder: where report.md and figures/ go; made if it is not there."""
        self.folder = folder
        self._blocks = []

    def text(self, markdown):
        """Adds a paragraph, or any block of Markdown."""
        self._blocks.append(markdown.strip())

    def table(self, head, rows):
        """Adds a table.

        head: titles.  rows: lists of as many strings.  The first column is aligned left, others
        right.  Raises ValueError for a row of another length.
        """
        for row in rows:
            if len(row) != len(head):
                raise ValueError(f"{len(row)} cells under {len(head)} titles: {row}")
        cells = [[str(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
        widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(head))]
        lines = ["| " + " | ".join([row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]) + " |"
            for row in cells]
        rule = [":" + "-" * (widths[0] - 1)] + ["-" * (width - 1) + ":" for width in widths[1:]]
        lines.insert(1, "| " + " | ".join(rule) + " |")
        self._blocks.append("\n".join(lines))

    def comparison(self, group, rows, digits=0):
        """Adds a table that compares the models of a group as the seeds of the series do.

        group: a measure_plan.Group, whose first model is what the others are compared with.
        rows: {name: {name of a model: number}}; what was not measured may be absent or None.
        digits: after the point.  Models of which there is no number at all are left out.
        """
        models = [model for model in group.models
                  if any(row.get(model.name) is not None for row in rows.values())]
        if not models:
            self.text("Nothing of this was measured.")
            return
        first = group.models[0].name
        labels = {model.name: model.label for model in models}
        head = ["", models[0].label]
        for model in models[1:]:
            head += [model.label, "% change (-ve good)"]
            if group.peers.get(model.name) in labels:
                head.append(f"% against {labels[group.peers[model.name]]}")
        body = []
        for name, row in rows.items():
            line = [name, number(row.get(models[0].name), digits)]
            for model in models[1:]:
                mine = row.get(model.name)
                line += [number(mine, digits), change(row.get(first), mine)]
                if group.peers.get(model.name) in labels:
                    line.append(change(row.get(group.peers[model.name]), mine))
            body.append(line)
        self.table(head, body)

    @contextlib.contextmanager
    def figure(self, name, title="", size=(7, 4)):
        """Gives matplotlib Axes to draw on; the figure is saved and shown on the page.

        name: of the files.  title: also what a reader without pictures gets.  size: in inches.
        Raises Trouble if matplotlib is not installed.
        """
        try:
            import matplotlib
        except ImportError:
            raise Trouble("matplotlib is not installed; as root: apt-get install "
                          "python3-matplotlib") from None
        matplotlib.use("Agg")
        from matplotlib import pyplot
        # the same figures give the same file; its text is text, which takes less and can be found
        matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none"})
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        yield axes
        if title:
            figure.suptitle(title, fontsize="medium")
        folder = os.path.join(self.folder, "figures")
        os.makedirs(folder, exist_ok=True)
        for kind, more in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 120})):
            figure.savefig(os.path.join(folder, f"{name}.{kind}"), **more)
        pyplot.close(figure)
        self._blocks.append(f"![{title or name}](figures/{name}.svg)")

    def changes(self, name, title, plan, figure):
        """Draws how much each model differs from the first of its group, as bars.

        name, title: as of figure().  plan: a measure_plan.Plan.  figure(group, model) returns a
        number, or None where nothing was measured.  Without numbers nothing is drawn.
        """
        bars = []
        colors = {}
        for group in plan.groups:
            first = figure(group, group.models[0])
            for model in group.models[1:]:
                other = figure(group, model)
                if first and other is not None:
                    color = colors.setdefault(model.name, f"C{len(colors) + 1}")
                    bars.append((f"{group.title}: {model.label}", (other - first) * 100 / first,
                                 color))
        if not bars:
            return
        with self.figure(name, title, (8, 1 + 0.28 * len(bars))) as axes:
            labels, values, colors = zip(*bars)
            axes.bar_label(axes.barh(labels, values, color=colors), fmt="%+.2f", padding=2,
                           fontsize="small")
            axes.margins(x=0.15)
            axes.invert_yaxis()
            axes.axvline(0, color="black", linewidth=0.8)
            axes.set_xlabel("% change (-ve good)")

    def write(self):
        """Writes report.md and returns its path."""
        path = os.path.join(self.folder, "report.md")
        write_whole(path, "\n\n".join(self._blocks) + "\n")
        return path


def number(value, digits=0):
    """Returns a number as text, with that many digits after the point; "-" for None."""
    return "-" if value is None else f"{value:.{digits}f}"
