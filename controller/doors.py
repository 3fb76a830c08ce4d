"""The sockets that peers come in by.

One TCP port behind CURVE, and beside it, for this host, a socket file in a folder that
only this user can enter (`local_door.py`).

ROUTER drops silently what does not fit below its high-water mark, so there is none:
windows per peer (`controller/peers.py`, `client/`) bound what is under way instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import zmq

from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.local_door import LocalDoor, Poller, Taken
from ipcluster.wire.codec import FRAME_LIMIT_BYTES
from ipcluster.wire.curve import CurveKeys, Door, Happened, Watch, secure_server
from ipcluster.wire.errors import LaunchError

log = logging.getLogger(__name__)

DOMAIN = "ipcluster"
# Which door.
PORT, LOCAL = 0, 1
# Plain numbers: pyzmq's enumerations cost more than the calls they go to.
_FD = int(zmq.FD)
_EVENTS, _READABLE, _MORE = int(zmq.EVENTS), int(zmq.POLLIN), int(zmq.RCVMORE)
_NOW, _MORE_FOLLOWS = int(zmq.NOBLOCK), int(zmq.SNDMORE)
# Frames of one peer: 100 MB at the size of the largest that honest peers send.
UNREAD_FRAMES = 100
# Milliseconds for what waits to be sent at the end: that agents are to stop, on a
# machine that has much else to do.
LINGER_MS = 2000
# Below this, copying a frame costs less than keeping it alive for libzmq's thread.
ZERO_COPY_BYTES = 1 << 16


class Arrival(NamedTuple):
    """One frame of messages.

    From whom, the frame, and the raw one that may follow a chunk's header.

    `connection` is a number, known for a stranger's frame: at the port the descriptor.
    A disconnect is told with it.
    """

    door: int
    route: bytes
    frame: bytes | memoryview
    extra: bytes | memoryview | None
    connection: int


class Doors:
    """The ROUTER socket, its ZAP handler and watch, and the door of this host."""

    def __init__(
        self,
        context: zmq.Context[Any],
        config: ControllerConfig,
        path: Path,
        keys: CurveKeys,
        door_key: CurveKeys,
    ) -> None:
        self.keeper_of_keys = Door(context)
        self.keeper_of_keys.allow(DOMAIN, door_key.public, "ticket")
        self._socket = tcp = _router(context, config)
        secure_server(tcp, keys.secret, DOMAIN)
        self._watch = Watch(tcp)
        self._used = True
        self.on_disconnect: Callable[[int, int], None] = lambda _door, _number: None
        try:
            tcp.bind(f"tcp://{config.ip}:{config.port or '*'}")
        except zmq.ZMQError as error:
            raise LaunchError(
                f"cannot listen on {config.ip} port {config.port or 'any'}: "
                f"{error.strerror}"
            ) from error
        self.local = LocalDoor(path)
        self.local.on_disconnect = lambda number: self.on_disconnect(LOCAL, number)
        endpoint = tcp.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(endpoint.rpartition(":")[2])

    def descriptors(self) -> dict[int, zmq.Socket[bytes]]:
        """What to poll for reading, and the socket behind each. Edges, not levels.

        See `is_readable`.
        """
        sockets = [self._socket, self.keeper_of_keys.socket, self._watch.socket]
        for socket in sockets:
            # An edge is told only to those who have looked since the last.
            socket.getsockopt(_EVENTS)
        return {_number(socket, _FD): socket for socket in sockets}

    def attach(self, poller: Poller, known: Container[tuple[int, bytes]]) -> None:
        """Let the loop poll what is not ZeroMQ's. `known`: who is in, by door."""
        self.local.attach(poller, lambda route: (LOCAL, route) in known)

    def is_port(self, socket: zmq.Socket[bytes]) -> bool:
        return socket is self._socket

    def was_used(self) -> bool:
        """Whether the port was sent on, or not read empty, since this was asked last.

        Sending may have taken the edge that told of something to read.
        """
        used, self._used = self._used, False
        return used

    def read_again(self) -> None:
        """There may be more at the port than was read: no edge will tell."""
        self._used = True

    def receive(self, known: Container[tuple[int, bytes]]) -> Arrival | None:
        """The next message from a peer at the port; None: no more now."""
        source = self._socket
        # Asking is five times cheaper than an exception that says no.
        if not _number(source, _EVENTS) & _READABLE:
            return None
        route = source.recv(_NOW)
        if not source.getsockopt(_MORE):
            return Arrival(PORT, route, b"\x90", None, -1)
        if (PORT, route) in known:
            frame: bytes | memoryview = source.recv(_NOW)
            fd = -1
        else:
            whole = source.recv(_NOW, copy=False)
            frame, fd = whole.buffer, int(whole.get(zmq.SRCFD))
        extra = None
        while source.getsockopt(_MORE):
            extra = source.recv(_NOW, copy=False).buffer
        return Arrival(PORT, route, frame, extra, fd)

    def owns(self, fd: int) -> bool:
        """Whether the door of this host has this descriptor."""
        return self.local.owns(fd)

    def on_ready(self, fd: int, events: int) -> list[Arrival]:
        """What a descriptor of the door of this host brought."""
        taken = self.local.on_ready(fd, events)
        return [] if taken is None else _arrivals(taken)

    def left_over(self) -> list[Arrival]:
        """What came there before, and was more than a fair share."""
        return [one for taken in self.local.left_over() for one in _arrivals(taken)]

    def tend(self, source: zmq.Socket[bytes]) -> None:
        """See to a lock or a watch."""
        if source is self.keeper_of_keys.socket:
            self.keeper_of_keys.serve()
            return
        for event in self._watch.read():
            if event.what is Happened.DISCONNECTED:
                self.on_disconnect(PORT, event.value)

    def send(
        self, door: int, route: bytes, frames: Sequence[bytes | memoryview]
    ) -> None:
        if door == LOCAL:
            self.local.send(route, frames)
            return
        socket = self._socket
        last = len(frames) - 1
        try:
            socket.send(route, _MORE_FOLLOWS)
            for i, frame in enumerate(frames):
                more = _MORE_FOLLOWS if i < last else 0
                socket.send(frame, more, copy=len(frame) < ZERO_COPY_BYTES)
        except zmq.ZMQError as error:
            log.debug("a frame for a peer that has gone: %s", error)
        self._used = True

    def drop(self, door: int, route: bytes) -> None:
        """A peer has another connection now: end this one, where that can be said."""
        if door == LOCAL:
            self.local.drop(route)

    def close(self) -> None:
        self._watch.close()
        self._socket.close(linger=LINGER_MS)
        self.local.close(LINGER_MS / 1000)
        self.keeper_of_keys.close()


def _arrivals(taken: Taken) -> list[Arrival]:
    number, route, frames = taken
    return [Arrival(LOCAL, route, one.frame, one.extra, number) for one in frames]


def _number(socket: zmq.Socket[bytes], option: int) -> int:
    value: Any = socket.getsockopt(option)
    return int(value)


def _router(context: zmq.Context[Any], config: ControllerConfig) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    socket.sndhwm = 0
    # What one peer may have waiting here unread; then its connection is not read until
    # the loop has caught up. (That is back-pressure: only sending drops.)
    socket.rcvhwm = UNREAD_FRAMES
    socket.linger = LINGER_MS
    # A stranger's announcement of a frame beyond this closes its connection before
    # memory is taken for it.
    socket.maxmsgsize = FRAME_LIMIT_BYTES
    socket.router_handover = True
    socket.heartbeat_ivl = int(config.heartbeat * 1000)
    socket.heartbeat_timeout = int(config.silence * 1000)
    # A heartbeat waits behind what the network does not take. The system itself has to
    # give up then; left alone it tries for a quarter of an hour.
    socket.setsockopt(zmq.TCP_MAXRT, int(config.silence * 1000))
    socket.tcp_keepalive = 1
    return socket
