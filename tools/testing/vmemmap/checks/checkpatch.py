# SPDX-License-Identifier: GPL-2.0
"""checkpatch --strict has nothing to say about any patch, but for what checkpatch.allowed lists."""
import os
import pathlib
import re

from bench import first

ALLOWED = pathlib.Path(__file__).with_suffix(".allowed")
# terse form: FILE:LINE: ERROR:TYPE: text
COMPLAINT = re.compile(r"^(.+?):(\d*): (?:ERROR|WARNING|CHECK):(\w+): (.*)$", re.M)


def allowed():
    """Return [(type, pattern of file, text and patch)]; each line of the file ends in a reason."""
    rows = []
    for line in ALLOWED.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            kind, pattern, _reason = line.split(None, 2)
            rows.append((kind, re.compile(pattern)))
    return rows


def check(bench):
    """Run the tree's own checkpatch over the mail-ready series."""
    tree = bench.tree()
    exceptions = allowed()
    # its helper for licence lines takes Debian's own python, and a git tree around it
    environment = dict(os.environ, PATH=f"/usr/bin:/bin:{os.environ['PATH']}")
    found = []
    for patch in bench.patches():
        log = f"checkpatch-{patch.stem}"
        text = bench.run(log, ["perl", tree / "scripts/checkpatch.pl", "--strict", "--terse",
                               "--showfile", "--show-types", "--no-summary", f"--root={tree}",
                               patch], cwd=tree, env=environment, ok=(0, 1))
        for match in COMPLAINT.finditer(text):
            where = match[1].replace(f"{patch.parent}/", "")
            line = f"{where}:{match[2]}: {match[3]}: {match[4]} [{patch.name}]"
            if not any(kind == match[3] and pattern.search(line)
                       for kind, pattern in exceptions):
                found.append(line)
    log = bench.log("checkpatch")
    log.write_text("".join(f"{line}\n" for line in found), encoding="utf-8")
    first(found, log)
    return f"{len(bench.patches())} patches"
