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
from ipcluster.controller.conduct import Conduct
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Doors
from ipcluster.controller.holds import CONTROLLER, Holds
from ipcluster.controller.hub import Hub
from ipcluster.controller.intake import Intake
from ipcluster.controller.peers import Peer
from ipcluster.controller.reception import Reception
from ipcluster.controller.segments import Segments
from ipcluster.controller.sending import Sending
from ipcluster.controller.stations import (
    EngineRecord,
    LocalStation,
    Roster,
    Station,
    StationEvent,
    StationGone,
)
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.transfers import Transfers
from ipcluster.controller.watching import Watching
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack, unpack_from_link
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.lines import Line
from ipcluster.wire.spin import Spin

log = logging.getLogger(__name__)

# Seconds of silence of an engine with work waiting behind its first task, after which
# it is asked to look.
RING_AFTER = 0.010


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
        self.conduct = Conduct(self)
        self.watching = Watching(self)
        self.intake = Intake(self)
        self.sending = Sending(doors, transfers)
        self.local: LocalStation | None = None
        self.poller = select.poll()
        self._spin = Spin()
        self.now = time.monotonic()
        self.stopping = False
        self.on_engines: Callable[[int], None] = lambda _count: None
        self.on_unborn: Callable[[str], None] = lambda _reason: None
        self.on_start: Callable[[int], None] = lambda _count: None
        self.keep: tuple[object, ...] = ()  # what must live as long as the loop
        self._busy: dict[int, EngineRecord] = {}
        self._dirty: dict[int, Peer] = {}
        self._watched: dict[Any, Callable[[], None]] = {}
        self._sockets = doors.descriptors()
        for fd in self._sockets:
            self.poller.register(fd, select.POLLIN)
        self.segments = Segments(self)
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._handle = self._on_link
        self._flush_engine = self._put
        if log.isEnabledFor(logging.DEBUG):
            self._handle = self._on_logged
            self._flush_engine = self._put_logged

    # --- the loop ---------------------------------------------------------------------

    def run(self) -> None:
        while not self.stopping:
            self.step(self._timeout())

    def step(self, timeout: float | None) -> None:
        """One round; `timeout` in seconds."""
        for door in self.doors.used():
            if self.intake.read(door):
                timeout = 0.0
        ready = self._wait(timeout)
        for fd, events in ready:
            socket = self._sockets.get(fd)
            if socket is None:
                self._read_local(fd, events)
            elif self.doors.is_door(socket):
                self.intake.read(socket)
            else:
                self.doors.tend(socket)
        self.table.on_tick(self.now)
        self.reception.on_tick(self.now)  # before what it decides is acted on
        self._act()
        self.segments.tidy()
        if self._busy:
            self._ring()
        self._flush()

    def _wait(self, timeout: float | None) -> list[tuple[int, int]]:
        """What can be read or written; the time is taken."""
        milliseconds = None if timeout is None else max(0, int(timeout * 1000 + 0.999))
        # Who has queued more than runs waits for all of it, not for the first.
        ready = self._spin.wait(
            self.poller.poll, milliseconds, awake=not self.table.is_loaded
        )
        self.now = time.monotonic()
        return ready

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

    def on_station(self, station: Station, event: StationEvent) -> None:
        """What a station tells of one of its engines."""
        match event:
            case m.FromEngine():
                try:
                    for message in unpack_from_link(event.frame):
                        self._handle(station, event.slot, message)
                except ProtocolError as error:
                    log.warning("engine in slot %d: %s", event.slot, error)
            case m.Died():
                log.debug(
                    "from the keeper of station %d: %s", station.number, Line(event)
                )
                if (
                    not isinstance(station, AgentStation)
                    or station.receive(event.slot, event) is not None
                ):
                    self.hub.on_died(station, event)
            case m.Born():
                log.debug(
                    "from the keeper of station %d: %s", station.number, Line(event)
                )
                engine = self.roster.find(station, event.slot)
                if engine is not None:
                    self._on_new_link(station, engine)
            case m.Unborn():
                self.hub.on_unborn(station, event)

    def _on_logged(self, station: Station, slot: int, message: m.FromLink) -> None:
        engine = self.roster.find(station, slot)
        number = engine.id if engine is not None else -1
        log.debug("from engine %d: %s", number, Line(message))
        self._on_link(station, slot, message)

    def _on_new_link(self, station: Station, engine: EngineRecord) -> None:
        """An engine gets another link, and will say over it what it has.

        Until then it gets no work: what it says is to cover all that it was sent.
        """
        engine.known.clear()
        self.table.on_engine_suspect(engine.id)
        if isinstance(station, AgentStation):
            station.on_new_link(engine.slot)

    def _on_link(self, station: Station, slot: int, message: m.FromLink) -> None:
        if isinstance(message, m.Ready):
            self.hub.on_ready(station, slot, message)
            return
        engine = self.roster.find(station, slot)
        if engine is None:
            return
        if isinstance(station, AgentStation):
            arrived = station.receive(slot, message)
            if arrived is None or isinstance(arrived, m.Died):
                return
            message = arrived
        self.on_engine(engine, message)

    def on_engine(self, engine: EngineRecord, message: m.FromLink) -> None:
        engine.heard = self.now
        engine.rung = False
        match message:
            case m.Done(outcomes=outcomes):
                engine.taken += len(outcomes)
                self.segments.hold_outcomes(("engine", engine.id), outcomes)
                self.table.on_done(engine.id, outcomes, self.now)
                engine.assigned = self.table.held(engine.id)
            case m.Output():
                if self.watching.engines:
                    self.watching.on_output(engine.id, message)
                owner = self.table.on_output(engine.id, message)
                peer = self.reception.client(owner) if owner is not None else None
                if peer is not None and peer.show(message):
                    self._dirty[peer.number] = peer
            case m.Shown():
                if self.watching.engines:
                    self.watching.on_shown(engine.id, message)
                if not self.watching.concerns_owner(engine.id, message):
                    return
                owner = self.table.on_shown(engine.id, message.task)
                peer = self.reception.client(owner) if owner is not None else None
                if peer is None and message.wish:
                    self.answer_wish(m.Typed(message.task, None, message.wish))
                elif peer is not None and peer.show_event(message):
                    self._dirty[peer.number] = peer
            case m.Dropped(tasks=tasks):
                self.table.on_dropped(engine.id, tasks, self.now)
                engine.assigned = self.table.held(engine.id)
            case m.Released(names=names):
                self.segments.free(self.holds.release(("engine", engine.id), names))

    def answer_wish(self, typed: m.Typed) -> None:
        """The line that a cell has asked for."""
        owner = self.reception.client(typed.task >> m.SEQUENCE_BITS)
        if owner is not None:
            owner.wishes.pop(typed.task, None)
        engine = self.roster.engines.get(self.table.engine_of(typed.task))
        if engine is not None:
            self.tell(engine, typed)

    def tell_aside(self, aside: m.Aside) -> None:
        """Something that an engine is to hear while it is busy, too."""
        engine = self.roster.engines.get(aside.engine)
        if engine is not None:
            self.tell(engine, aside)
            self._flush_engine(engine)
            self.tell_keeper(engine, m.Ring(engine.slot))

    def lose_engine(
        self, engine: EngineRecord, started: int | None, running: bool, cause: str
    ) -> None:
        """An engine has ended: its tasks are decided on, its segments let go."""
        self.roster.remove(engine, cause)
        self._busy.pop(engine.id, None)
        self.watching.forget_engine(engine.id)
        self.table.on_engine_lost(engine.id, started, running, cause, self.now)
        self.segments.on_engine_lost(engine)
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
                    self.segments.free(self.holds.release(CONTROLLER, action.segments))
                case Recall():
                    engine = self.roster.engines.get(action.engine)
                    if engine is not None:
                        engine.outbox.append(m.Recall(action.tasks))
                        self._busy[engine.id] = engine
                        self._flush_engine(engine)
                        self.tell_keeper(engine, m.Ring(engine.slot))
                case Interrupt():
                    engine = self.roster.engines.get(action.engine)
                    if engine is not None:
                        self.tell_keeper(
                            engine, m.Interrupt(engine.slot, action.task, action.number)
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
        if peer.waiting:
            self.conduct.look_at_results(peer)

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
                self.tell_keeper(engine, m.Ring(engine.slot))

    def tell(self, engine: EngineRecord, message: msgspec.Struct) -> None:
        """Send a message to an engine, with what else there is for it."""
        engine.outbox.append(message)
        self._busy[engine.id] = engine

    def tell_keeper(self, engine: EngineRecord, message: msgspec.Struct) -> None:
        """Tell the keeper of this engine's host something about it."""
        log.debug("to the keeper of engine %d: %s", engine.id, Line(message))
        engine.station.tell_keeper(message)

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
            self.sending.flush(peer)

    def _put_logged(self, engine: EngineRecord) -> None:
        for message in engine.outbox:
            log.debug("to engine %d: %s", engine.id, Line(message))
        self._put(engine)

    def _put(self, engine: EngineRecord) -> None:
        messages, engine.outbox = engine.outbox, []
        needs, engine.needs = engine.needs, []
        if messages:
            engine.station.send(engine.slot, pack(messages), needs)

    def close(self) -> None:
        """Tell everybody that the cluster stops."""
        for peer in self.reception.everybody():
            self.send(peer, m.Stop())
            self.sending.flush(peer)
        self.transfers.close()
        self.doors.close()
        if self.local is not None:
            self.local.close()
