"""What must hold between calls of the task table; asserted by tests after each step."""

from __future__ import annotations

from collections import Counter

from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.queues import NOWHERE, Engine, Lane, Queue, State, Task


def check(ledger: Ledger, dispatcher: Dispatcher) -> None:
    """Assert it all."""
    _check_places(ledger, dispatcher)
    _check_clients(ledger)
    for engine in dispatcher.engines.values():
        _check_engine(engine, dispatcher)
    for client in ledger.clients.values():
        for lane in client.lanes.values():
            _check_lane(lane, dispatcher)
    _check_waiters(ledger)
    assert not ledger.ended, "an end that nobody was told"


def check_progress(ledger: Ledger, dispatcher: Dispatcher) -> None:
    """After a dispatch: no task waits for an engine that could take it."""
    for client in ledger.clients.values():
        for lane in client.lanes.values():
            if not lane or client.held:
                continue
            for number, engine in dispatcher.engines.items():
                may = lane.allowed is None or number in lane.allowed
                if may and not (lane.excluded and number in lane.excluded):
                    assert not engine.has_room(), f"engine {number} could have work"
    for engine in dispatcher.engines.values():
        assert not (engine.direct and engine.has_direct_room())


def _check_places(ledger: Ledger, dispatcher: Dispatcher) -> None:
    """Every unfinished task is in the one place that its state says."""
    places: Counter[int] = Counter()
    for engine in dispatcher.engines.values():
        for task in engine.fifo:
            assert task.state is State.ASSIGNED
            assert task.engine == engine.id
            places[task.id] += 1
        _count_queue(engine.direct, places)
    for client in ledger.clients.values():
        for lane in client.lanes.values():
            _count_queue(lane, places)
    for number, task in ledger.tasks.items():
        assert number == task.id
        assert task.state is not State.DONE
        assert task.submission.client is ledger.clients[number >> 40]
        if task.state is State.WAITING:
            assert task.submission.needs, "it waits for nothing"
            assert _pending(task)
            places[number] += 1
        if task.state is not State.ASSIGNED:
            assert task.engine == NOWHERE
    assert places == Counter(dict.fromkeys(ledger.tasks, 1))


def _pending(task: Task) -> bool:
    pending = task.submission.pending
    return pending is not None and pending.get(task.id) is task


def _count_queue(queue: Queue, places: Counter[int]) -> None:
    live = queue.live()
    assert len(live) == len(queue), "stale tasks are miscounted"
    for task in queue.tasks:
        assert task.state in (State.READY, State.DONE)
    for task in live:
        assert task.queue is queue
        places[task.id] += 1


def _check_clients(ledger: Ledger) -> None:
    assigned: Counter[int] = Counter()
    unfinished: Counter[int] = Counter()
    for task in ledger.tasks.values():
        owner = task.submission.client.id
        unfinished[owner] += 1
        assigned[owner] += task.state is State.ASSIGNED
    for number, client in ledger.clients.items():
        assert client.id == number
        assert client.assigned == assigned[number]
        assert client.unfinished == unfinished[number]
        queued = {id(entry[3]) for entry in client.heap}
        assert len(queued) == len(client.heap), "a lane twice in its client's heap"
        lanes = {id(lane) for lane in client.lanes.values() if lane.queued}
        assert queued == lanes
        assert client.entry or not client.heap or client.held, "without its turn"
        assert not (client.held and client.entry)


def _check_engine(engine: Engine, dispatcher: Dispatcher) -> None:
    assert engine.slots == sum(task.slots for task in engine.fifo)
    assert engine.bytes == sum(len(task.item.payload) for task in engine.fifo)
    assert (engine.id in dispatcher.policy) == engine.has_room()
    assert (engine.id in dispatcher.idle) == (not engine.fifo and not engine.suspect)
    assert (engine.id in dispatcher.loaded) == (len(engine.fifo) > 1)
    for lane in engine.lanes:
        assert lane.client.lanes.get(lane.key) is lane


def _check_lane(lane: Lane, dispatcher: Dispatcher) -> None:
    assert lane, "an empty lane is kept"
    assert lane.queued != lane.parked, "a lane nobody looks at, or twice"
    bound = lane.allowed is not None or lane.excluded is not None
    assert (lane in dispatcher.bound) == bound
    if lane.parked and lane.allowed is not None:
        for number in lane.allowed & dispatcher.engines.keys():
            assert lane in dispatcher.engines[number].lanes
    live = dispatcher.engines.keys()
    engines = live if lane.allowed is None else lane.allowed & live
    excluded = lane.excluded or frozenset()
    assert not bound or any(engine not in excluded for engine in engines)


def _check_waiters(ledger: Ledger) -> None:
    for number, needs in ledger.waiters.items():
        assert number in ledger.tasks, "waiting for a task that has ended"
        for need in needs:
            assert need in need.submission.needs
            assert need.submission.pending
