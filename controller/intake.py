"""What peers say: taken from a door, checked, and handed to whoever it concerns.

A frame is decoded here and nowhere else. What is wrong with one is logged, and told to
the peer where it waits for an answer; it never stops the loop.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ipcluster.controller.doors import Arrival
from ipcluster.controller.peers import Peer
from ipcluster.controller.stations import StationEvent
from ipcluster.wire import messages as m
from ipcluster.wire.codec import unpack_to_controller
from ipcluster.wire.errors import ClusterError, ProtocolError
from ipcluster.wire.lines import Line

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

log = logging.getLogger(__name__)

# Messages, and bytes of them, taken from one door before engines get their turn.
DRAIN_MESSAGES = 200
DRAIN_BYTES = 4 << 20


class Intake:
    """Everything that comes in by the doors."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._handle = self._on_message
        if log.isEnabledFor(logging.DEBUG):
            self._handle = self._on_logged

    def read(self, source: Any) -> bool:
        """Take what has come to a door, a fair share; whether there was any."""
        doors, routes = self._server.doors, self._server.reception.routes
        size_bytes = 0
        for taken in range(DRAIN_MESSAGES):
            arrival = doors.receive(source, routes)
            if arrival is None:
                return taken > 0
            try:
                self._on_arrival(arrival)
            except ClusterError as error:
                log.warning("a frame from a peer dropped: %s", error)
            except Exception:
                log.exception("a frame from a peer failed")
            size_bytes += len(arrival.frame)
            if arrival.extra is not None:
                size_bytes += len(arrival.extra)
            if size_bytes > DRAIN_BYTES:
                break
        doors.read_again(source)
        return True

    def _on_arrival(self, arrival: Arrival) -> None:
        messages = unpack_to_controller(arrival.frame)
        peer = self._server.reception.peer_of(arrival)
        if peer is None:
            peer = self._greet(arrival, messages)
            if peer is None:
                return
        elif not peer.is_new(messages):
            return
        for message in messages:
            if type(message) is m.Numbered:
                continue
            try:
                self._handle(peer, message, arrival)
            except ClusterError as error:
                # It is no reason to drop those that follow.
                log.warning("a message from %s dropped: %s", peer.name, error)
            except Exception:
                log.exception("a message from %s failed", peer.name)
        if peer.is_owed:
            self._server.touch(peer)

    def _greet(self, arrival: Arrival, messages: list[m.ToController]) -> Peer | None:
        hello, second = (*messages, None, None)[:2]
        if hello is not None:
            log.debug("from a stranger: %s", Line(hello))
        counted = second if isinstance(second, m.Numbered) else None
        peer = self._server.reception.on_hello(arrival, hello, counted, self._server)
        del messages[:1]
        if peer is not None:
            self._server.touch(peer)
        return peer

    def _on_logged(self, peer: Peer, message: m.ToController, arrival: Arrival) -> None:
        log.debug("from %s %d: %s", peer.kind, peer.number, Line(message))
        self._on_message(peer, message, arrival)

    def _on_message(
        self, peer: Peer, message: m.ToController, arrival: Arrival
    ) -> None:
        """One message of a peer that has been let in; every one is authorized first."""
        server = self._server
        server.reception.authorize(peer, message)
        match message:
            case m.Submit() | m.Direct():
                reason = server.conduct.check(peer, message)
                if reason is not None:
                    server.hub.deny(peer, message, ClusterError(reason))
                else:
                    self._on_tasks(peer, message)
            case m.NewFunction():
                if message.segments:
                    server.conduct.check_function(peer, message)
                server.segments.hold_function(("client", peer.number), message)
                peer.add_function(server.hub.functions.add(message))
            case m.Ack():
                peer.on_ack(message.number)
                if peer.held:
                    server.conduct.look_at_results(peer)
                server.touch(peer)
            case m.Cancel(tasks=tasks, interrupt=interrupt):
                # Others' tasks were named only if the grant covers them.
                server.table.on_cancel(
                    peer.number, tasks, interrupt, server.now, admin=True
                )
            case m.Typed():
                server.answer_wish(message)
            case m.Aside(task=task):
                if task and task >> m.SEQUENCE_BITS != peer.number:
                    raise ProtocolError("an aside about another client's task")
                server.tell_aside(message)
            case m.Released():
                server.segments.on_released(peer, message.names)
            case m.Ask():
                answer = server.hub.answer(peer, message)
                server.send(peer, answer)
                peer.count(len(answer.body))
            case m.Chunk() | m.ChunkCredit() | m.ChunkRefused() | m.Fetch():
                server.transfers.on_message(peer, message, arrival.extra)
                server.touch(peer)
            case (
                m.HostJoin()
                | m.FromEngine()
                | m.Died()
                | m.Born()
                | m.Unborn()
                | m.KeeperEnded()
            ):
                self._on_agent(peer, message)
            case m.Hello() | m.Numbered():
                raise ProtocolError("a second hello on one connection")

    def _on_tasks(self, peer: Peer, message: m.Submit | m.Direct) -> None:
        server = self._server
        code = peer.function(message.function)
        lasting = code is None or not code.segments
        number, now = peer.number, server.now
        maker = ("client", number)
        if isinstance(message, m.Submit):
            server.segments.hold_items(maker, message.items)
            server.table.on_submit(number, message, now, code=code, lasting=lasting)
        else:
            server.segments.hold_items(maker, [message.item])
            server.table.on_direct(number, message, now, code=code, lasting=lasting)

    def _on_agent(
        self,
        peer: Peer,
        message: m.HostJoin | StationEvent | m.KeeperEnded,
    ) -> None:
        if peer.kind != "agent":
            raise ProtocolError("only an agent speaks for engines")
        server = self._server
        station = server.reception.station_of(peer, message)
        if isinstance(message, m.HostJoin):
            for born in message.engines:
                server.on_station(station, born)
        elif isinstance(message, m.KeeperEnded):
            server.lose_station(station, "its host's keeper ended")
            server.reception.leave(peer)
        else:
            server.on_station(station, message)
