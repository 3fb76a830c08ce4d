"""Who is let in: hellos, grants, sessions that come back, and what each peer may ask.

The door key has been checked before anything arrives here (`wire/curve.py`); a hello
says what its holder may do.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from ipcluster.controller.agents import AgentStation
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Arrival, Doors
from ipcluster.controller.peers import Peer
from ipcluster.controller.stations import Station
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack
from ipcluster.wire.errors import ProtocolError, SecurityError
from ipcluster.wire.grants import Grant, Object, authorize, verify

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

log = logging.getLogger(__name__)

TAGS: dict[type, str] = {
    kind: str(kind.__struct_config__.tag) for kind in get_args(m.ToController)
}


@dataclass(frozen=True)
class Identity:
    """What a controller tells of itself, and how it knows its grants."""

    cluster: str
    epoch: str
    grant_key: bytes
    host_proof: tuple[str, str]
    segment_folder: str


class Reception:
    """Peers by session, by route, and by number."""

    def __init__(
        self, config: ControllerConfig, identity: Identity, doors: Doors
    ) -> None:
        self._config = config
        self._identity = identity
        self._doors = doors
        self.routes: dict[tuple[int, bytes], Peer] = {}
        self._sessions: dict[str, Peer] = {}
        self._numbers: dict[int, Peer] = {}
        self._names: dict[str, int] = {}
        self._next = 1
        self._gone: list[Peer] = []
        self.stations: dict[int, AgentStation] = {}
        self._server: Server | None = None

    # --- look-ups ---------------------------------------------------------------------

    def peer_of(self, arrival: Arrival) -> Peer | None:
        return self.routes.get((arrival.door, arrival.route))

    def client(self, number: int) -> Peer | None:
        return self._numbers.get(number)

    def clients(self) -> list[Peer]:
        return [p for p in self._numbers.values() if p.kind == "client"]

    def number_of(self, session: str) -> int | None:
        """The client number of a session, also of one that has ended."""
        return self._names.get(session)

    def session_of(self, number: int) -> str:
        peer = self._numbers.get(number)
        if peer is not None:
            return peer.session
        for session, known in self._names.items():
            if known == number:
                return session
        return "?"

    def station_of(self, peer: Peer, message: object) -> Station:
        station = self.stations.get(peer.number)
        if station is None:
            if not isinstance(message, m.HostJoin):
                raise ProtocolError("an agent must join its host first")
            assert self._server is not None
            station = AgentStation(peer, message, self._server)
            self.stations[peer.number] = station
        return station

    # --- the door ---------------------------------------------------------------------

    def on_hello(
        self, arrival: Arrival, hello: m.ToController | None, server: Server
    ) -> Peer | None:
        """Let a stranger in, or tell it in one line why not."""
        self._server = server
        if not isinstance(hello, m.Hello):
            self._refuse(arrival, "say hello first: this connection is not known here")
            return None
        reason = _version_mismatch(hello)
        if reason is None:
            try:
                grant = verify(self._identity.grant_key, hello.grant)
                if grant.cluster != self._identity.cluster:
                    reason = "this grant is for another cluster"
            except SecurityError as error:
                reason = str(error)
        if reason is not None:
            self._refuse(arrival, reason)
            return None
        peer = self._sessions.get(hello.session)
        if peer is None:
            peer = self._admit(arrival, hello, grant)
        else:
            self._readmit(arrival, peer, grant)
        peer.outbox.insert(0, self._welcome(peer, server))
        return peer

    def _admit(self, arrival: Arrival, hello: m.Hello, grant: Grant) -> Peer:
        kind = (
            "agent" if "engine" in grant.rights and hello.name == "agent" else "client"
        )
        peer = Peer(
            self._next,
            hello.session,
            hello.name,
            kind,
            grant,
            arrival.door,
            arrival.route,
            arrival.fd,
            joined=time.time(),
        )
        self._next += 1
        self._sessions[peer.session] = peer
        self._names[peer.session] = peer.number
        self._numbers[peer.number] = peer
        self.routes[arrival.door, arrival.route] = peer
        assert self._server is not None
        if kind == "client":
            self._server.table.on_client_joined(peer.number)
        log.info("%s %d (%s) joined", kind, peer.number, hello.name)
        return peer

    def _readmit(self, arrival: Arrival, peer: Peer, grant: Grant) -> None:
        self.routes.pop((peer.door, peer.route), None)
        peer.door, peer.route, peer.fd = arrival.door, arrival.route, arrival.fd
        peer.grant = grant
        self.routes[arrival.door, arrival.route] = peer
        if peer in self._gone:
            self._gone.remove(peer)
        peer.resume()
        log.info("%s %d is back", peer.kind, peer.number)

    def _welcome(self, peer: Peer, server: Server) -> m.Welcome:
        identity = self._identity
        return m.Welcome(
            peer.number,
            identity.cluster,
            identity.epoch,
            identity.host_proof,
            identity.segment_folder,
            [engine.info for engine in server.roster.engines.values()],
            self._config.window_tasks,
            self._config.window_bytes,
        )

    def _refuse(self, arrival: Arrival, reason: str) -> None:
        log.info("refused a peer: %s", reason)
        self._doors.send(arrival.door, arrival.route, [pack([m.Refused(reason)])])

    def authorize(self, peer: Peer, message: m.ToController) -> None:
        """Return if the peer's grant covers this message.

        Raises:
            SecurityError: it does not.
        """
        verb = message.verb if type(message) is m.Ask else TAGS[type(message)]
        grant = peer.grant
        try:
            authorize(
                grant, verb, None if grant.engines is None else _object_of(message)
            )
        except SecurityError as error:
            self._tell_denied(peer, message, error)
            raise

    def _tell_denied(
        self, peer: Peer, message: m.ToController, error: SecurityError
    ) -> None:
        assert self._server is not None
        self._server.hub.deny(peer, message, error)

    # --- comings and goings -----------------------------------------------------------

    def on_disconnect(self, door: int, fd: int, now: float) -> None:
        """The connection with this descriptor has closed; its peer may come back."""
        for peer in self._numbers.values():
            if peer.fd == fd and peer.door == door and peer.connected:
                peer.connected = False
                peer.gone_since = now
                peer.outbox.clear()
                self.routes.pop((peer.door, peer.route), None)
                self._gone.append(peer)
                log.info("%s %d disconnected", peer.kind, peer.number)
                station = self.stations.get(peer.number)
                if station is not None:
                    station.on_suspect()
                return

    def next_deadline(self) -> float | None:
        if not self._gone:
            return None
        return min(peer.gone_since for peer in self._gone) + self._patience(
            self._gone[0]
        )

    def _patience(self, peer: Peer) -> float:
        return self._config.reconnect_seconds if peer.kind == "client" else 10.0

    def on_tick(self, now: float) -> None:
        for peer in list(self._gone):
            if now - peer.gone_since > self._patience(peer):
                self._gone.remove(peer)
                self.forget(peer)

    def forget(self, peer: Peer) -> None:
        """It does not come back: its tasks go on, what it held is let go."""
        server = self._server
        assert server is not None
        self._sessions.pop(peer.session, None)
        self._numbers.pop(peer.number, None)
        self.routes.pop((peer.door, peer.route), None)
        if peer.kind == "client":
            server.table.on_client_left(peer.number)
        station = self.stations.pop(peer.number, None)
        if station is not None:
            server.lose_station(station, "its host's agent has gone")
        server.transfers.on_gone(peer)
        server.free(server.holds.on_gone((peer.kind, peer.number)))
        if len(self._names) > 10_000:
            self._names.pop(next(iter(self._names)))


def _version_mismatch(hello: m.Hello) -> str | None:
    if hello.protocol != m.PROTOCOL:
        return (
            f"protocol {hello.protocol} was offered (ipcluster {hello.version}), "
            f"this controller speaks {m.PROTOCOL}: install the same ipcluster on both "
            "sides"
        )
    ours = sys.version_info[:2]
    if tuple(hello.python) != ours:
        theirs = ".".join(map(str, hello.python))
        return (
            f"Python {theirs} was offered, this cluster runs Python "
            f"{ours[0]}.{ours[1]}: functions cannot travel between "
            "them; use the same version on both sides"
        )
    return None


def _object_of(message: m.ToController) -> Object | None:
    """The engines a message addresses; None: no engine in particular."""
    if isinstance(message, m.Direct):
        return Object(engines=frozenset(message.targets))
    if isinstance(message, m.Submit):
        return Object(engines=message.options.targets)
    return None
