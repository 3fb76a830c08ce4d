"""An engine's end of its link.

A blocking stream socket that several processes may write to.

Writers are the engine's threads and its keeper, which reads what C code and child
processes print and puts it on the same stream. Each takes a POSIX record lock on a
small file for one frame (released by the kernel if the holder dies). Only the main
thread reads.

Signal handlers run in the main thread between two bytecodes, so they may find it here.
While `busy` they only leave a note; `Link` runs `on_idle` when it leaves the critical
section.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from collections.abc import Callable, Sequence

import msgspec

from ipcluster.wire.codec import FrameReader, pack_stream

RECEIVE_BYTES = 1 << 18


class LinkLost(Exception):
    """The other end has closed."""


class Link:
    """Frames in and out of one stream socket."""

    def __init__(self, sock: socket.socket, lock_fd: int) -> None:
        self._socket = sock
        self._lock_fd = lock_fd
        self._threads = threading.Lock()
        self._reader = FrameReader()
        # Made once: a new one of this size each time costs more than the system call.
        self._buffer = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self._main = threading.get_ident()
        self.busy = 0
        self.on_idle: Callable[[], None] | None = None

    def send(self, messages: Sequence[msgspec.Struct]) -> None:
        """Write one frame, whole.

        Raises:
            LinkLost: nobody reads any more; nothing of the frame may be taken as read.
        """
        self.enter()
        try:
            with self._threads:
                self.write(messages)
        finally:
            self.leave()

    def write(self, messages: Sequence[msgspec.Struct]) -> None:
        """As `send`, for a caller that has entered and holds the threads' lock."""
        data = pack_stream(messages)
        fcntl.lockf(self._lock_fd, fcntl.LOCK_EX)
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost from error
        finally:
            fcntl.lockf(self._lock_fd, fcntl.LOCK_UN)

    @property
    def threads(self) -> threading.Lock:
        return self._threads

    def enter(self) -> None:
        """Begin what a signal handler must not interrupt.

        Only the main thread runs handlers.
        """
        if threading.get_ident() == self._main:
            self.busy += 1

    def leave(self) -> None:
        if threading.get_ident() == self._main:
            self.busy -= 1
            if not self.busy and self.on_idle is not None:
                self.on_idle()

    def receive(self, *, wait: bool = True) -> list[bytes]:
        """Frames that have come; with `wait`, at least some bytes' worth.

        Raises:
            LinkLost: the other end has closed.
        """
        try:
            size = self._socket.recv_into(
                self._buffer, 0, 0 if wait else socket.MSG_DONTWAIT
            )
        except BlockingIOError:
            return []
        except OSError as error:
            raise LinkLost from error
        if not size:
            raise LinkLost
        return self._reader.feed(bytes(self._view[:size]))

    def replace(self, sock: socket.socket) -> None:
        """Go on with another socket; half a frame from the old one is forgotten."""
        old, self._socket = self._socket, sock
        self._reader = FrameReader()
        old.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()


def new_lock_file() -> int:
    """A file that lives only as long as somebody has it open."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ipcluster-link", 0)
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
