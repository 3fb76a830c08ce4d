"""The loop: drain what came, decide, send in batches. One thread.

Nothing in it blocks but `poll`.

    clients, agents ==doors==> Server --events--> TaskTable (pure) --actions--> Server
    ==> engines, clients
                                 |  `-- Hub: questions, engines that come and go
                                 `----- Holds, Transfers: segments

What it moves it does not open: arguments and results stay bytes. A bad message is
logged and dropped.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ipcluster.controller.actions import Assign, Drop, Interrupt, Recall, Reply
from ipcluster.controller.agents import AgentStation
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Arrival, Doors
from ipcluster.controller.holds import CONTROLLER, Holds, Party
from ipcluster.controller.hub import Hub
from ipcluster.controller.peers import Peer
from ipcluster.controller.reception import Reception
from ipcluster.controller.stations import (
    EngineRecord,
    LocalStation,
    Roster,
    Station,
    StationGone,
)
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.transfers import Transfers
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack, unpack_from_link, unpack_to_controller
from ipcluster.wire.errors import ClusterError, ProtocolError

log = logging.getLogger(__name__)

# Messages taken from one door before engines get their turn.
DRAIN_MESSAGES = 200
# Seconds of silence of an engine with work waiting behind its first task, after which
# it is asked to look.
RING_AFTER = 0.010
# Bytes of small messages after which a frame to one peer is closed.
BATCH_BYTES = 1 << 20


class Server:
    """A controller's state and its loop. `run` returns when it was told to stop."""

    def __init__(
        self,
        config: ControllerConfig,
        table: TaskTable,
        doors: Doors,
        reception: Reception,
        transfers: Transfers,
        holds: Holds,
    ) -> None:
        self.config = config
        self.table = table
        self.doors = doors
        self.reception = reception
        self.transfers = transfers
        self.holds = holds
        self.roster = Roster()
        self.hub = Hub(self)
        self.local: LocalStation | None = None
        self.poller = select.poll()
        self.now = time.monotonic()
        self.stopping = False
        self.on_engines: Callable[[int], None] = lambda _count: None
        self.on_start: Callable[[int], None] = lambda _count: None
        self.keep: tuple[object, ...] = ()  # what must live as long as the loop
        self._busy: dict[int, EngineRecord] = {}
        self._dirty: dict[int, Peer] = {}
        self._watched: dict[Any, Callable[[], None]] = {}
        self._sockets = doors.descriptors()
        for fd in self._sockets:
            self.poller.register(fd, select.POLLIN)
        transfers.on_arrived = self._on_arrived
        transfers.on_sent = self._on_sent

    # --- the loop ---------------------------------------------------------------------

    def run(self) -> None:
        while not self.stopping:
            self.step(self._timeout())

    def step(self, timeout: float | None) -> None:
        """One round; `timeout` in seconds."""
        for door in self.doors.used():
            if self._read_door(door):
                timeout = 0.0
        milliseconds = None if timeout is None else max(0, int(timeout * 1000 + 0.999))
        ready = self.poller.poll(milliseconds)
        self.now = time.monotonic()
        for fd, events in ready:
            socket = self._sockets.get(fd)
            if socket is None:
                self._read_local(fd, events)
            elif self.doors.is_door(socket):
                self._read_door(socket)
            else:
                self.doors.tend(socket)
        self.table.on_tick(self.now)
        self._act()
        if self._busy:
            self._ring()
        self.reception.on_tick(self.now)
        self._flush()

    def watch(self, fd: int, handler: Callable[[], None]) -> None:
        """Have the loop call `handler` when this descriptor is readable."""
        self._watched[fd] = handler
        self.poller.register(fd, select.POLLIN)

    def _timeout(self) -> float | None:
        due = self.table.next_deadline()
        other = self.reception.next_deadline()
        if other is not None and (due is None or other < due):
            due = other
        for engine in self._busy.values():
            if engine.assigned > 1 and not engine.rung:
                ring = engine.heard + RING_AFTER
                due = ring if due is None or ring < due else due
        return None if due is None else max(0.0, due - time.monotonic())

    # --- what comes in ----------------------------------------------------------------

    def _read_door(self, source: Any) -> bool:
        """Take what has come to a door, a fair share; whether there was any."""
        routes = self.reception.routes
        for taken in range(DRAIN_MESSAGES):
            arrival = self.doors.receive(source, routes)
            if arrival is None:
                return taken > 0
            peer = self.reception.peer_of(arrival)
            try:
                messages = unpack_to_controller(arrival.frame)
                if peer is None:
                    self._greet(arrival, messages)
                else:
                    for message in messages:
                        self._on_message(peer, message, arrival)
            except ClusterError as error:
                log.warning(
                    "a message from %s dropped: %s",
                    peer.name if peer else "a stranger",
                    error,
                )
            except Exception:
                log.exception(
                    "a message from %s failed", peer.name if peer else "a stranger"
                )
        self.doors.read_again(source)
        return True

    def _greet(self, arrival: Arrival, messages: list[m.ToController]) -> None:
        peer = self.reception.on_hello(arrival, messages[0] if messages else None, self)
        if peer is None:
            return
        self._dirty[peer.number] = peer
        for message in messages[1:]:
            self._on_message(peer, message, arrival)

    def _on_message(
        self, peer: Peer, message: m.ToController, arrival: Arrival
    ) -> None:
        """One message of a peer that has been let in; every one is authorized first."""
        self.reception.authorize(peer, message)
        table, now = self.table, self.now
        match message:
            case m.Submit():
                self._hold(("client", peer.number), message.items)
                code = peer.function(message.function)
                table.on_submit(peer.number, message, now, code=code)
            case m.Direct():
                self._hold(("client", peer.number), [message.item])
                code = peer.function(message.function)
                table.on_direct(peer.number, message, now, code=code)
            case m.NewFunction():
                self._on_function(peer, message)
            case m.Ack():
                peer.on_ack(message.number)
                self._dirty[peer.number] = peer
            case m.Cancel():
                table.on_cancel(peer.number, message.tasks, message.interrupt, now)
            case m.Released():
                self.free(self.holds.release((peer.kind, peer.number), message.names))
            case m.Ask():
                peer.outbox.append(self.hub.answer(peer, message))
                self._dirty[peer.number] = peer
            case m.Chunk() | m.ChunkCredit() | m.Fetch():
                self.transfers.on_message(peer, message, arrival.extra)
                self._dirty[peer.number] = peer
            case m.HostJoin() | m.FromEngine() | m.Died() | m.Born() | m.KeeperEnded():
                self._on_agent(peer, message)
            case m.Hello():
                raise ProtocolError("a second hello on one connection")

    def _on_function(self, peer: Peer, message: m.NewFunction) -> None:
        if message.segments:
            self.holds.hold(CONTROLLER, message.segments, ("client", peer.number))
        message = self.hub.functions.add(message)
        peer.add_function(message)

    def _hold(self, maker: Party, items: Iterable[m.Item]) -> None:
        for item in items:
            if item.segments:
                self.holds.hold(CONTROLLER, item.segments, maker)

    # --- engines ----------------------------------------------------------------------

    def add_local(self, station: LocalStation) -> None:
        self.local = station

    def _read_local(self, fd: int, events: int) -> None:
        station = self.local
        if station is None or not station.owns(fd):
            handler = self._watched.get(fd)
            if handler is not None:
                handler()
            return
        try:
            for event in station.on_ready(fd, events):
                self.on_station(station, event)
        except StationGone:
            self.lose_station(station, "its keeper ended")

    def _on_agent(self, peer: Peer, message: Any) -> None:
        station = self.reception.station_of(peer, message)
        if isinstance(message, m.HostJoin):
            for born in message.engines:
                self.on_station(station, born)
        elif isinstance(message, m.KeeperEnded):
            self.lose_station(station, "its host's keeper ended")
        else:
            self.on_station(station, message)

    def on_station(
        self, station: Station, event: m.Born | m.Died | m.FromEngine
    ) -> None:
        """What a station tells of one of its engines."""
        engine = self.roster.find(station, event.slot)
        match event:
            case m.FromEngine():
                try:
                    for message in unpack_from_link(event.frame):
                        if isinstance(message, m.Ready):
                            self.hub.on_ready(station, event.slot, message)
                            engine = self.roster.find(station, event.slot)
                        elif engine is not None and not (
                            isinstance(station, AgentStation)
                            and station.holds_back(event.slot, message)
                        ):
                            self._on_engine(engine, message)
                except ProtocolError as error:
                    log.warning("engine in slot %d: %s", event.slot, error)
            case m.Died():
                self.hub.on_died(station, event)
            case m.Born():
                if engine is not None:
                    engine.known.clear()

    def _on_arrived(self, peer: Peer, name: str) -> None:
        """A segment has come from another host: what waited for it goes on."""
        station = self.reception.stations.get(peer.number)
        if station is None:
            return
        for slot, message in station.on_arrived(name):
            engine = self.roster.find(station, slot)
            if engine is not None:
                self._on_engine(engine, message)

    def _on_sent(self, peer: Peer, name: str) -> None:
        station = self.reception.stations.get(peer.number)
        if station is not None:
            station.on_sent(name)

    def _on_engine(self, engine: EngineRecord, message: m.FromLink) -> None:
        engine.heard = self.now
        engine.rung = False
        match message:
            case m.Done(outcomes=outcomes):
                engine.taken += len(outcomes)
                engine.assigned -= len(outcomes)
                for outcome in outcomes:
                    if outcome.segments:
                        self.holds.hold(
                            CONTROLLER, outcome.segments, ("engine", engine.id)
                        )
                self.table.on_done(engine.id, outcomes, self.now)
            case m.Output():
                owner = self.table.on_output(engine.id, message)
                peer = self.reception.client(owner) if owner is not None else None
                if peer is not None and peer.connected:
                    peer.outbox.append(message)
                    self._dirty[peer.number] = peer
            case m.Dropped(tasks=tasks):
                engine.assigned -= len(tasks)
                self.table.on_dropped(engine.id, tasks, self.now)
            case m.Released(names=names):
                self.free(self.holds.release(("engine", engine.id), names))

    def lose_engine(
        self, engine: EngineRecord, started: int | None, running: bool, cause: str
    ) -> None:
        """An engine has ended: its tasks are decided on, its segments let go."""
        self.roster.remove(engine, cause)
        self._busy.pop(engine.id, None)
        self.table.on_engine_lost(engine.id, started, running, cause, self.now)
        self.free(self.holds.on_gone(("engine", engine.id)))
        self.hub.tell_left(engine, cause)
        self.on_engines(len(self.roster.engines))

    def lose_station(self, station: Station, cause: str) -> None:
        for engine in self.roster.of_station(station):
            self.lose_engine(engine, None, True, cause)
        if station is self.local:
            self.local.close()
            self.local = None

    # --- what goes out ----------------------------------------------------------------

    def _act(self) -> None:
        for action in self.table.take_actions(self.now):
            match action:
                case Reply():
                    self._reply(action)
                case Assign():
                    self._assign(action)
                case Drop():
                    self.free(self.holds.release(CONTROLLER, action.segments))
                case Recall():
                    engine = self.roster.engines.get(action.engine)
                    if engine is not None:
                        engine.outbox.append(m.Recall(action.tasks))
                        self._busy[engine.id] = engine
                        self._flush_engine(engine)
                        engine.station.tell_keeper(m.Ring(engine.slot))
                case Interrupt():
                    engine = self.roster.engines.get(action.engine)
                    if engine is not None:
                        engine.station.tell_keeper(
                            m.Interrupt(engine.slot, action.task)
                        )

    def _reply(self, action: Reply) -> None:
        peer = self.reception.client(action.client)
        if peer is None:
            return
        for outcome in action.outcomes:
            if outcome.segments:
                self.holds.hold(("client", peer.number), outcome.segments, CONTROLLER)
        peer.deliver(action.engine, action.outcomes)
        self._dirty[peer.number] = peer

    def _assign(self, action: Assign) -> None:
        engine = self.roster.engines.get(action.engine)
        if engine is None:
            return
        function = self.hub.functions.get(action.function)
        if function is not None and engine.need_function(function):
            self._need(engine, function.segments)
            engine.outbox.append(function)
        for item in action.items:
            if item.segments:
                self._need(engine, item.segments)
        engine.outbox.append(
            m.Run(action.function, action.mode, action.items, engine.taken)
        )
        if not engine.assigned:
            engine.heard = self.now
        engine.assigned += len(action.items)
        self._busy[engine.id] = engine

    def _need(self, engine: EngineRecord, segments: Iterable[m.Segment]) -> None:
        segments = list(segments)
        self.holds.hold(("engine", engine.id), segments, CONTROLLER)
        engine.needs += segments

    def _ring(self) -> None:
        """Wake engines that are silent with work waiting.

        They may hold outcomes behind a task that turned out long.
        """
        for engine in list(self._busy.values()):
            if engine.assigned <= 0 and not engine.outbox:
                del self._busy[engine.id]
            elif (
                engine.assigned > 1
                and not engine.rung
                and self.now - engine.heard >= RING_AFTER
            ):
                engine.rung = True
                engine.station.tell_keeper(m.Ring(engine.slot))

    def free(self, freed: dict[Party, list[str]]) -> None:
        """Tell makers that their segments are free."""
        for (kind, number), names in freed.items():
            if kind == "engine" and number in self.roster.engines:
                engine = self.roster.engines[number]
                engine.outbox.append(m.FreeSegments(names))
                self._busy[engine.id] = engine
                if self.transfers.made.intersection(names):
                    self.transfers.discard(names)
            elif (
                kind == "client"
                and (peer := self.reception.client(number)) is not None
                and not self.transfers.made.intersection(names)
            ):
                peer.outbox.append(m.FreeSegments(names))
                self._dirty[peer.number] = peer
            else:
                self.transfers.discard(names)
                for station in self.reception.stations.values():
                    station.free(names)

    def hold_result(self, peer: Peer, segments: Iterable[m.Segment]) -> None:
        """A client is about to be told of these; it says when it has let go."""
        self.holds.hold((peer.kind, peer.number), segments, CONTROLLER)

    def touch(self, peer: Peer) -> None:
        """There is something to send to this peer."""
        self._dirty[peer.number] = peer

    def send(self, peer: Peer, message: msgspec.Struct) -> None:
        peer.outbox.append(message)
        self._dirty[peer.number] = peer

    def _flush(self) -> None:
        for engine in self._busy.values():
            if engine.outbox:
                self._flush_engine(engine)
        dirty, self._dirty = self._dirty, {}
        for peer in dirty.values():
            self.flush_peer(peer)

    def _flush_engine(self, engine: EngineRecord) -> None:
        messages, engine.outbox = engine.outbox, []
        needs, engine.needs = engine.needs, []
        if messages:
            engine.station.send(engine.slot, pack(messages), needs)

    def flush_peer(self, peer: Peer) -> None:
        """Send what waits for a peer, in frames of about `BATCH_BYTES`."""
        if not peer.connected:
            peer.outbox.clear()
            return
        messages, peer.outbox = peer.outbox, []
        batch: list[msgspec.Struct] = []
        size = 0
        for message in messages:
            batch.append(message)
            if type(message) is m.Results:
                size += sum([len(outcome.payload) for outcome in message.outcomes])
                if size > BATCH_BYTES:
                    self.doors.send(peer.door, peer.route, [pack(batch)])
                    batch, size = [], 0
        if batch:
            self.doors.send(peer.door, peer.route, [pack(batch)])
        for frames in self.transfers.take(peer):
            self.doors.send(peer.door, peer.route, frames)

    def close(self) -> None:
        """Tell clients nothing more; they notice."""
        for peer in self.reception.clients():
            self.flush_peer(peer)
        self.transfers.close()
        self.doors.close()
        if self.local is not None:
            self.local.close()
