# SPDX-License-Identifier: GPL-2.0
"""The memmap's files keep to a plain model in user space, whatever is added, removed or fails."""
import hostfuzz
from bench import first

# A minute's worth; `make fuzz` has an hour
INPUTS = 300


def check(bench):
    """Fuzz every geometry with the same inputs each time; 95 % of lines or a reason."""
    names = hostfuzz.geometries()
    tried = hostfuzz.run_all(bench.build, bench.tree(), names, f"-runs={INPUTS}", False, bench.jobs)
    complaints, percent = hostfuzz.told(bench.build, bench.tree(), names)
    log = bench.log("host-fuzz")
    log.write_text("".join(f"{text}\n" for text in complaints), encoding="utf-8")
    first(complaints, log)
    return f"{sum(tried.values())} inputs, {len(names)} geometries, {percent:.1f} % of lines"
