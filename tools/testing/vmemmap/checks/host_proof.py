# SPDX-License-Identifier: GPL-2.0
"""The arithmetic on addresses stays in its bounds for all values, in each geometry."""
import concurrent.futures
import os

import hostfuzz
import hostproof
import symbolic
from bench import Failed


def _prove(bench, geometry):
    try:
        return hostproof.prove(bench.build, bench.tree(), geometry)
    except symbolic.Refuted as reason:
        raise Failed(f"{geometry}: {reason}") from None


def check(bench):
    """Prove what host/proof.c says."""
    names = hostfuzz.geometries()
    with concurrent.futures.ThreadPoolExecutor(bench.jobs or os.cpu_count()) as pool:
        count = sum(pool.map(lambda name: _prove(bench, name), names))
    return f"{count} statements, {len(names)} geometries"
