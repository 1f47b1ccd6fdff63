#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes the series as mails: a cover letter and one numbered patch for each step.

mail.py --build DIR --base TARBALL [--version V]

`git am` of DIR/series/*.patch (the cover letter apart) onto the untouched base gives exactly
the composed tree.  The folder's path is printed.
"""
import argparse
import pathlib
import shutil
import sys

import compose
import steps
from toolbox import Trouble, run_tool, say

COVER = "0000-cover-letter.patch"


def read_cover(top=steps.TOP):
    """Return the cover letter as (subject, body); raises Trouble if it lacks one of them."""
    file = pathlib.Path(top) / "series/cover-letter"
    head, _, body = file.read_text(encoding="utf-8").partition("\n\n")
    subjects = [line.removeprefix("Subject: ") for line in head.split("\n")
                if line.startswith("Subject: ")]
    if len(subjects) != 1 or not body.strip():
        raise Trouble(f"{file}: one Subject: line, an empty line and a text are needed")
    return subjects[0].strip(), body.strip()


def write(series, folder, top=steps.TOP):
    """Write a compose.Series as mails into folder, replacing it, and return the patches' paths.

    The cover letter is folder/0000-cover-letter.patch and is not among what is returned.
    """
    folder = pathlib.Path(folder).resolve()
    subject, body = read_cover(top)
    scratch = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    branch = f"{series.version}/vmemmap"
    description = f"{subject}\n\n{body}\n\nBase: Debian linux-source-6.1 {series.version}\n"
    series.store.git("-c", f"branch.{branch}.description={description}", "format-patch", "-q",
                     "--numbered", "--cover-letter", "--cover-from-description=subject",
                     "--no-signature", "--zero-commit", "--no-renames", "--full-index",
                     "--stat=72", "-o", scratch, f"{series.base}..{branch}",
                     **_identity(series, steps.read_author(top)))
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)
    return [file for file in sorted(folder.glob("*.patch")) if file.name != COVER]


def _identity(series, author):
    name, _, address = author.removesuffix(">").rpartition(" <")
    when = series.store.git("show", "-s", "--format=%ct", series.tip("vmemmap")).strip()
    # the cover letter is from the author too, and is the same each time it is written
    return {"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address,
            "GIT_COMMITTER_DATE": f"{when} +0000"}


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    compose.base_arguments(parser)
    options = parser.parse_args()
    compose.check_base(options)
    series = compose.compose(options.build, options.base, options.version)
    folder = pathlib.Path(options.build).resolve() / "series"
    patches = write(series, folder)
    say(f"{len(patches)} patches and a cover letter against base {options.version}")
    print(folder)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    run_tool(main)
