"""The station of another host.

What the controller would do at a link it asks that host's agent to do.

Segments are moved to the host once, whatever the number of its engines. A frame for an
engine waits here, in order, while a segment that it names is on its way; everything
else passes. The same the other way: what an engine says after an outcome whose segments
are still coming waits for them. Tasks whose segments cannot be moved end with an error
that says why.

The host's engines name their segments as they like; here these names get a prefix.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from ipcluster.controller.peers import Peer
from ipcluster.controller.transfers import prefix_of
from ipcluster.wire.chunks import checked_name
from ipcluster.wire.codec import pack, unpack_to_link
from ipcluster.wire.errors import ProtocolError, encode_info
from ipcluster.wire.messages import (
    Died,
    Done,
    ErrorInfo,
    Fetch,
    FreeSegments,
    FromLink,
    HostJoin,
    Item,
    NewFunction,
    Outcome,
    Run,
    Segment,
    Status,
    ToEngine,
    ToKeeper,
)

if TYPE_CHECKING:
    from ipcluster.controller.server import Server


class AgentStation:
    """Engines behind an agent."""

    def __init__(self, peer: Peer, join: HostJoin, server: Server) -> None:
        self.number = peer.number
        self.host = join.host
        self._peer = peer
        self._server = server
        self._prefix = prefix_of(peer.number)
        self._there: set[str] = set()
        self._moving: set[str] = set()
        self._outgoing: dict[int, deque[tuple[bytes, set[str]]]] = {}
        self._coming: set[str] = set()
        self._incoming: dict[int, deque[tuple[FromLink | Died, set[str]]]] = {}

    # --- to the host ------------------------------------------------------------------

    def send(self, slot: int, frame: bytes, segments: Iterable[Segment]) -> None:
        """Bring a frame to an engine, after the bytes that it names."""
        ends: dict[str, int] = {}
        for segment in segments:
            if segment.name not in self._there:
                end = segment.offset + segment.size
                ends[segment.name] = max(end, ends.get(segment.name, 0))
        if ends or slot in self._outgoing:
            queue = self._outgoing.setdefault(slot, deque())
            queue.append((frame, set(ends)))
            for name in ends.keys() - self._moving:
                self._push(Segment(name, 0, ends[name]))
        else:
            self._server.send(self._peer, ToEngine(slot, frame))

    def _push(self, segment: Segment) -> None:
        self._moving.add(segment.name)
        try:
            self._server.transfers.push(self._peer, segment)
        except ProtocolError as error:
            self.on_refused(segment.name, str(error))
        self._server.touch(self._peer)

    def on_sent(self, name: str) -> None:
        """The agent has all of a segment."""
        self._moving.discard(name)
        self._there.add(name)
        self._pass_on()

    def _pass_on(self) -> None:
        for slot, queue in list(self._outgoing.items()):
            while queue and queue[0][1] <= self._there:
                self._server.send(self._peer, ToEngine(slot, queue.popleft()[0]))
            if not queue:
                del self._outgoing[slot]

    def tell_keeper(self, message: msgspec.Struct) -> None:
        self._server.send(self._peer, ToKeeper(pack([message])))

    def free(self, names: list[str]) -> None:
        """Remove the host's copies of these, and what its lost engines made."""
        gone = []
        for name in names:
            if name in self._moving:  # for an engine that has ended meanwhile
                self._moving.discard(name)
                self._server.transfers.abort(self._peer, name)
            elif name not in self._there:
                if name.startswith(self._prefix):
                    gone.append(name.removeprefix(self._prefix))
                continue
            self._there.discard(name)
            gone.append(name)
        if gone:
            self._server.send(self._peer, FreeSegments(gone))

    # --- from the host ----------------------------------------------------------------

    def receive(self, slot: int, message: FromLink | Died) -> FromLink | Died | None:
        """The message, in the controller's names; None: it waits for bytes.

        `on_arrived` gives it back.
        """
        names: set[str] = set()
        if isinstance(message, Died):
            self._outgoing.pop(slot, None)
        if isinstance(message, Done) and any(o.segments for o in message.outcomes):
            message = Done([self._renamed(o) for o in message.outcomes])
            names = self._fetch(message)
        if names or slot in self._incoming:
            self._incoming.setdefault(slot, deque()).append((message, names))
            return None
        return message

    def _renamed(self, outcome: Outcome) -> Outcome:
        segments = tuple(
            Segment(self._prefix + checked_name(s.name), s.offset, s.size)
            for s in outcome.segments
        )
        return msgspec.structs.replace(outcome, segments=segments)

    def _fetch(self, done: Done) -> set[str]:
        """Ask for the bytes that are not here; their names."""
        transfers = self._server.transfers
        ends: dict[str, int] = {}
        for outcome in done.outcomes:
            for segment in outcome.segments:
                if not transfers.has(segment.name):
                    end = segment.offset + segment.size
                    ends[segment.name] = max(end, ends.get(segment.name, 0))
        for name in ends.keys() - self._coming:
            self._coming.add(name)
            transfers.expect(self._peer, name)
            segment = Segment(name.removeprefix(self._prefix), 0, ends[name])
            self._server.send(self._peer, Fetch(segment))
        return set(ends)

    def on_arrived(self, name: str) -> list[tuple[int, FromLink | Died]]:
        """What need not wait any longer, by slot and in order."""
        self._coming.discard(name)
        ready: list[tuple[int, FromLink | Died]] = []
        for slot, queue in list(self._incoming.items()):
            while queue and not queue[0][1] & self._coming:
                ready.append((slot, queue.popleft()[0]))
            if not queue:
                del self._incoming[slot]
        return ready

    # --- what cannot be moved ---------------------------------------------------------

    def on_refused(self, name: str, reason: str) -> list[tuple[int, FromLink | Died]]:
        """A segment cannot get there, or cannot come: its tasks end."""
        if name in self._moving:
            self._moving.discard(name)
            text = f"an argument cannot be brought to host {self.host}: {reason}"
            for slot, queue in list(self._outgoing.items()):
                waiting = list(queue)
                queue.clear()
                for frame, missing in waiting:
                    if name in missing:
                        frame = self._without(slot, frame, name, text)
                    queue.append((frame, missing - {name}))
            self._pass_on()
        if name not in self._coming:
            return []
        text = f"the result cannot be brought from host {self.host}: {reason}"
        for slot, coming in self._incoming.items():
            for i, (message, names) in enumerate(coming):
                if name in names and isinstance(message, Done):
                    coming[i] = self._failed(slot, message, name, text), names - {name}
        return self.on_arrived(name)

    def _without(self, slot: int, frame: bytes, name: str, text: str) -> bytes:
        """The frame without what needs this segment; those tasks end now."""
        engine = self._server.roster.find(self, slot)
        kept: list[msgspec.Struct] = []
        functions: set[bytes] = set()
        failed: list[Item] = []
        for message in unpack_to_link(frame):
            if isinstance(message, NewFunction) and _names(message.segments, name):
                functions.add(message.digest)
                continue
            if isinstance(message, Run):
                lost = [
                    item
                    for item in message.items
                    if message.function in functions or _names(item.segments, name)
                ]
                failed += lost
                items = [item for item in message.items if item not in lost]
                message = msgspec.structs.replace(message, items=items)
                if not items:
                    continue
            kept.append(message)
        if engine is not None:
            self._server.segments.fail_items(engine, failed, functions, text)
        return pack(kept)

    def _failed(self, slot: int, done: Done, name: str, text: str) -> Done:
        """The outcomes, errors in place of those whose bytes do not come."""
        outcomes = []
        for outcome in done.outcomes:
            if _names(outcome.segments, name):
                info = ErrorInfo("EngineError", "EngineError", text, task=outcome.task)
                outcome = Outcome(
                    outcome.task,
                    Status.ERROR,
                    encode_info(info),
                    outcome.started,
                    outcome.duration,
                )
            outcomes.append(outcome)
        engine = self._server.roster.find(self, slot)
        if engine is not None:
            freed = FreeSegments([name.removeprefix(self._prefix)])
            self._server.send(self._peer, ToEngine(slot, pack([freed])))
        return Done(outcomes)

    # --- the connection ---------------------------------------------------------------

    def on_new_link(self, slot: int) -> None:
        """What waits here for the old link, or came over it, is said again."""
        self._outgoing.pop(slot, None)
        self._incoming.pop(slot, None)

    def on_suspect(self) -> None:
        """The connection is down: its engines get no new work until it is back."""
        for engine in self._server.roster.of_station(self):
            self._server.table.on_engine_suspect(engine.id)

    def on_back(self) -> None:
        """It is up again, and what was under way arrives after all."""
        for engine in self._server.roster.of_station(self):
            self._server.table.on_engine_back(engine.id)


def _names(segments: Iterable[Segment], name: str) -> bool:
    return any(segment.name == name for segment in segments)
