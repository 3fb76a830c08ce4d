"""The door for peers on this host: a socket file that only this user can reach.

The loop reads and writes its connections itself: no thread lies between. Each is read
once in a round, and gives so many frames at most, so nobody keeps others waiting. What
a peer does not take waits in its backlog, bounded by the windows
(`controller/peers.py`).

    accepted --hello, let in--> known to reception --closed--> gone
       |
       `-- a stranger: small frames only, and the oldest goes when there are many
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from ipcluster.wire.codec import FRAME_LIMIT_BYTES, pack
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Refused
from ipcluster.wire.private_files import user_id
from ipcluster.wire.streams import (
    HAS_UNIX_SOCKETS,
    Buffer,
    FramedStream,
    Received,
    StreamClosed,
    new_buffer,
    unix_socket,
    user_of,
)

log = logging.getLogger(__name__)

# Connections that wait to be accepted; the system allows fewer, perhaps.
_WAITING = 1024
# Connections without a hello; with one more, the oldest of them goes.
MOST_STRANGERS = 256
# A hello is some hundred bytes, most of them the grant.
STRANGER_LIMIT_BYTES = 1 << 16
# Frames that one connection gives in a round; small ones, many fit in what is read.
MOST_FRAMES = 200
_ROOT = 0


class Poller(Protocol):
    """The part of `select.poll` used here. Registering again changes the events."""

    def register(self, fd: int, events: int, /) -> object: ...

    def unregister(self, fd: int, /) -> object: ...


class Taken(NamedTuple):
    """What one connection has brought."""

    number: int
    route: bytes
    frames: list[Received]


class _Connection(FramedStream):
    """One of many. Its number is never given twice, as a descriptor is."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        super().__init__(sock, STRANGER_LIMIT_BYTES)
        self.number = number
        self.route = b"%d" % number
        self.is_known = False
        self.frames: deque[Received] = deque()
        """Read, and kept for the next round."""


class LocalDoor:
    """Listens on a socket file, where the system has such and the path fits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._poller: Poller | None = None
        self._is_known: Callable[[bytes], bool] = lambda _route: False
        self._by_fd: dict[int, _Connection] = {}
        self._by_route: dict[bytes, _Connection] = {}
        self._strangers: dict[bytes, _Connection] = {}
        self._unread: list[_Connection] = []
        self._count = 0
        self._buffer = new_buffer()
        self.on_disconnect: Callable[[int], None] = lambda _number: None
        self._listener = _listen(path)
        # Given up for a moment when there are no more descriptors.
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    @property
    def is_open(self) -> bool:
        """Whether anybody can come in here at all."""
        return self._listener is not None

    def attach(self, poller: Poller, known: Callable[[bytes], bool]) -> None:
        """Be polled. `known` says whose hello was accepted."""
        self._poller = poller
        self._is_known = known
        if self._listener is not None:
            poller.register(self._listener.fileno(), select.POLLIN)

    def owns(self, fd: int) -> bool:
        if fd in self._by_fd:
            return True
        return self._listener is not None and fd == self._listener.fileno()

    # --- reading ----------------------------------------------------------------------

    def on_ready(self, fd: int, events: int) -> Taken | None:
        """A descriptor of ours can be read or written."""
        connection = self._by_fd.get(fd)
        if connection is None:
            self._accept()
            return None
        if events & select.POLLOUT:
            connection.flush()
            if not connection.has_backlog:
                self._watch(connection, select.POLLIN)
        if connection.frames or not events & ~select.POLLOUT:
            return None
        if not connection.is_known and self._is_known(connection.route):
            connection.is_known = True
            connection.limit_bytes = FRAME_LIMIT_BYTES
            self._strangers.pop(connection.route, None)
        try:
            connection.frames.extend(connection.receive(self._buffer))
        except StreamClosed:
            self._end(connection)
            return None
        except ProtocolError as error:
            log.warning("a connection of this host ended: %s", error)
            self._end(connection)
            return None
        return self._take(connection)

    def _take(self, connection: _Connection) -> Taken:
        """A fair share of its frames."""
        waiting = connection.frames
        count = min(len(waiting), MOST_FRAMES)
        frames = [waiting.popleft() for _ in range(count)]
        if waiting:
            self._unread.append(connection)
        return Taken(connection.number, connection.route, frames)

    def left_over(self) -> list[Taken]:
        """From each that had brought more than its share, the next share."""
        unread, self._unread = self._unread, []
        return [self._take(one) for one in unread if one.frames]

    def _accept(self) -> None:
        """Take one: those who are in have their turn before the next."""
        assert self._listener is not None
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._turn_away()
            return
        user = user_of(sock)
        if user not in (None, user_id(), _ROOT):
            log.warning("refused a connection of user %s of this host", user)
            stranger = FramedStream(sock)
            stranger.send([pack([Refused("this cluster is another user's")])])
            stranger.close()
            return
        self._count += 1
        connection = _Connection(sock, self._count)
        self._by_fd[connection.fileno()] = connection
        self._by_route[connection.route] = connection
        self._strangers[connection.route] = connection
        self._watch(connection, select.POLLIN)
        if len(self._strangers) > MOST_STRANGERS:
            self._thin_out()

    def _turn_away(self) -> None:
        """No descriptor is left; one who is not accepted would keep the loop awake."""
        assert self._listener is not None
        log.error("no more file descriptors: a connection of this host was turned away")
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1
        with contextlib.suppress(OSError):
            self._listener.accept()[0].close()
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _thin_out(self) -> None:
        for route in [route for route in self._strangers if self._is_known(route)]:
            del self._strangers[route]
        if len(self._strangers) > MOST_STRANGERS:
            log.warning("too many connections without a hello: the oldest ended")
            self._end(next(iter(self._strangers.values())))

    def _end(self, connection: _Connection) -> None:
        self._forget(connection)
        self.on_disconnect(connection.number)

    def _forget(self, connection: _Connection) -> None:
        fd = connection.fileno()
        del self._by_fd[fd]
        del self._by_route[connection.route]
        connection.frames.clear()
        self._strangers.pop(connection.route, None)
        if self._poller is not None:
            self._poller.unregister(fd)
        connection.close()

    # --- writing ----------------------------------------------------------------------

    def send(self, route: bytes, parts: Sequence[Buffer]) -> None:
        """Queue a frame; one who has gone gets nothing."""
        connection = self._by_route.get(route)
        if connection is None:
            return
        had_backlog = connection.has_backlog
        connection.send(parts)
        if connection.has_backlog and not had_backlog:
            self._watch(connection, select.POLLIN | select.POLLOUT)

    def _watch(self, connection: _Connection, events: int) -> None:
        if self._poller is not None:
            self._poller.register(connection.fileno(), events)

    def drop(self, route: bytes) -> None:
        """End a connection that its peer has replaced by another."""
        connection = self._by_route.get(route)
        if connection is not None:
            self._forget(connection)

    def close(self, linger: float) -> None:
        """End all, with `linger` seconds for what waits."""
        deadline = time.monotonic() + linger
        for connection in list(self._by_fd.values()):
            _drain(connection, deadline)
            self._forget(connection)
        if self._listener is not None:
            if self._poller is not None:
                self._poller.unregister(self._listener.fileno())
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1


def _drain(connection: FramedStream, deadline: float) -> None:
    """Send what waits, until then."""
    poller = select.poll()
    poller.register(connection, select.POLLOUT)
    while connection.has_backlog:
        left = max(0.0, deadline - time.monotonic())
        if not poller.poll(left * 1000):
            return
        connection.flush()


def _listen(path: Path) -> socket.socket | None:
    """None: there can be no socket here, and peers take the port."""
    if not HAS_UNIX_SOCKETS:
        return None
    listener = unix_socket()
    try:
        path.unlink(missing_ok=True)
        listener.bind(os.fspath(path))
        listener.listen(_WAITING)
    except OSError as error:
        # Among others: a path beyond what the system allows, some hundred bytes.
        listener.close()
        log.warning("no socket file at %s, the port only: %s", path, error)
        return None
    listener.setblocking(False)
    return listener
