"""Where segments are held and let go, and what waits for those on their way.

    holds.py       who maps which          (counting)
    transfers.py   bytes over the network  (files)
    agents.py      frames that wait for bytes, by host

This puts them together for the loop in `server.py`.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipcluster.controller.agents import AgentStation
from ipcluster.controller.holds import CONTROLLER, Party
from ipcluster.controller.peers import Peer
from ipcluster.controller.stations import EngineRecord
from ipcluster.controller.transfers import prefix_of
from ipcluster.wire import messages as m
from ipcluster.wire.chunks import checked_name
from ipcluster.wire.errors import encode_info

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

log = logging.getLogger(__name__)


class Segments:
    """The segments of all tasks and results, for one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._holds = server.holds
        self._transfers = server.transfers
        self._transfers.on_arrived = self._on_arrived
        self._transfers.on_sent = self._on_sent
        self._transfers.on_refused = self._on_refused
        self._unneeded: list[str] = []

    # --- held -------------------------------------------------------------------------

    def hold_items(self, maker: Party, items: Iterable[m.Item]) -> None:
        """Arguments of tasks that wait here."""
        for item in items:
            if item.segments:
                self._holds.hold(CONTROLLER, item.segments, maker)

    def hold_outcomes(self, maker: Party, outcomes: Iterable[m.Outcome]) -> None:
        """Results that an engine tells of.

        Raises:
            ProtocolError: a segment's name could be a path.
        """
        for outcome in outcomes:
            if outcome.segments:
                for segment in outcome.segments:
                    checked_name(segment.name)
                self._holds.hold(CONTROLLER, outcome.segments, maker)

    def hold_result(self, peer: Peer, segments: Iterable[m.Segment]) -> None:
        """A client is about to be told of these; it says when it has let go."""
        self._holds.hold((peer.kind, peer.number), segments, CONTROLLER)

    def hold_function(self, maker: Party, function: m.NewFunction) -> None:
        """A function's, for as long as somebody here needs it."""
        if function.segments:
            self._holds.hold(CONTROLLER, function.segments, maker)
            names = [segment.name for segment in function.segments]
            # Whoever lets go of it may be in the middle of something.
            finalizer = weakref.finalize(function, self._unneeded.extend, names)
            finalizer.atexit = False

    # --- let go -----------------------------------------------------------------------

    def tidy(self) -> None:
        """Let go of functions that nobody needs any more."""
        if self._unneeded:
            names, self._unneeded[:] = list(self._unneeded), []
            self.free(self._holds.release(CONTROLLER, names))

    def on_restated(self, engine: EngineRecord, ready: m.Ready) -> None:
        """An engine says over a new link what it holds, and what it has lent.

        What either side said of that over the old link may have been lost.
        """
        self.free(self._holds.restate(("engine", engine.id), ready.maps))
        prefix = prefix_of(engine.station.number)
        free = [
            name
            for name in ready.lent
            if not self._holds.known(name) and not self._holds.known(prefix + name)
        ]
        if free:
            self._server.tell(engine, m.FreeSegments(free))

    def on_released(self, peer: Peer, names: list[str]) -> None:
        self.free(self._holds.release((peer.kind, peer.number), names))
        self._transfers.withdraw(peer, names, self._holds.known)

    def on_client_gone(self, peer: Peer) -> None:
        """What it made and nobody maps goes now, the rest when it is let go of."""
        self.free(self._holds.on_gone((peer.kind, peer.number)))
        for maker in (f"c{peer.number}-{peer.session}", peer.session):
            self._transfers.discard_of(maker, self._holds.known)

    def on_engine_lost(self, engine: EngineRecord) -> None:
        """The same for an engine; another host's are its agent's to remove."""
        self.free(self._holds.on_gone(("engine", engine.id)))
        if engine.station is self._server.local:
            maker = f"e{engine.slot}-{engine.info.pid}"
            self._transfers.discard_of(maker, self._holds.known)

    def free(self, freed: dict[Party, list[str]]) -> None:
        """Tell makers that their segments are free, and hosts that have copies."""
        server = self._server
        for (kind, number), names in freed.items():
            for station in server.reception.stations.values():
                station.free(names)
            brought = [name for name in names if name in self._transfers.made]
            if brought:
                self._transfers.discard(brought)
            engine = server.roster.engines.get(number)
            if kind == "engine" and engine is not None:
                prefix = prefix_of(engine.station.number)
                theirs = [name.removeprefix(prefix) for name in names]
                server.tell(engine, m.FreeSegments(theirs))
                continue
            peer = server.reception.client(number) if kind == "client" else None
            if peer is None:
                self._transfers.discard(names)
            elif len(brought) < len(names):
                server.send(peer, m.FreeSegments(names))

    # --- on their way -----------------------------------------------------------------

    def _on_arrived(self, peer: Peer, name: str) -> None:
        """A segment has come from another host: what waited for it goes on."""
        station = self._server.reception.stations.get(peer.number)
        if station is not None:
            self._go_on(station, station.on_arrived(name))

    def _on_sent(self, peer: Peer, name: str) -> None:
        station = self._server.reception.stations.get(peer.number)
        if station is not None:
            station.on_sent(name)

    def _on_refused(self, peer: Peer, name: str, reason: str) -> None:
        log.warning("segment %s, %s %d: %s", name, peer.kind, peer.number, reason)
        station = self._server.reception.stations.get(peer.number)
        if station is not None:
            self._go_on(station, station.on_refused(name, reason))

    def _go_on(
        self, station: AgentStation, ready: list[tuple[int, m.FromLink | m.Died]]
    ) -> None:
        server = self._server
        for slot, message in ready:
            engine = server.roster.find(station, slot)
            if isinstance(message, m.Died):
                server.hub.on_died(station, message)
            elif engine is not None:
                server.on_engine(engine, message)

    def fail_items(
        self,
        engine: EngineRecord,
        items: list[m.Item],
        functions: Iterable[bytes],
        text: str,
    ) -> None:
        """These were for the engine and cannot be brought to it."""
        engine.assigned -= len(items)
        for digest in functions:
            engine.known.discard(digest)
        outcomes = []
        for item in items:
            names = [segment.name for segment in item.segments]
            self.free(self._holds.release(("engine", engine.id), names))
            info = m.ErrorInfo(
                "EngineError", "EngineError", text, engine=engine.id, task=item.task
            )
            outcomes.append(m.Outcome(item.task, m.Status.ERROR, encode_info(info)))
        self._server.table.on_done(engine.id, outcomes, self._server.now)
