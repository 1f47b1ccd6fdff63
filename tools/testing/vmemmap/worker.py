# SPDX-License-Identifier: GPL-2.0
"""Runs a long command with its output in a log, and tells now and then how far it is."""
import subprocess
import time

import layout  # noqa: F401  (says where toolbox is)
from toolbox import Trouble, say

TICK = 10


def work(what, command, log, failure, progress, *, mode="ab", held=None, **more):
    """Run command; its output goes to the end of the file log, or with mode "wb" replaces it.

    what: for messages, "building X"; failure: a compiled pattern of lines that say what went
    wrong; progress(output so far, as bytes): a few words for every TICK seconds; held: the lock
    that nobody else may get before the command has ended, an open file or None; more: cwd and
    env.  Raises Trouble with the first such line and the log's path when the command fails.
    """
    start = time.monotonic()
    words = [str(word) for word in command]
    with open(log, mode) as out:
        out.write(f"+ {' '.join(words)}\n".encode())
        out.flush()
        begin = out.tell()
        # should we be killed, it lives on; with our lock, so that the next run waits
        locks = [held.fileno()] if held and not held.closed else []
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT, pass_fds=locks, **more)
        try:
            while True:
                try:
                    status = process.wait(TICK)
                    break
                except subprocess.TimeoutExpired:
                    say(f"{what}: {progress(_since(log, begin))}, "
                        f"{time.monotonic() - start:.0f} s")
        finally:
            # also when we are interrupted: it must not go on behind our back
            if process.poll() is None:
                process.terminate()
                process.wait()
    if status:
        lines = _since(log, begin).decode(errors="replace").splitlines()
        told = [line.strip() for line in lines if failure.search(line)]
        complaint = told[0] if told else (lines[-1] if lines else "no output")
        raise Trouble(f"{what} failed: {complaint} (log: {log})")


def _since(log, begin):
    with open(log, "rb") as file:
        file.seek(begin)
        return file.read()
