# SPDX-License-Identifier: GPL-2.0
"""A guest's two serial lines: the console, which is only read, and the control line."""
import contextlib
import fcntl
import os
import re
import sys
import threading

_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[a-z])")


# A pipe takes bytes; a socket takes so many writes, and each byte of a console is one
_PIPE = 1 << 20


def wide_pipe():
    """Returns the two ends of a pipe, files, for an emulator to write a console to.

    It holds all that a guest says: an emulator that had to wait for us would make the guest wait,
    for as long as this machine is busy, and what the guest executes would depend on that.
    """
    reader, writer = os.pipe()
    # who may not have so much has a pipe as it comes
    with contextlib.suppress(OSError):
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PIPE)
    return open(reader, "rb", buffering=0), open(writer, "wb", buffering=0)


class Console:
    """Reads the console to its end in a thread: into the log, and line by line into memory."""

    def __init__(self, end, log, echo=None, watch=None):
        """Starts to read.

        end: file to read from.  log: text file that gets all output.  echo: text file that
        gets it too, live, or None.  watch: called with each line as it arrives, or None.
        """
        self._end = end
        self._log = log
        self._echo = echo
        self._watch = watch
        self._rest = ""
        self.lines = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = self._end.read(65536)
            except OSError:
                data = b""
            if not data:
                break
            self._take(data.decode("utf-8", "replace").replace("\r", ""))
        if self._rest:
            self._line(self._rest)
            self._rest = ""

    def _take(self, text):
        self._log.write(text)
        self._log.flush()
        if self._echo:
            self._echo.write(text)
            self._echo.flush()
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._line(line)

    def _line(self, line):
        line = _ESCAPES.sub("", line)
        self.lines.append(line)
        if self._watch:
            self._watch(line)

    def finish(self, timeout=5):
        """Waits until all output has been read."""
        self._thread.join(timeout)
        self._end.close()


class ControlLine:
    """Serves the guest's control line: it writes a request, and gets "ok" or "error …" back."""

    def __init__(self, sock, serve):
        """Starts to serve.

        sock: connected socket.  serve: called with the request; what it raises is the error.
        """
        self._sock = sock
        self._serve = serve
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            with self._sock.makefile("r", encoding="ascii", errors="replace") as lines:
                for line in lines:
                    request = line.strip()
                    if request:
                        self._sock.sendall(self._answer(request).encode("ascii", "replace"))
        except OSError:
            pass

    def _answer(self, request):
        try:
            self._serve(request)
        except Exception as error:  # pylint: disable=broad-except
            # Whatever went wrong, the guest has to hear of it, or it waits for ever.
            return f"error {' '.join(str(error).split())}\n"
        return "ok\n"

    def finish(self, timeout=5):
        """Waits until the line is closed from the other end."""
        self._thread.join(timeout)
        self._sock.close()


def live(verbose):
    """Returns the file that console output is shown on, or None if it is not wanted."""
    return sys.stdout if verbose else None
