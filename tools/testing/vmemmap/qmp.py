# SPDX-License-Identifier: GPL-2.0
"""A client for QEMU's machine protocol (QMP) over a connected socket."""
import json
import threading
import time


class QmpError(Exception):
    """QEMU refused a command, went away, or an event did not come in time."""


class Qmp:
    """Talks QMP.  Commands are given one at a time; events are kept until asked for."""

    # The guest says no in one of these ways; waiting on would only time out.
    REFUSALS = ("DEVICE_UNPLUG_GUEST_ERROR", "MEM_UNPLUG_ERROR")

    def __init__(self, sock):
        """Takes a connected socket; QEMU must be at the other end or about to be."""
        self._sock = sock
        self._changed = threading.Condition()
        self._replies = []
        self._events = []
        self._closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            with self._sock.makefile("r", encoding="utf-8") as lines:
                for line in lines:
                    message = json.loads(line)
                    with self._changed:
                        if "event" in message:
                            self._events.append(message)
                        elif "return" in message or "error" in message:
                            self._replies.append(message)
                        self._changed.notify_all()
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, find, timeout, what):
        """Returns find()'s first result that is not None; self._changed is held."""
        deadline = time.monotonic() + timeout
        while True:
            found = find()
            if found is not None:
                return found
            if self._closed:
                raise QmpError(f"QEMU ended while waiting for {what}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise QmpError(f"no {what} within {timeout} s")
            self._changed.wait(left)

    def start(self, timeout=20):
        """Leaves negotiation mode.  Raises QmpError."""
        self.execute("qmp_capabilities", timeout=timeout)

    def execute(self, command, arguments=None, timeout=20):
        """Runs one command and returns what QEMU returned.  Raises QmpError."""
        message = {"execute": command}
        if arguments:
            message["arguments"] = arguments
        with self._changed:
            try:
                self._sock.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                raise QmpError(f"QEMU is gone, cannot {command}") from None
            reply = self._wait(lambda: self._replies.pop(0) if self._replies else None,
                               timeout, f"reply to {command}")
        if "error" in reply:
            raise QmpError(f"{command}: {reply['error'].get('desc', reply['error'])}")
        return reply["return"]

    def event(self, name, data=None, timeout=60):
        """Waits for an event whose data has all items of `data`, and takes it out of the queue.

        Returns the event's data.  Raises QmpError, also when the guest refuses an unplug
        of the same device.
        """
        data = data or {}

        def find():
            for position, message in enumerate(self._events):
                got = message.get("data", {})
                if message["event"] in self.REFUSALS and got.get("device") == data.get("device"):
                    del self._events[position]
                    raise QmpError(f"the guest refused: {message['event']} {got}")
                if message["event"] == name and all(got.get(k) == v for k, v in data.items()):
                    del self._events[position]
                    return got
            return None

        with self._changed:
            return self._wait(find, timeout, f"event {name}")

    def seen(self, name):
        """Returns the data of all events of this name that are still in the queue."""
        with self._changed:
            return [m.get("data", {}) for m in self._events if m["event"] == name]

    def run(self, steps, timeout=60):
        """Runs an action: steps of {execute, arguments} or {event, data}.  Raises QmpError."""
        for step in steps:
            if "execute" in step:
                self.execute(step["execute"], step.get("arguments"), timeout)
            else:
                self.event(step["event"], step.get("data"), timeout)

    def finish(self, timeout=5):
        """Waits for the end of the connection, so that no event is missed."""
        self._thread.join(timeout)
        self._sock.close()
