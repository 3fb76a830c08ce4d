"""Questions about tasks, finished and not, answered from the table's parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from msgspec import Struct

from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.queues import State, Task
from ipcluster.controller.records import Record
from ipcluster.wire.messages import SEQUENCE_BITS

# Unfinished tasks that a query looks at. A million may wait, and nothing else is done
# meanwhile.
UNFINISHED = 10_000


class ResultStatus(Struct, frozen=True):
    """Tasks by what is known of them; `unknown` ones never were, or are forgotten."""

    pending: list[int]
    completed: list[int]
    unknown: list[int]


class EngineStatus(Struct, frozen=True):
    """What waits for or runs on an engine: direct calls, balanced tasks; its total."""

    queue: list[int]
    tasks: list[int]
    completed: int


class Queries:
    """Reads the ledger, its records and the engines' queues."""

    def __init__(self, ledger: Ledger, dispatcher: Dispatcher) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher

    def result_status(self, tasks: Iterable[int]) -> ResultStatus:
        status = ResultStatus([], [], [])
        for number in tasks:
            if number in self._ledger.tasks:
                status.pending.append(number)
            elif self._ledger.store.get(number) is not None:
                status.completed.append(number)
            else:
                status.unknown.append(number)
        return status

    def queue_status(
        self, engines: Iterable[int] | None = None
    ) -> dict[int, EngineStatus]:
        known = self._dispatcher.engines
        found = {}
        for number in known if engines is None else engines:
            engine = known.get(number)
            if engine is None:
                continue
            direct = [task.id for task in engine.fifo if task.submission.direct]
            direct += [task.id for task in engine.direct.live()]
            tasks = [task.id for task in engine.fifo if not task.submission.direct]
            found[number] = EngineStatus(direct, tasks, engine.completed)
        return found

    def unassigned(self) -> list[int]:
        """Tasks that no engine has been chosen for."""
        return [
            number
            for number, task in self._ledger.tasks.items()
            if not task.submission.direct and task.state is not State.ASSIGNED
        ]

    def history(self, client: int | None = None) -> list[int]:
        """Tasks that are known, oldest submission first."""
        known = [(record.submitted, record.task) for record in self._ledger.store]
        known += [
            (task.submission.submitted, number)
            for number, task in self._ledger.tasks.items()
        ]
        known.sort()
        return [
            number
            for _, number in known
            if client is None or number >> SEQUENCE_BITS == client
        ]

    def records(self) -> Iterator[Record]:
        """Finished tasks, oldest end first."""
        return iter(self._ledger.store)

    def under_way(self) -> Iterator[Task]:
        """The others, oldest submission first, and no more than `UNFINISHED`."""
        return itertools.islice(self._ledger.tasks.values(), UNFINISHED)

    def purge(
        self, tasks: Iterable[int] | None = None, engines: Iterable[int] | None = None
    ) -> list[int]:
        """Forget these finished tasks, and all that ended on these engines; or all.

        The tasks that were forgotten.
        """
        store = self._ledger.store
        if tasks is None and engines is None:
            chosen = {record.task for record in store}
        else:
            chosen = {task for task in tasks or () if store.get(task) is not None}
            among = frozenset(engines or ())
            if among:
                chosen |= {r.task for r in store if r.engine in among}
        self._ledger.dropped += store.remove(chosen)
        return sorted(chosen)
