"""The far end of the links.

What the controller (on its own host) or an agent (elsewhere) holds.

A `Holder` owns the control socket to this host's keeper and one stream socket to each
engine, all non-blocking. Whoever runs the poll loop registers `descriptors()`, calls
`on_ready`, and gets messages; frames from engines stay unopened.
"""

from __future__ import annotations

import contextlib
import logging
import select
import signal
import socket
from collections import deque
from typing import TYPE_CHECKING, Protocol

from ipcluster.wire.codec import LENGTH, FrameReader, pack_stream, unpack_from_keeper
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Born, Died, FromEngine, Signal, Unborn

if TYPE_CHECKING:
    from collections.abc import Iterator

    import msgspec

log = logging.getLogger(__name__)

# One buffer for all links: a new one of this size each time costs more than the system
# call.
_buffer = bytearray(1 << 18)
_buffer_view = memoryview(_buffer)


class Poller(Protocol):
    """The part of `select.poll` and `zmq.Poller` used here.

    Registering again changes the events.
    """

    def register(self, fd: int, events: int, /) -> object: ...

    def unregister(self, fd: int, /) -> object: ...


HolderEvent = Born | Died | FromEngine | Unborn


class KeeperGone(Exception):
    """The keeper's control socket has closed; its engines end with it."""


class _Link:
    """One engine's link: bytes wait in `backlog` while the engine does not read."""

    def __init__(self, slot: int, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.slot = slot
        self.socket = sock
        self.reader = FrameReader()
        self.backlog: deque[memoryview] = deque()

    def write(self, data: bytes) -> bool:
        """Send now what the socket takes. True: something had to wait."""
        if not self.backlog:
            try:
                sent = self.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return False  # the engine has gone; the keeper will say so
            if sent == len(data):
                return False
            self.backlog.append(memoryview(data)[sent:])
        else:
            self.backlog.append(memoryview(data))
        return True

    def flush(self) -> bool:
        """True: something still waits."""
        while self.backlog:
            head = self.backlog[0]
            try:
                sent = self.socket.send(head)
            except BlockingIOError:
                return True
            except OSError:
                self.backlog.clear()
                return False
            if sent == len(head):
                self.backlog.popleft()
            else:
                self.backlog[0] = head[sent:]
        return False

    def read(self) -> list[bytes]:
        """Frames that have come. No error: a closed link is told by the keeper."""
        try:
            size = self.socket.recv_into(_buffer)
        except (BlockingIOError, OSError):
            return []
        try:
            return self.reader.feed(bytes(_buffer_view[:size]))
        except ProtocolError:
            self.socket.close()
            return []


class Holder:
    """Links and control socket of one host.

    `watch(fd, events)` and `unwatch(fd)` are the poll loop's.
    """

    def __init__(self, control: socket.socket, poller: Poller) -> None:
        control.setblocking(False)
        self._control = control
        self._poller = poller
        self._reader = FrameReader()
        self._fds: deque[int] = deque()
        self._links: dict[int, _Link] = {}
        self._by_fd: dict[int, _Link] = {}
        self._to_keeper: deque[bytes] = deque()
        poller.register(control.fileno(), select.POLLIN)

    # --- reading ----------------------------------------------------------------------

    def owns(self, fd: int) -> bool:
        return fd in self._by_fd or fd == self._control.fileno()

    def on_ready(self, fd: int, events: int) -> Iterator[HolderEvent]:
        """What a readable or writable descriptor brought.

        Raises:
            KeeperGone: the control socket has closed.
        """
        link = self._by_fd.get(fd)
        if link is None:
            if events & select.POLLOUT:
                self._flush_keeper()
            if events & ~select.POLLOUT:
                yield from self._read_control()
            return
        if events & select.POLLOUT and not link.flush():
            self._poller.register(fd, select.POLLIN)
        if events & ~select.POLLOUT:
            frames = link.read()
            for frame in frames:
                yield FromEngine(link.slot, frame)
            if not frames and events & select.POLLHUP:
                self._unwatch(link)

    def _read_control(self) -> Iterator[HolderEvent]:
        try:
            data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 64)
        except BlockingIOError:
            return
        except OSError as error:
            raise KeeperGone from error
        self._fds.extend(fds)
        if not data:
            raise KeeperGone
        for frame in self._reader.feed(data):
            for message in unpack_from_keeper(frame):
                if isinstance(message, Born):
                    if self._add(message):
                        yield message
                elif isinstance(message, Unborn):
                    yield message
                else:
                    yield from self._last_words(message.slot)
                    yield message

    def _last_words(self, slot: int) -> Iterator[FromEngine]:
        """What an engine that has ended had still written to its link."""
        link = self._links.pop(slot, None)
        if link is None:
            return
        self._unwatch(link)
        while frames := link.read():
            for frame in frames:
                yield FromEngine(slot, frame)
        link.socket.close()

    def _add(self, born: Born) -> bool:
        """Watch an engine's link. False: we have no descriptor for it, so it ends."""
        if not self._fds:
            log.error("no descriptor for the link of engine %d: ending it", born.pid)
            self.tell_keeper(Signal(born.slot, signal.SIGKILL))
            return False
        sock = socket.socket(fileno=self._fds.popleft())
        old = self._links.pop(born.slot, None)
        if old is not None:
            self._unwatch(old)
            old.socket.close()
        link = _Link(born.slot, sock)
        self._links[born.slot] = link
        self._by_fd[sock.fileno()] = link
        self._poller.register(sock.fileno(), select.POLLIN)
        return True

    def _unwatch(self, link: _Link) -> None:
        fd = link.socket.fileno()
        if self._by_fd.pop(fd, None) is not None:
            with contextlib.suppress(KeyError):
                self._poller.unregister(fd)

    # --- writing ----------------------------------------------------------------------

    def send(self, slot: int, frame: bytes) -> None:
        """Queue a frame for an engine.

        One that has gone gets nothing, and the keeper tells of its end.
        """
        link = self._links.get(slot)
        if link is not None and link.write(LENGTH.pack(len(frame)) + frame):
            fd = link.socket.fileno()
            if fd in self._by_fd:
                self._poller.register(fd, select.POLLIN | select.POLLOUT)

    def backlog_bytes(self, slot: int) -> int:
        link = self._links.get(slot)
        return sum(map(len, link.backlog)) if link is not None else 0

    def tell_keeper(self, message: msgspec.Struct) -> None:
        self._to_keeper.append(pack_stream([message]))
        self._flush_keeper()

    def _flush_keeper(self) -> None:
        while self._to_keeper:
            data = self._to_keeper[0]
            try:
                sent = self._control.send(data)
            except BlockingIOError:
                self._poller.register(
                    self._control.fileno(), select.POLLIN | select.POLLOUT
                )
                return
            except OSError:
                return  # its end shows when the socket is read
            if sent == len(data):
                self._to_keeper.popleft()
            else:
                self._to_keeper[0] = data[sent:]
        self._poller.register(self._control.fileno(), select.POLLIN)

    def close(self) -> None:
        for link in self._links.values():
            self._unwatch(link)
            link.socket.close()
        self._links.clear()
        with contextlib.suppress(KeyError, ValueError):
            self._poller.unregister(self._control.fileno())
        self._control.close()
