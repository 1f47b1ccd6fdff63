# SPDX-License-Identifier: GPL-2.0
"""The series composes on the oldest 6.1.y point release that apt offers as well."""
import base
from bench import Skipped

import compose
from toolbox import Trouble


def check(bench):
    """Compose there; what does not apply is named with its base."""
    try:
        tarball = base.older(bench.build)
    except Trouble as trouble:
        raise Skipped(str(trouble)) from None
    if not tarball or tarball.parent.name == bench.version:
        raise Skipped("apt offers no other point release than the one under test")
    compose.compose(bench.build, tarball, tarball.parent.name)
    return tarball.parent.name
