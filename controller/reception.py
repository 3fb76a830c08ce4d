"""Who is let in: hellos, grants, sessions that come back, and what each peer may ask.

The door key has been checked before anything arrives here (`wire/curve.py`); a hello
says what its holder may do.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from ipcluster.controller.agents import AgentStation
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Arrival, Doors
from ipcluster.controller.peers import Peer
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack
from ipcluster.wire.errors import ProtocolError, SecurityError
from ipcluster.wire.grants import ENGINE, Grant, authorize, verify
from ipcluster.wire.lines import Line
from ipcluster.wire.numbered import NumberedFrames

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

log = logging.getLogger(__name__)

# A session is part of names of files and of tasks.
_SESSION = re.compile(r"[0-9a-f]{12,32}")
# Strangers that are told why they are not let in, at most, at a time: one that goes on
# without a hello is told once.
_TOLD = 1000

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
    segment_fallback: str


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
        self._told: OrderedDict[tuple[int, bytes], None] = OrderedDict()
        self.stations: dict[int, AgentStation] = {}
        self._server: Server | None = None

    # --- look-ups ---------------------------------------------------------------------

    def peer_of(self, arrival: Arrival) -> Peer | None:
        return self.routes.get((arrival.door, arrival.route))

    def client(self, number: int) -> Peer | None:
        return self._numbers.get(number)

    def clients(self) -> list[Peer]:
        return [p for p in self._numbers.values() if p.kind == "client"]

    def everybody(self) -> list[Peer]:
        return list(self._numbers.values())

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

    def station_of(self, peer: Peer, message: object) -> AgentStation:
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
        self,
        arrival: Arrival,
        hello: m.ToController | None,
        counted: m.Numbered | None,
        server: Server,
    ) -> Peer | None:
        """Let a stranger in, or tell it in one line why not.

        `counted` says that its frames are numbered, and how many of ours it has had.
        """
        self._server = server
        if not isinstance(hello, m.Hello):
            self._refuse(arrival, m.SAY_HELLO)
            return None
        try:
            grant = self._check(hello)
        except (SecurityError, ProtocolError) as error:
            self._refuse(arrival, str(error))
            return None
        peer = self._sessions.get(hello.session)
        if peer is None:
            peer = self._admit(arrival, hello, grant)
            if counted is not None or peer.kind == "agent":
                peer.numbered = NumberedFrames()
            self._welcome(peer, server)
        else:
            self._readmit(arrival, peer)
            self._welcome(peer, server)
            server.sending.send_again(peer, counted.taken if counted else 0)
        return peer

    def _check(self, hello: m.Hello) -> Grant:
        """The grant of a peer that may come in.

        Raises:
            ProtocolError, SecurityError: why it may not.
        """
        mismatch = _version_mismatch(hello)
        if mismatch is not None:
            raise ProtocolError(mismatch)
        grant = verify(self._identity.grant_key, hello.grant)
        if grant.cluster != self._identity.cluster:
            raise SecurityError("this grant is for another cluster")
        authorize(grant, "hello")
        if not _SESSION.fullmatch(hello.session):
            raise ProtocolError("a session is named by 12 to 32 hex digits")
        peer = self._sessions.get(hello.session)
        # Sessions are part of every msg_id, so they are no secret.
        if peer is not None and (peer.grant, peer.kind) != (grant, _kind(hello, grant)):
            raise SecurityError("this session belongs to the holder of another grant")
        return grant

    def _admit(self, arrival: Arrival, hello: m.Hello, grant: Grant) -> Peer:
        kind = _kind(hello, grant)
        peer = Peer(
            self._next,
            hello.session,
            hello.name[:200],
            kind,
            grant,
            arrival.door,
            arrival.route,
            arrival.connection,
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
        log.info("%s %d (%s) joined", kind, peer.number, peer.name)
        return peer

    def _readmit(self, arrival: Arrival, peer: Peer) -> None:
        self.routes.pop((peer.door, peer.route), None)
        self._doors.drop(peer.door, peer.route)
        peer.door, peer.route = arrival.door, arrival.route
        peer.connection = arrival.connection
        self.routes[arrival.door, arrival.route] = peer
        if peer in self._gone:
            self._gone.remove(peer)
        peer.resume()
        if peer.number in self.stations:
            self.stations[peer.number].on_back()
        log.info("%s %d is back", peer.kind, peer.number)

    def _welcome(self, peer: Peer, server: Server) -> None:
        identity = self._identity
        welcome = m.Welcome(
            peer.number,
            identity.cluster,
            identity.epoch,
            identity.host_proof,
            identity.segment_folder,
            [engine.info for engine in server.roster.engines.values()],
            self._config.window_tasks,
            self._config.window_bytes,
            identity.segment_fallback,
        )
        messages: list[m.Numbered | m.Welcome] = [welcome]
        if peer.numbered is not None:
            messages.insert(0, peer.numbered.said())
        log.debug("to %s %d: %s", peer.kind, peer.number, Line(welcome))
        self._doors.send(peer.door, peer.route, [pack(messages)])

    def _refuse(self, arrival: Arrival, reason: str) -> None:
        stranger = (arrival.door, arrival.route)
        if stranger in self._told:
            return
        self._told[stranger] = None
        if len(self._told) > _TOLD:
            self._told.popitem(last=False)
        log.info("refused a peer: %s", reason)
        self._doors.send(arrival.door, arrival.route, [pack([m.Refused(reason)])])

    def authorize(self, peer: Peer, message: m.ToController) -> None:
        """Return if the peer's grant covers this message.

        Raises:
            SecurityError: it does not.
        """
        verb = message.verb if type(message) is m.Ask else TAGS[type(message)]
        assert self._server is not None
        try:
            authorize(peer.grant, verb, self._server.conduct.object_of(peer, message))
        except SecurityError as error:
            self._tell_denied(peer, message, error)
            raise

    def _tell_denied(
        self, peer: Peer, message: m.ToController, error: SecurityError
    ) -> None:
        assert self._server is not None
        self._server.hub.deny(peer, message, error)

    # --- comings and goings -----------------------------------------------------------

    def on_disconnect(self, door: int, connection: int, now: float) -> None:
        """The connection with this number has closed; its peer may come back."""
        for peer in self._numbers.values():
            if (peer.door, peer.connection) == (door, connection) and (
                peer not in self._gone
            ):
                peer.connected = False
                peer.gone_since = now
                peer.connection = -1  # a newer one may get the same number
                if peer.numbered is None:
                    peer.outbox.clear()
                    assert self._server is not None
                    self._server.transfers.on_gone(peer)
                self.routes.pop((peer.door, peer.route), None)
                self._gone.append(peer)
                log.info("%s %d disconnected", peer.kind, peer.number)
                station = self.stations.get(peer.number)
                if station is not None:
                    station.on_suspect()
                return

    def next_deadline(self) -> float | None:
        """When somebody has been away for too long."""
        if not self._gone:
            return None
        return min([peer.gone_since + self._patience(peer) for peer in self._gone])

    def _patience(self, peer: Peer) -> float:
        if peer.kind == "client":
            return self._config.reconnect_seconds
        return self._config.agent_seconds

    def on_tick(self, now: float) -> None:
        for peer in list(self._gone):
            if now - peer.gone_since >= self._patience(peer):
                self._gone.remove(peer)
                self.forget(peer)

    def leave(self, peer: Peer) -> None:
        """It says itself that it does not come back."""
        if peer in self._gone:
            self._gone.remove(peer)
        log.info("%s %d left", peer.kind, peer.number)
        self.forget(peer)

    def put_out(self, peer: Peer) -> None:
        """A client that does not take what it asked for, without bound."""
        log.warning("client %d (%s) takes no results: put out", peer.number, peer.name)
        reason = "this client does not take its results, so it was put out"
        self._doors.send(peer.door, peer.route, [pack([m.Refused(reason)])])
        self._told[peer.door, peer.route] = None
        if peer in self._gone:
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
            for shown in list(peer.wishes.values()):
                server.answer_wish(m.Typed(shown.task, None, shown.wish))
            server.watching.forget_client(peer.number)
        station = self.stations.pop(peer.number, None)
        if station is not None:
            seconds = self._config.agent_seconds
            server.lose_station(
                station,
                f"the agent of its host {station.host} has ended or cannot be reached "
                f"(no connection for {seconds:.0f} s)",
            )
        server.transfers.on_gone(peer)
        server.segments.on_client_gone(peer)
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


def _kind(hello: m.Hello, grant: Grant) -> str:
    return "agent" if ENGINE in grant.rights and hello.name == "agent" else "client"
