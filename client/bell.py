"""A bell that wakes a thread out of its poll, and the poll.

The one place where the client differs between operating systems: Linux has eventfd
and poll, others get a socket pair, and Windows `select`.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Sequence


class Bell:
    """Rung by any thread or signal handler, heard by the one that polls `fileno()`."""

    def __init__(self) -> None:
        self._pair: tuple[socket.socket, socket.socket] | None = None
        if hasattr(os, "eventfd"):
            self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self._pair = socket.socketpair()
            for end in self._pair:
                end.setblocking(False)
            self._fd = self._pair[0].fileno()

    def fileno(self) -> int:
        return self._fd

    def ring(self) -> None:
        """Ring it; many rings before it is heard are one. Harmless once closed."""
        try:
            if self._pair is None:
                os.eventfd_write(self._fd, 1)
            else:
                self._pair[1].send(b"!")
        except (BlockingIOError, OSError, ValueError):
            pass  # it rings already, or nobody will listen again

    def hush(self) -> None:
        try:
            if self._pair is None:
                os.eventfd_read(self._fd)
            else:
                self._pair[0].recv(4096)
        except (BlockingIOError, OSError, ValueError):
            pass

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if self._pair is not None:
            for end in self._pair:
                end.close()
        elif fd >= 0:
            os.close(fd)


if hasattr(select, "poll"):

    class Ears:
        """Waits until one of some descriptors can be read."""

        def __init__(self, fds: Sequence[int]) -> None:
            self._poll = select.poll()
            for fd in fds:
                self._poll.register(fd, select.POLLIN)

        def hear_writable(self, fd: int, wanted: bool) -> None:
            """Whether one of them counts, too, when it can be written to.

            Who waits already learns of it when it waits again.
            """
            also = select.POLLOUT if wanted else 0
            self._poll.register(fd, select.POLLIN | also)

        def wait(self, seconds: float | None) -> list[int]:
            """Those that can be read; none when `seconds` are over."""
            wait_ms = None if seconds is None else max(0.0, seconds * 1000)
            return [fd for fd, _ in self._poll.poll(wait_ms)]

else:

    class Ears:  # type: ignore[no-redef]  # Windows has no poll
        """Waits until one of some descriptors can be read."""

        def __init__(self, fds: Sequence[int]) -> None:
            self._fds = list(fds)
            self._also: list[int] = []

        def hear_writable(self, fd: int, wanted: bool) -> None:
            """Whether one of them counts, too, when it can be written to."""
            self._also = [fd] if wanted else []

        def wait(self, seconds: float | None) -> list[int]:
            """Those that can be read; none when `seconds` are over."""
            can_read, can_write, _ = select.select(self._fds, self._also, [], seconds)
            return list({*can_read, *can_write})
