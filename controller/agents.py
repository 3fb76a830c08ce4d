"""The station of another host.

What the controller would do at a link it asks that host's agent to do.

Segments are moved to the host once, whatever the number of its engines. A frame for an
engine waits here, in order, while a segment that it names is on its way; everything
else passes. The same the other way: what an engine says after an outcome whose segments
are still coming waits for them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from ipcluster.controller.peers import Peer
from ipcluster.wire.codec import pack
from ipcluster.wire.messages import (
    Done,
    Fetch,
    FreeSegments,
    FromLink,
    HostJoin,
    Segment,
    ToEngine,
    ToKeeper,
)

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

# The end of every segment's file.
_WHOLE = 1 << 62


class AgentStation:
    """Engines behind an agent."""

    def __init__(self, peer: Peer, join: HostJoin, server: Server) -> None:
        self.number = peer.number
        self.host = join.host
        self._peer = peer
        self._server = server
        self._there: set[str] = set()
        self._moving: set[str] = set()
        self._outgoing: dict[int, deque[tuple[bytes, set[str]]]] = {}
        self._coming: set[str] = set()
        self._incoming: dict[int, deque[tuple[FromLink, set[str]]]] = {}

    # --- to the host ------------------------------------------------------------------

    def send(self, slot: int, frame: bytes, segments: Iterable[Segment]) -> None:
        missing = {s.name for s in segments} - self._there
        for name in missing - self._moving:
            self._moving.add(name)
            self._server.transfers.push(self._peer, Segment(name, 0, _WHOLE))
            self._server.touch(self._peer)
        if missing or slot in self._outgoing:
            self._outgoing.setdefault(slot, deque()).append((frame, missing))
        else:
            self._server.send(self._peer, ToEngine(slot, frame))

    def on_sent(self, name: str) -> None:
        """The agent has all of a segment."""
        self._moving.discard(name)
        self._there.add(name)
        for slot, queue in list(self._outgoing.items()):
            while queue and queue[0][1] <= self._there:
                self._server.send(self._peer, ToEngine(slot, queue.popleft()[0]))
            if not queue:
                del self._outgoing[slot]

    def tell_keeper(self, message: msgspec.Struct) -> None:
        self._server.send(self._peer, ToKeeper(pack([message])))

    def free(self, names: list[str]) -> None:
        """Remove the host's copies of these."""
        ours = [name for name in names if name in self._there]
        if ours:
            self._there.difference_update(ours)
            self._server.send(self._peer, FreeSegments(ours))

    # --- from the host ----------------------------------------------------------------

    def holds_back(self, slot: int, message: FromLink) -> bool:
        """Whether this must wait for bytes to come; `on_arrived` gives it back."""
        names = set()
        if isinstance(message, Done):
            names = {s.name for o in message.outcomes for s in o.segments}
            names = {n for n in names if not self._server.transfers.has(n)}
        for name in names - self._coming:
            self._coming.add(name)
            self._server.send(self._peer, Fetch(Segment(name, 0, _WHOLE)))
        if names or slot in self._incoming:
            self._incoming.setdefault(slot, deque()).append((message, names))
            return True
        return False

    def on_arrived(self, name: str) -> list[tuple[int, FromLink]]:
        """What need not wait any longer, by slot and in order."""
        self._coming.discard(name)
        ready: list[tuple[int, FromLink]] = []
        for slot, queue in list(self._incoming.items()):
            while queue and not queue[0][1] & self._coming:
                ready.append((slot, queue.popleft()[0]))
            if not queue:
                del self._incoming[slot]
        return ready

    # --- the connection ---------------------------------------------------------------

    def on_suspect(self) -> None:
        """The connection is down: its engines get no new work until it is back."""
        for engine in self._server.roster.of_station(self):
            self._server.table.on_engine_suspect(engine.id)
