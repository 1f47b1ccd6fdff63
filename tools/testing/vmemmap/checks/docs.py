# SPDX-License-Identifier: GPL-2.0
"""The documents of this series, and the comments they show, build without a warning."""
import shutil

import docs
from bench import Skipped


def check(bench):
    """Build them as `make docs` does."""
    if not shutil.which("sphinx-build"):
        raise Skipped("sphinx-build is not installed (package python3-sphinx)")
    if not docs.documents():
        raise Skipped("there is no document yet")
    docs.build(bench.build, bench.tree())
    return f"{len(docs.documents())} documents"
