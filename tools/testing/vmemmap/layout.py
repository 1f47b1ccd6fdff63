# SPDX-License-Identifier: GPL-2.0
"""Where everything lies: this repository's own folders, and what is made under build/."""
import pathlib
import sys

BED = pathlib.Path(__file__).resolve().parent
TOP = BED.parents[2]
SERIES = TOP / "series"
CONFIGS = BED / "configs"
ARCHES = BED / "arch"

# the composing tools are used by the test bed, never the other way round
if str(SERIES) not in sys.path:
    sys.path.insert(0, str(SERIES))
# sources are also read-only input (git clean, packages): leave no caches in them
sys.dont_write_bytecode = True


def bases(build):
    """Return the folder that holds one folder for each base version."""
    return pathlib.Path(build).resolve() / "base"


def tarball(build, version):
    """Return where the source tarball of a base version is kept."""
    return bases(build) / version / "linux-source-6.1.tar.xz"


def kernel(build, version, variant, arch, config):
    """Return the O= folder of one kernel."""
    return pathlib.Path(build).resolve() / "kernels" / version / variant / arch / config


def toolchain(build, arch):
    """Return the folder of a cross compiler that is built here."""
    return pathlib.Path(build).resolve() / "toolchains" / arch


def log(build, name):
    """Return the path of a log, its folder made."""
    path = pathlib.Path(build).resolve() / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def ccache(build):
    """Return the folder of the compiler cache that all kernels share."""
    return pathlib.Path(build).resolve() / "ccache"
