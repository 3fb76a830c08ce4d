"""A program at a pseudo-terminal: keys go in, text comes out, its time is measured."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Sequence

# Seconds until something has to appear.
PATIENCE = 30.0

# Escape sequences: of cursor and colours, of titles, and single letters.
_ESCAPES = re.compile(rb"\x1b(\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(\x07|\x1b\\)|.)")
_WHERE = b"\x1b[6n"  # "where is the cursor?"


class Terminal:
    """Starts a command; `close` ends it."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.output = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), environment)
        size = struct.pack("HHHH", 40, 120, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    @property
    def text(self) -> bytes:
        """What has been written so far, without escape sequences."""
        return _ESCAPES.sub(b"", self.output)

    def wait_for(self, text: bytes, *, after: int = 0) -> float:
        """Seconds until this has been written, behind `after` bytes of text."""
        began = time.perf_counter()
        while text not in self.text[after:]:
            left = began + PATIENCE - time.perf_counter()
            ready, _, _ = select.select([self.fd], [], [], max(left, 0))
            if not ready:
                raise TimeoutError(f"no {text!r} within {PATIENCE:g} s: {self.text!r}")
            self._read()
        return time.perf_counter() - began

    def _read(self) -> None:
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            raise EOFError(f"it has ended: {self.text!r}") from None
        self.output += data
        for _ in range(data.count(_WHERE)):
            self.type(b"\x1b[20;1R")

    def type(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def cpu_seconds(self) -> float:
        """Time on a processor so far, of all its threads that live."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{task}/schedstat") as file:
                    total += int(file.read().split()[0])
            except OSError:  # it has just ended
                continue
        return total / 1e9

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
