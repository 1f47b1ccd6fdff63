# SPDX-License-Identifier: GPL-2.0
"""What every host-side tool of this project needs: plain errors, commands, locks, whole writes."""
import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import subprocess
import sys


class Trouble(Exception):
    """Something the user can mend; its text is one line that says what is wrong and what to do."""


def say(text):
    """Print one line of progress on stderr, where it does not mix with a tool's answer."""
    print(text, file=sys.stderr, flush=True)


def run_tool(main):
    """Run main() as a program and exit: Trouble becomes one line on stderr and status 1."""
    name = pathlib.Path(sys.argv[0]).stem
    # a closed terminal or a killed make ends us as Ctrl-C does: through the clean-up code
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except Trouble as trouble:
        say(f"{name}: {' '.join(str(trouble).split())}")
        sys.exit(1)
    except KeyboardInterrupt:
        say(f"{name}: interrupted; the next run goes on from here")
        sys.exit(130)
    except OSError as error:
        say(f"{name}: {error.filename or 'system'}: {error.strerror or error}")
        sys.exit(1)


def need(program, package):
    """Return the path of program; raise Trouble naming the Debian package if it is absent."""
    path = shutil.which(program)
    if not path:
        raise Trouble(f"{program} is not installed; as root: apt-get install {package}")
    return path


def output(command, *, cwd=None, env=None, given=None):
    """Run command and return its stdout as text.

    given: text for its stdin.  Raises Trouble with the command's last words when it fails.
    """
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=env, input=given,
                          text=True, errors="surrogateescape", capture_output=True,
                          stdin=None if given is not None else subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Trouble(f"{command[0]} failed: {words[-1] if words else 'no message'}")
    return done.stdout


def write_whole(path, data):
    """Write bytes or text to path so that no one ever sees half of it."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def lock(path):
    """Hold the lock file at path; a second holder waits, and a killed one lets go by itself.

    Gives the open file: a child that is handed it holds the lock too, as long as it lives.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds {path}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
