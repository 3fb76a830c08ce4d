"""The client's end of its connection: read, written and watched by the pump.

Over TCP it is a ZeroMQ socket with CURVE, whose threads move the bytes. On the
controller's own host it is a Unix socket, which whoever waits for a result reads
itself: that saves four switches between threads for each call.

Neither ever blocks. Both connect again by themselves, which `look` tells of.
"""

from __future__ import annotations

import os
import select
import socket as sockets
import time
from collections import deque
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import zmq

from ipcluster.client.bell import Bell
from ipcluster.wire.curve import Handshake, Happened, Watch
from ipcluster.wire.errors import ConnectionLost, ProtocolError
from ipcluster.wire.streams import (
    Buffer,
    FramedStream,
    Received,
    StreamClosed,
    new_buffer,
    unix_socket,
)

# Plain numbers: pyzmq's enumerations cost more than the calls they go to.
_FD, _EVENTS = int(zmq.FD), int(zmq.EVENTS)
_READABLE, _MORE, _NOW = int(zmq.POLLIN), int(zmq.RCVMORE), int(zmq.NOBLOCK)
# Seconds for the controller to take a connection. Its system does, not its loop.
ACCEPTED_WITHIN = 5.0


class Change(Enum):
    """What became of the connection."""

    CONNECTED = "connected"
    BROKEN = "broken"


class Transport(Protocol):
    """One thread at a time uses it, but for `fd` and `watch_fd`, which are polled."""

    fd: int
    """Readable when there may be a frame. It stays the same over reconnects."""
    watch_fd: int
    """Readable when something has become of the connection."""

    def send(self, frames: Sequence[Buffer]) -> None:
        """Queue one frame of messages, perhaps with raw bytes behind it."""

    @property
    def wants_to_write(self) -> bool:
        """Whether to ask for a frame when `fd` can be written to, too."""

    @property
    def has_more(self) -> bool:
        """Whether to ask for a frame, though no poll may tell."""

    def receive(self) -> bytes | None:
        """The next frame; None: no more now."""

    def attached(self) -> bytes:
        """The raw bytes behind the frame that was received last."""

    def look(self, *, again: bool = True) -> list[Change]:
        """What became of the connection since the last time.

        With `again`, a broken one is tried again.
        """

    @property
    def refusal(self) -> Exception | None:
        """Why the other end will never let us in, as far as the transport knows."""

    @property
    def closed(self) -> bool: ...

    def close(self, linger: float) -> None:
        """End, with `linger` seconds for what waits to be sent."""

    def forget(self) -> None:
        """In a forked child: it is the parent's, and goes on there."""


class TcpTransport:
    """A DEALER socket that was told to connect."""

    wants_to_write = False

    def __init__(self, socket: zmq.Socket[Any], watch: Watch) -> None:
        self._socket = socket
        self._watch = watch
        self._handshake = Handshake()
        self.fd = _number(socket, _FD)
        self.watch_fd = _number(watch.socket, _FD)

    def send(self, frames: Sequence[Buffer]) -> None:
        self._socket.send_multipart(frames)

    @property
    def has_more(self) -> bool:
        # The descriptor signals changes, and a send may swallow the signal.
        return bool(_number(self._socket, _EVENTS) & _READABLE)

    def receive(self) -> bytes | None:
        try:
            frame: bytes = self._socket.recv(_NOW)
        except zmq.Again:
            return None
        return frame

    def attached(self) -> bytes:
        if not self._socket.getsockopt(_MORE):
            return b""
        extra: bytes = self._socket.recv(_NOW)
        return extra

    def look(self, *, again: bool = True) -> list[Change]:
        changes = []  # whether to try again is ZeroMQ's to decide
        for event in self._watch.read():
            self._handshake.on_event(event)
            if event.what is Happened.DISCONNECTED:
                changes.append(Change.BROKEN)
            elif event.what is Happened.WELCOMED:
                changes.append(Change.CONNECTED)
        return changes

    @property
    def refusal(self) -> Exception | None:
        return self._handshake.refusal

    @property
    def closed(self) -> bool:
        return bool(self._socket.closed)

    def close(self, linger: float) -> None:
        self._watch.close()
        self._socket.close(int(linger * 1000))

    def forget(self) -> None:
        """Nothing: ZeroMQ's sockets may not even be closed here."""


def _number(socket: zmq.Socket[Any], option: int) -> int:
    value: Any = socket.getsockopt(option)
    return int(value)


class UnixTransport:
    """A Unix socket that is connected to the file at `path`.

    Raises:
        OSError: nobody listens there, or not to us.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bell = Bell()
        try:
            self._stream = FramedStream(_connect(path, ACCEPTED_WITHIN))
        except BaseException:
            self._bell.close()
            raise
        self._buffer = new_buffer()
        self._frames: deque[Received] = deque()
        self._extra: bytes | None = None
        self._changes: list[Change] = []
        self._is_broken = False
        self._refusal: Exception | None = None
        self.closed = False
        self.fd = self._stream.fileno()
        self.watch_fd = self._bell.fileno()

    def send(self, frames: Sequence[Buffer]) -> None:
        # Numbered frames are sent again when the connection stands again.
        if not self._is_broken:
            self._stream.send(frames)

    @property
    def wants_to_write(self) -> bool:
        return self._stream.has_backlog

    @property
    def has_more(self) -> bool:
        return bool(self._frames)

    def receive(self) -> bytes | None:
        if not self._frames:
            if self._is_broken:
                return None
            if self._stream.has_backlog:
                self._stream.flush()
            try:
                self._frames.extend(self._stream.receive(self._buffer))
            except (StreamClosed, ProtocolError) as error:
                self._on_broken(error)
            if not self._frames:
                return None
        frame, self._extra = self._frames.popleft()
        return frame

    def attached(self) -> bytes:
        return self._extra or b""

    @property
    def refusal(self) -> Exception | None:
        return self._refusal

    def look(self, *, again: bool = True) -> list[Change]:
        self._bell.hush()
        changes, self._changes = self._changes, []
        if self._is_broken and again and not changes and not self.closed:
            self._try_again()
            changes, self._changes = self._changes, []
        return changes

    def _on_broken(self, error: Exception) -> None:
        """Nothing comes any more: the descriptor is the bell's meanwhile.

        So threads that poll it are not woken for nothing, and its number is not given
        to any file of the user's.
        """
        self._is_broken = True
        self._replace(self._bell.fileno())
        reason = "the controller closed the connection"
        if isinstance(error, ProtocolError):
            reason = f"{self._path} does not speak as a controller: {error}"
        self._refusal = ConnectionLost(reason)
        self._changes.append(Change.BROKEN)
        self._bell.ring()

    def _try_again(self) -> None:
        try:
            with _connect(self._path, 0) as new:
                self._replace(new.fileno())
        except OSError:
            return
        self._is_broken = False
        self._changes.append(Change.CONNECTED)

    def _replace(self, fd: int) -> None:
        """Let our descriptor be of what this one is of."""
        os.dup2(fd, self.fd, inheritable=False)
        self._stream = FramedStream(self._stream.socket)

    def close(self, linger: float) -> None:
        if self.closed:
            return
        self.closed = True
        deadline = time.monotonic() + linger
        while self._stream.has_backlog:
            left = deadline - time.monotonic()
            if left <= 0 or not _can_write(self.fd, left):
                break
            self._stream.flush()
        self._stream.close()
        self._bell.close()

    def forget(self) -> None:
        # A copy that stays open would hide the parent's end from the controller.
        self.closed = True
        self._stream.socket.close()
        self._bell.close()


def _can_write(fd: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(fd, select.POLLOUT)
    return bool(poller.poll(seconds * 1000))


def _connect(path: Path, timeout: float) -> sockets.socket:
    socket = unix_socket()
    try:
        socket.settimeout(timeout)
        socket.connect(os.fspath(path))
    except BaseException:
        socket.close()
        raise
    return socket
