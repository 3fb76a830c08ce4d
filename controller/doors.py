"""The sockets that peers come in by.

One TCP port behind CURVE, and its twin on this host, a socket file in a folder
that only this user can enter.

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
from ipcluster.wire.codec import FRAME_LIMIT_BYTES
from ipcluster.wire.curve import CurveKeys, Door, Happened, Watch, secure_server
from ipcluster.wire.errors import LaunchError

log = logging.getLogger(__name__)

DOMAIN = "ipcluster"
# Plain numbers: pyzmq's enumerations cost more than the calls they go to.
_FD = int(zmq.FD)
_EVENTS, _READABLE, _MORE = int(zmq.EVENTS), int(zmq.POLLIN), int(zmq.RCVMORE)
_NOW, _MORE_FOLLOWS = int(zmq.NOBLOCK), int(zmq.SNDMORE)
# Frames of one peer: 100 MB at the size of the largest that honest peers send.
UNREAD_FRAMES = 100
# Below this, copying a frame costs less than keeping it alive for libzmq's thread.
ZERO_COPY_BYTES = 1 << 16


class Arrival(NamedTuple):
    """One ZeroMQ message.

    From whom, the frame of messages, and the raw frame that may follow a chunk's
    header.

    `fd` is the descriptor of the connection, known for a stranger's message; a
    disconnect is told with it.
    """

    door: int
    route: bytes
    frame: bytes | memoryview
    extra: memoryview | None
    fd: int


class Doors:
    """Both ROUTER sockets, the ZAP handler, and watches on connections."""

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
        self._sockets = [_router(context, config) for _ in range(2)]
        tcp, ipc = self._sockets
        secure_server(tcp, keys.secret, DOMAIN)
        self._watches = [Watch(socket) for socket in self._sockets]
        self._used: list[zmq.Socket[bytes]] = list(self._sockets)
        self._numbers = {socket: i for i, socket in enumerate(self._sockets)}
        self.on_disconnect: Callable[[int, int], None] = lambda _door, _fd: None
        try:
            tcp.bind(f"tcp://{config.ip}:{config.port or '*'}")
        except zmq.ZMQError as error:
            raise LaunchError(
                f"cannot listen on {config.ip} port {config.port or 'any'}: "
                f"{error.strerror}"
            ) from error
        ipc.bind(f"ipc://{path}")
        endpoint = tcp.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(endpoint.rpartition(":")[2])

    def descriptors(self) -> dict[int, zmq.Socket[bytes]]:
        """What to poll for reading, and the socket behind each. Edges, not levels.

        See `is_readable`.
        """
        sockets = [
            *self._sockets,
            self.keeper_of_keys.socket,
            *[watch.socket for watch in self._watches],
        ]
        for socket in sockets:
            # An edge is told only to those who have looked since the last.
            socket.getsockopt(_EVENTS)
        return {_number(socket, _FD): socket for socket in sockets}

    def is_door(self, socket: zmq.Socket[bytes]) -> bool:
        return socket in self._numbers

    def used(self) -> list[zmq.Socket[bytes]]:
        """Doors sent on since the last call.

        Sending may have taken the edge that told of something to read.
        """
        used, self._used = self._used, []
        return used

    def read_again(self, source: zmq.Socket[bytes]) -> None:
        """There may be more than was read: no edge will tell."""
        self._used.append(source)

    def receive(
        self, source: zmq.Socket[bytes], known: Container[tuple[int, bytes]]
    ) -> Arrival | None:
        """The next message from a peer; None: no more now."""
        # Asking is five times cheaper than an exception that says no.
        if not _number(source, _EVENTS) & _READABLE:
            return None
        number = self._numbers[source]
        route = source.recv(_NOW)
        if not source.getsockopt(_MORE):
            return Arrival(number, route, b"\x90", None, -1)
        if (number, route) in known:
            frame: bytes | memoryview = source.recv(_NOW)
            fd = -1
        else:
            whole = source.recv(_NOW, copy=False)
            frame, fd = whole.buffer, int(whole.get(zmq.SRCFD))
        extra = None
        while source.getsockopt(_MORE):
            extra = source.recv(_NOW, copy=False).buffer
        return Arrival(number, route, frame, extra, fd)

    def tend(self, source: zmq.Socket[bytes]) -> None:
        """See to a lock or a watch."""
        if source is self.keeper_of_keys.socket:
            self.keeper_of_keys.serve()
            return
        for number, watch in enumerate(self._watches):
            if watch.socket is source:
                for event in watch.read():
                    if event.what is Happened.DISCONNECTED:
                        self.on_disconnect(number, event.value)

    def send(
        self, door: int, route: bytes, frames: Sequence[bytes | memoryview]
    ) -> None:
        socket = self._sockets[door]
        last = len(frames) - 1
        try:
            socket.send(route, _MORE_FOLLOWS)
            for i, frame in enumerate(frames):
                more = _MORE_FOLLOWS if i < last else 0
                socket.send(frame, more, copy=len(frame) < ZERO_COPY_BYTES)
        except zmq.ZMQError as error:
            log.debug("a frame for a peer that has gone: %s", error)
        self._used.append(socket)

    def close(self) -> None:
        for watch in self._watches:
            watch.close()
        for socket in self._sockets:
            socket.close(linger=500)
        self.keeper_of_keys.close()


def _number(socket: zmq.Socket[bytes], option: int) -> int:
    value: Any = socket.getsockopt(option)
    return int(value)


def _router(context: zmq.Context[Any], config: ControllerConfig) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    socket.sndhwm = 0
    # What one peer may have waiting here unread; then its connection is not read until
    # the loop has caught up. (That is back-pressure: only sending drops.)
    socket.rcvhwm = UNREAD_FRAMES
    socket.linger = 500
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
