# SPDX-License-Identifier: GPL-2.0
"""Reads the steps of the series: one patch file, one commit, one mail."""
import dataclasses
import pathlib
import re

from toolbox import Trouble

TOP = pathlib.Path(__file__).resolve().parent.parent
PATCHES = "series/patches"


@dataclasses.dataclass
class Step:
    """One step: its patch file, author, subject, message body, files to copy, and the diff."""

    file: pathlib.Path
    author: str
    subject: str
    body: str
    adds: list
    diff: str

    def message(self):
        """Return the commit message, signed by the author unless somebody signed already."""
        text = f"{self.subject}\n\n{self.body}\n" if self.body else f"{self.subject}\n"
        if "\nSigned-off-by: " not in text:
            last = text.rstrip("\n").rpartition("\n")[2]
            gap = "" if re.match(r"[A-Z][a-z]+(-[a-z]+)+: ", last) else "\n"
            text += f"{gap}Signed-off-by: {self.author}\n"
        return text


def read_author(top=TOP):
    """Return "Name <address>" of the series' author, from the head of series/cover-letter."""
    head = (pathlib.Path(top) / "series/cover-letter").read_text(encoding="utf-8")
    match = re.match(r"From: (.+ <.+@.+>)\n", head)
    if not match:
        raise Trouble("series/cover-letter must begin with a line 'From: Name <address>'")
    return match[1]


def read_step(file, author):
    """Return the Step in a patch file; author signs it unless it has a From: of its own.

    Raises Trouble naming the file and what its head lacks.
    """
    file = pathlib.Path(file)
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    head, found, diff = ("\n" + text).partition("\n---\n")
    if not found:
        raise Trouble(f"{file}: no line '---' between the message and the changes")
    subject, adds, body = "", [], []
    lines = iter(head.lstrip("\n").split("\n"))
    for line in lines:
        if line.startswith("From: "):
            author = line.removeprefix("From: ").strip()
        elif line.startswith("Subject: "):
            subject = line.removeprefix("Subject: ").strip()
        elif not line.strip():
            break
        else:
            raise Trouble(f"{file}: '{line}' before the first empty line; "
                          "only From: and Subject: stand there")
    for line in lines:
        if line.startswith("Adds: "):
            adds += line.removeprefix("Adds: ").split()
        else:
            body.append(line)
    if not subject:
        raise Trouble(f"{file}: no Subject: line")
    if not re.fullmatch(r".+ <.+@.+>", author):
        raise Trouble(f"{file}: From: must read 'Name <address>'")
    # only files may follow; a step without hooks ends at the line
    if not re.search(r"^(--- |diff )", diff, re.M):
        if diff.strip():
            raise Trouble(f"{file}: text after '---' that is no diff")
        diff = ""
    return Step(file, author, subject, "\n".join(body).strip("\n"), adds, diff)


def read_series(top=TOP):
    """Return the Steps that series/patches/series lists, in order; none if there is no list.

    Raises Trouble for a listed file that is absent and for a patch that nobody lists.
    """
    folder = pathlib.Path(top) / PATCHES
    listing = folder / "series"
    if not listing.exists():
        return []
    author = read_author(top)
    names = [line.split("#")[0].strip() for line in listing.read_text().splitlines()]
    names = [name for name in names if name]
    for name in names:
        if not (folder / name).is_file():
            raise Trouble(f"{listing} lists {name}, which is not there")
    loose = {file.name for file in folder.glob("*.patch")} - set(names)
    if loose:
        raise Trouble(f"{PATCHES}/{sorted(loose)[0]} is not listed in {PATCHES}/series")
    return [read_step(folder / name, author) for name in names]
