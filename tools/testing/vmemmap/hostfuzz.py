#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Fuzzes the kernel's own files in user space, and tells how much of them was reached.

	hostfuzz.py --build BUILD --tree TREE [--seconds N] [--jobs N] [GEOMETRY...]

GEOMETRY is a host/geometry/GEOMETRY.h, all of them by default, between which the N seconds are
divided.  What libFuzzer finds to be worth while is kept in BUILD/host/corpus and is where the next
run goes on; an input that fails is BUILD/host/GEOMETRY/crash-*.

BUILD/host/coverage.txt has the lines and branches that were reached, and those that were not.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import shutil
import subprocess

import layout

from toolbox import Trouble, need, output, run_tool, say, write_whole

SOURCE = layout.BED / "host"
GAPS = SOURCE / "gaps"
SEEDS = 40
SEED_BYTES = (40, 90, 180)
# first bytes of an input, see choose_machine() of host/fuzz.c: MMU, levels, sizes of pages
MACHINES = (0, 1, 2, 12, 13, 17)
# what fails while it boots: in the section of the kernel's image, which panics, and later
FAILS = (*range(1, 13), 40, 90, 115, 120, 127)
# memory blocks of four sections: a third one comes online; then the first two are added, whose
# node has memory there, but refuses from the second request on; and are removed
ONLINE = (0, 128, 0, 2, 2, 8, 4, 0, 16, 0, 0, 2, 0, 5, 161, 8, 1)
# such a block that backs itself, and whose second section fails, for some sizes of pages
LATE = (0, 128, 0, 2, 2, 8, 20, 203)
# two blocks of two nodes that back themselves, and are removed at once
TWO = (0, 128, 0, 0, 2, 0, 16, 0, 2, 4, 20, 0, 17, 0)
# compiled with ours, but not ours
THEIRS = {"mm/sparse.c"}
LEAST = 95
# every byte means something, so an input may be long from the start; leaks are the model's business
OPTIONS = ("-seed=1", "-max_len=256", "-len_control=0", "-detect_leaks=0", "-timeout=300",
           "-rss_limit_mb=4096")
TOOLS = {"clang": "clang", "llvm-cov": "llvm", "llvm-profdata": "llvm", "make": "make"}


@dataclasses.dataclass
class File:
    """What was reached of a source file: {line: times}, {(line, branch): times}."""
    lines: dict
    branches: dict

    def missed(self):
        """Return the lines that were not reached, in ascending order."""
        return sorted(line for line, times in self.lines.items() if not times)

    def percent(self):
        """Return (percent of lines, percent of branches) that were reached."""
        return tuple(100 * sum(map(bool, of.values())) / len(of) if of else 100
                     for of in (self.lines, self.branches))


def geometries():
    """Return the names of all geometries."""
    return sorted(path.stem for path in (SOURCE / "geometry").glob("*.h"))


def make(build, tree, geometry, goal):
    """Make host/Makefile's goal, a file of a geometry's, if need be; return its path.

    Raises Trouble with what the compiler says first.
    """
    for program, package in TOOLS.items():
        need(program, package)
    place = pathlib.Path(build).resolve() / "host"
    place.mkdir(parents=True, exist_ok=True)
    log = place / f"{geometry}.make.log"
    with open(log, "wb") as handle:
        done = subprocess.run(
            ["make", "-s", "-C", SOURCE, f"O={place}", f"TREE={tree}", f"GEOMETRY={geometry}",
             place / geometry / goal],
            stdout=handle, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env={name: text for name, text in os.environ.items() if not name.startswith("MAKE")})
    if done.returncode:
        text = log.read_text(encoding="utf-8", errors="replace")
        what = re.search(r"^.*(?:error: |undefined reference).*$", text, re.M)
        raise Trouble(f"{geometry} does not compile: {what[0] if what else ''} (log: {log})")
    return place / geometry / goal


def seeds(folder):
    """Write inputs to start from into folder, the same each time.

    Boots of each kind of machine that fail early, boots with very much memory, random bytes, and
    blocks that are backed from above and by themselves, fail late, or go two at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(1)
    every = [bytes([machine, 3, fail, 0]) for machine in MACHINES for fail in FAILS]
    every += [bytes([0x11, 3, 0, 0xff]) + source.randbytes(size) for size in (30, 60)]
    every += [source.randbytes(SEED_BYTES[nr % len(SEED_BYTES)]) for nr in range(SEEDS)]
    every += [bytes([machine, *rest]) for machine in MACHINES for rest in (ONLINE, LATE, TWO)]
    for nr, data in enumerate(every):
        write_whole(folder / f"seed-{nr:03}", data)


def failure(text, program, folder):
    """Return what is wrong in one line, from the log of a run, and how to see it again."""
    what = re.search(r"^(?:FAILED: .*|.*runtime error: .*|==\d+==\s*ERROR: .*)$", text, re.M)
    kept = re.search(r"Test unit written to (\S+/(?:crash|timeout|oom)-\S+)", text)
    again = f"HOST_VERBOSE=1 {program} {kept[1]}" if kept else f"{program} {folder}"
    return f"{what[0] if what else 'the program ended'}; again: {again}"


def fuzz(program, corpus, limit):
    """Run one geometry's program, and return how many inputs it tried.

    corpus: folder of inputs, to which more are added.  limit: an option that ends the run.
    Raises Trouble that names the input that failed.
    """
    log = program.with_name("log")
    for old in program.parent.glob("*-" + 40 * "[0-9a-f]"):
        old.unlink()
    with open(log, "wb") as handle:
        done = subprocess.run([program, *OPTIONS, limit, f"-artifact_prefix={program.parent}/",
                               corpus], stdin=subprocess.DEVNULL, stdout=handle,
                              stderr=subprocess.STDOUT,
                              env=dict(os.environ, LLVM_PROFILE_FILE=f"{program.parent}/profraw"))
    text = log.read_text(encoding="utf-8", errors="replace")
    count = re.search(r"^Done (\d+) runs", text, re.M)
    if done.returncode or not count:
        raise Trouble(f"{program.parent.name}: {failure(text, program, corpus)}")
    return int(count[1])


def run(build, tree, geometry, limit, keep):
    """Build and fuzz one geometry; keep: go on with what earlier runs have found.

    limit: an option of libFuzzer that ends the run.  Returns the inputs tried.  Raises Trouble.
    """
    program = make(build, tree, geometry, "fuzz")
    corpus = pathlib.Path(build) / "host" / "corpus" / geometry
    if not keep:
        corpus = program.with_name("corpus")
        shutil.rmtree(corpus, ignore_errors=True)
    seeds(corpus)
    return fuzz(program, corpus, limit)


def run_all(build, tree, names, limit, keep, jobs):
    """Do run() for several geometries, jobs at a time; return {name: inputs}.  Raises Trouble."""
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        waiting = {name: pool.submit(run, build, tree, name, limit, keep) for name in names}
        return {name: future.result() for name, future in waiting.items()}


def parse_lcov(text, prefix):
    """Return {path below prefix: File} from lcov's format."""
    files, now = {}, None
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            now = None
            if value.startswith(prefix) and value[len(prefix):] not in THEIRS:
                now = files.setdefault(value[len(prefix):], File({}, {}))
        elif now and key == "DA":
            number, times = value.split(",")[:2]
            now.lines[int(number)] = int(times)
        elif now and key == "BRDA":
            number, block, branch, times = value.split(",")
            now.branches[int(number), block, branch] = 0 if times == "-" else int(times)
    return files


def merge(into, files):
    """Add the counts of one geometry to those of others."""
    for path, file in files.items():
        known = into.setdefault(path, File({}, {}))
        for mine, theirs in ((known.lines, file.lines), (known.branches, file.branches)):
            for key, times in theirs.items():
                mine[key] = mine.get(key, 0) + times


def coverage(build, names):
    """Return {path in the kernel's tree: File} of all that the last runs have reached.

    Raises Trouble.
    """
    every = {}
    for name in names:
        folder = pathlib.Path(build) / "host" / name
        output(["llvm-profdata", "merge", "-o", folder / "profdata", folder / "profraw"])
        text = output(["llvm-cov", "export", "-format=lcov",
                       f"-instr-profile={folder / 'profdata'}", folder / "fuzz"])
        merge(every, parse_lcov(text, f"{folder}/tree/"))
    return dict(sorted(every.items()))


def read_gaps(path=GAPS):
    """Return {(file, text of a line): reason} of what need not be reached.  Raises Trouble."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) < 3 or not parts[-1]:
            raise Trouble(f"{path.name}:{number}: want 'file | text of the line | reason'")
        found[parts[0], " | ".join(parts[1:-1])] = parts[-1]
    return found


def judge(files, tree, gaps):
    """Return complaints: lines not reached without a reason in files that are below LEAST
    percent, and reasons for lines that there are not.

    tree: where the files are.  gaps: from read_gaps().
    """
    complaints = []
    for (path, text), _reason in gaps.items():
        if text not in [line.strip() for line in _source(tree, path)]:
            complaints.append(f"{path}: no line '{text}', for which {GAPS.name} has a reason")
    for path, file in files.items():
        if file.percent()[0] >= LEAST:
            continue
        source = _source(tree, path)
        complaints += [f"{path}:{number}: not reached, and {GAPS.name} has no reason: {text}"
                       for number in file.missed()
                       for text in [source[number - 1].strip()] if (path, text) not in gaps]
    return complaints


def _source(tree, path):
    try:
        return (pathlib.Path(tree) / path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise Trouble(f"{GAPS.name}: there is no {path}") from None


def report(files, tree, gaps):
    """Return the text of coverage.txt: a table, then what was not reached."""
    rows = ["file                                      lines  branches"]
    rest = []
    for path, file in files.items():
        lines, branches = file.percent()
        rows.append(f"{path:40}{lines:6.1f} %  {branches:6.1f} %")
        source = _source(tree, path)
        for number in file.missed():
            text = source[number - 1].strip()
            rest.append(f"{path}:{number}: {text}  ({gaps.get((path, text), 'no reason')})")
        rest += [f"{path}:{number}: branch never taken: {source[number - 1].strip()}"
                 for number in sorted({key[0] for key, times in file.branches.items()
                                       if not times})]
    lines = sum(len(file.lines) for file in files.values())
    missed = sum(len(file.missed()) for file in files.values())
    rows.append(f"{'all':40}{100 * (lines - missed) / max(lines, 1):6.1f} %")
    return "\n".join([*rows, "", *rest, ""])


def told(build, tree, names):
    """Write coverage.txt; return (complaints, percent of lines).  Raises Trouble."""
    files, gaps = coverage(build, names), read_gaps()
    write_whole(pathlib.Path(build) / "host" / "coverage.txt", report(files, tree, gaps))
    lines = [times for file in files.values() for times in file.lines.values()]
    return judge(files, tree, gaps), 100 * sum(map(bool, lines)) / max(len(lines), 1)


def main():
    """Command line: see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--tree", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=3600, help="for all geometries together")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("geometry", nargs="*")
    options = parser.parse_args()
    # programs run elsewhere
    options.build, options.tree = options.build.resolve(), options.tree.resolve()
    names = options.geometry or geometries()
    if unknown := set(names) - set(geometries()):
        raise Trouble(f"there is no geometry {min(unknown)}, but {', '.join(geometries())}")
    if options.seconds < 1:
        raise Trouble("FUZZ_SECONDS: at least 1")
    jobs = min(options.jobs or os.cpu_count(), len(names))
    each = max(1, options.seconds * jobs // len(names))
    say(f"{len(names)} geometries, {jobs} at a time, {each} s each")
    tried = run_all(options.build, options.tree, names, f"-max_total_time={each}", True, jobs)
    complaints, percent = told(options.build, options.tree, names)
    for name, count in tried.items():
        print(f"{name}: {count} inputs, no failure")
    for text in complaints:
        print(text)
    print(f"{percent:.1f} % of lines reached, see {options.build}/host/coverage.txt")
    return 0


if __name__ == "__main__":
    run_tool(main)
