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
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from ipcluster.wire.codec import FrameReader, pack_stream

RECEIVE_BYTES = 1 << 18

_ALL = frozenset(map(int, signal.valid_signals()))
# The interpreter's own: the one in `signal` makes enums, which takes ten times as long.
_sigmask: Callable[..., Any] = sys.modules["_signal"].pthread_sigmask
_BLOCK, _UNBLOCK, _SET = map(
    int, (signal.SIG_BLOCK, signal.SIG_UNBLOCK, signal.SIG_SETMASK)
)


class LinkLost(Exception):
    """The other end has closed."""


class Marks(Protocol):
    """Where the keeper sees that a frame has begun: the state page."""

    writing: int


class Link:
    """Frames in and out of one stream socket."""

    def __init__(self, sock: socket.socket, lock_fd: int, marks: Marks) -> None:
        self._socket = sock
        self._lock_fd = lock_fd
        self._marks = marks
        self._threads = threading.Lock()
        self._writers: set[int] = set()
        self._masked: set[int] | None = None
        self._reader = FrameReader()
        # Made once: a new one of this size each time costs more than the system call.
        self._buffer = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._buffer)
        self.main = threading.get_ident()
        self.busy = 0
        self.on_idle: Callable[[], None] | None = None

    # --- writing ----------------------------------------------------------------------

    def send(self, messages: Sequence[msgspec.Struct]) -> None:
        """Write one frame, whole.

        Raises:
            LinkLost: nobody reads any more; nothing of the frame may be taken as read.
        """
        data = pack_stream(messages)
        self.acquire()
        try:
            self.write(data)
        finally:
            self.release()

    def write(self, data: bytes) -> None:
        """One packed frame, from between `acquire` and `release`."""
        self._marks.writing = 1
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost from error
        finally:
            self._marks.writing = 0

    def acquire(self) -> None:
        """Nobody else writes, no handler interrupts, until `release`."""
        thread = threading.get_ident()
        if thread == self.main:
            self.busy += 1
            if self.busy == 1:
                self._mask_signals()
        self._writers.add(thread)
        self._threads.acquire()
        fcntl.lockf(self._lock_fd, fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.lockf(self._lock_fd, fcntl.LOCK_UN)
        self._threads.release()
        thread = threading.get_ident()
        self._writers.discard(thread)
        if thread == self.main:
            masked, self._masked = self._masked, None
            try:
                self.leave()
            finally:
                if masked is not None:
                    _sigmask(_SET, masked)

    def _mask_signals(self) -> None:
        """In the user's code: a handler of the user's may raise within a frame."""
        try:
            self._masked = _sigmask(_BLOCK, _ALL)
        except BaseException:
            # One that had come before; it is raised where nothing has begun.
            _sigmask(_UNBLOCK, _ALL)
            self.busy -= 1
            raise

    @property
    def is_mine(self) -> bool:
        """Whether this thread is between `acquire` and `release`.

        A signal handler or finalizer of the user's that prints may find itself there.
        """
        return threading.get_ident() in self._writers

    @property
    def is_main(self) -> bool:
        return threading.get_ident() == self.main

    def enter(self) -> None:
        """Begin what a signal handler must not interrupt.

        Only the main thread runs handlers.
        """
        if self.is_main:
            self.busy += 1

    def leave(self) -> None:
        if self.is_main:
            self.busy -= 1
            if not self.busy and self.on_idle is not None:
                self.on_idle()

    # --- reading ----------------------------------------------------------------------

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
        self.acquire()
        old, self._socket = self._socket, sock
        self._reader = FrameReader()
        self.release()
        old.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()


def new_lock_file() -> int:
    """A file that lives only as long as somebody has it open."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ipcluster-link")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
