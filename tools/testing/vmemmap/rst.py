# SPDX-License-Identifier: GPL-2.0
"""Writes parts of documents: tables that a tool has measured, and how to measure them again."""
import shlex
import textwrap


HEAD = ".. SPDX-License-Identifier: GPL-2.0\n.. Written by a program, not to be edited.\n\n"


def made_by(command):
    """Returns the head of a file: the command, a list of words, that has made what follows."""
    lines = textwrap.wrap(shlex.join(command), 88, break_long_words=False, break_on_hyphens=False)
    return HEAD + "Made by::\n\n\t" + " \\\n\t\t".join(lines)


def table(head, rows):
    """Returns a simple table.

    head: words for each column; rows: lists of strings, numbers among them to the right.  The
    first cell of a row must not be empty, as the row would continue the one before.
    """
    split = [_two_lines(words) for words in head]
    widths = [max([len(line) for line in split[i]] + [len(row[i]) for row in rows])
              for i in range(len(head))]
    edge = "  ".join("=" * width for width in widths)
    heads = [[words[line] for words in split] for line in range(2)]
    lines = [_line(cells, widths) for cells in heads if any(cells)]
    return "\n".join([edge, *lines, edge, *(_line(row, widths) for row in rows), edge])


def _two_lines(words):
    first, _, rest = words.partition(" ")
    return first, rest


def _line(cells, widths):
    return "  ".join(cell.rjust(width) if cell.replace(".", "", 1).isdigit() or cell == "-"
                     else cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
