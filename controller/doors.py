"""The sockets that peers come in by: one TCP port behind CURVE, and its twin on this host, a socket file in a folder
that only this user can enter.

ROUTER drops silently what does not fit below its high-water mark, so there is none: windows per peer
(`controller/peers.py`, `client/`) bound what is under way instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import zmq

from ipcluster.controller.config import ControllerConfig
from ipcluster.wire.codec import FRAME_LIMIT_BYTES
from ipcluster.wire.curve import CurveKeys, Door, Happened, Watch, secure_server
from ipcluster.wire.errors import LaunchError

log = logging.getLogger(__name__)

DOMAIN = "ipcluster"


class Arrival(NamedTuple):
    """One ZeroMQ message: from whom, the frame of messages, and the raw frame that may follow a chunk's header."""

    door: int
    route: bytes
    frame: memoryview
    extra: memoryview | None
    first: zmq.Frame

    def fd(self) -> int:
        """The descriptor of the connection it came by; a later disconnect is told with it."""
        return int(self.first.get(zmq.SRCFD))


class Doors:
    """Both ROUTER sockets, the ZAP handler, and what libzmq notices about connections."""

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
        self._numbers = {socket: i for i, socket in enumerate(self._sockets)}
        self.on_disconnect: Callable[[int, int], None] = lambda _door, _fd: None
        try:
            tcp.bind(f"tcp://{config.ip}:{config.port or '*'}")
        except zmq.ZMQError as error:
            raise LaunchError(
                f"cannot listen on {config.ip} port {config.port or 'any'}: {error.strerror}"
            ) from error
        ipc.bind(f"ipc://{path}")
        endpoint = tcp.getsockopt_string(zmq.LAST_ENDPOINT)
        self.port = int(endpoint.rpartition(":")[2])

    def register(self, poller: zmq.Poller) -> None:
        poller.register(self.keeper_of_keys.socket, zmq.POLLIN)
        for socket in [*self._sockets, *[watch.socket for watch in self._watches]]:
            poller.register(socket, zmq.POLLIN)

    def receive(self, source: zmq.Socket[bytes]) -> Arrival | None:
        """The next message from a peer; None: no more now. Locks and watches are seen to on the way."""
        number = self._numbers.get(source)
        if number is None:
            self._tend(source)
            return None
        try:
            route = source.recv(zmq.NOBLOCK)
        except zmq.Again:
            return None
        frames = []
        while source.rcvmore:
            frames.append(source.recv(copy=False))
        if not frames:
            return self.receive(source)
        extra = frames[1].buffer if len(frames) == 2 else None
        return Arrival(number, route, frames[0].buffer, extra, frames[0])

    def _tend(self, source: zmq.Socket[bytes]) -> None:
        if source is self.keeper_of_keys.socket:
            self.keeper_of_keys.serve()
            return
        for number, watch in enumerate(self._watches):
            if watch.socket is source:
                for event in watch.read():
                    if event.what is Happened.DISCONNECTED:
                        self.on_disconnect(number, event.value)

    def send(self, door: int, route: bytes, frames: Sequence[bytes]) -> None:
        try:
            self._sockets[door].send_multipart([route, *frames], zmq.NOBLOCK, copy=False)
        except zmq.ZMQError as error:
            log.debug("a frame for a peer that has gone: %s", error)

    def close(self) -> None:
        for watch in self._watches:
            watch.close()
        for socket in self._sockets:
            socket.close(linger=500)
        self.keeper_of_keys.close()


def _router(context: zmq.Context[Any], config: ControllerConfig) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    socket.sndhwm = socket.rcvhwm = 0
    socket.linger = 500
    # A stranger's announcement of a frame beyond this closes its connection before memory is taken for it.
    socket.maxmsgsize = FRAME_LIMIT_BYTES
    socket.router_handover = True
    socket.heartbeat_ivl = int(config.heartbeat * 1000)
    socket.heartbeat_timeout = int(config.silence * 1000)
    socket.tcp_keepalive = 1
    return socket
