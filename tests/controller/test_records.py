"""What stays known of finished tasks, and what can be asked."""

from __future__ import annotations

from random import Random

import pytest

from ipcluster.controller.queries import EngineStatus, ResultStatus
from ipcluster.controller.records import MemoryRecords, Record, RecordLimits
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import (
    Direct,
    Item,
    Options,
    Outcome,
    Segment,
    Status,
    Submit,
)


def record(task: int, payload: bytes = b"", segments: int = 0) -> Record:
    found = tuple(Segment(f"s{task}", 0, 1000) for _ in range(segments))
    outcome = Outcome(task, Status.OK, payload, 1.0, 0.5, found)
    return Record(outcome, 0, b"f", Options(label="sweep"), 0.0, 1.0, 2.0)


def tasks(store: MemoryRecords) -> list[int]:
    return [one.task for one in store]


def test_the_oldest_go_when_there_are_too_many() -> None:
    store = MemoryRecords(RecordLimits(count=2))
    for task in range(4):
        store.add(record(task))

    assert tasks(store) == [2, 3]


def test_the_oldest_go_when_they_are_too_large_and_name_their_segments() -> None:
    store = MemoryRecords(RecordLimits(bytes=2000))
    assert store.add(record(1, segments=1)) == []
    assert store.add(record(2, b"x" * 1000)) == []

    assert store.add(record(3, segments=2)) == ["s1"]

    assert tasks(store) == [3]
    assert store.size_bytes == 2000


def test_one_result_stays_however_large() -> None:
    store = MemoryRecords(RecordLimits(bytes=10))
    store.add(record(1, b"x" * 100))

    assert tasks(store) == [1]
    store.add(record(2))
    assert tasks(store) == [2]


def test_removed_records_do_not_count() -> None:
    store = MemoryRecords(RecordLimits(count=3))
    for task in range(3):
        store.add(record(task, segments=1))
    assert store.remove([0, 1, 99]) == ["s0", "s1"]

    store.add(record(3))
    store.add(record(4))

    assert tasks(store) == [2, 3, 4]


def test_removing_for_ever_leaves_nothing_behind() -> None:
    store = MemoryRecords()
    for task in range(10_000):
        store.add(record(task))
        store.remove([task])

    assert len(store) == 0
    assert store.size_bytes == 0
    assert len(store._order) <= 65


@pytest.fixture
def table() -> TaskTable:
    """Task 1 succeeded and 2 failed, on engine 0; 3 runs there; 4 has no engine."""
    table = TaskTable(random=Random(1))
    table.on_engine_joined(0, 0.0)
    table.on_engine_joined(1, 0.0)
    options = Options(label="sweep", targets=frozenset({0}))
    table.on_submit(1, Submit(b"f", 0, options, [item(1), item(2)]), 10.0)
    table.take_actions(10.0)
    outcomes = [
        Outcome(task(1), Status.OK, b"1", 0.0, 0.5),
        Outcome(task(2), Status.ERROR, b"2", 0.0, 0.7),
    ]
    table.on_done(0, outcomes, 11.0)
    table.on_engine_suspect(1)
    table.on_submit(1, Submit(b"f", 0, Options(), [item(3), item(4)]), 12.0)
    table.take_actions(12.0)
    return table


def task(number: int, client: int = 1) -> int:
    return client << 40 | number


def item(number: int, client: int = 1) -> Item:
    return Item(task(number, client), b"")


def test_a_result_can_be_taken_by_its_id(table: TaskTable) -> None:
    found = table.result(task(1))

    assert found is not None
    assert found.status is Status.OK
    assert (found.submitted, found.assigned, found.completed) == (10.0, 10.0, 11.0)
    assert (found.task, found.client, found.engine) == (task(1), 1, 0)
    assert (found.label, found.function) == ("sweep", b"f")
    assert (found.stdout, found.stderr) == ("", "")
    assert table.result(task(3)) is None


def test_result_status_tells_pending_completed_and_unknown(table: TaskTable) -> None:
    asked = [task(number) for number in (1, 2, 3, 4, 5)]

    expected = ResultStatus([task(3), task(4)], [task(1), task(2)], [task(5)])
    assert table.result_status(asked) == expected


def test_queue_status_tells_what_every_engine_holds(table: TaskTable) -> None:
    table.on_direct(1, Direct(b"d", 0, Options(), [1], item(7)), 13.0)

    assert table.queue_status() == {
        0: EngineStatus([], [task(3)], 2),
        1: EngineStatus([task(7)], [], 0),
    }
    assert table.queue_status([1, 5]) == {1: EngineStatus([task(7)], [], 0)}
    assert table.unassigned() == [task(4)]


def test_history_is_in_the_order_of_submission(table: TaskTable) -> None:
    table.on_submit(2, Submit(b"f", 0, Options(), [item(1, 2)]), 11.5)

    everything = [task(1), task(2), task(1, 2), task(3), task(4)]
    assert table.history() == everything
    assert table.history(2) == [task(1, 2)]


def test_tasks_are_told_apart_by_whether_they_have_ended(table: TaskTable) -> None:
    assert [one.task for one in table.records()] == [task(1), task(2)]
    assert [one.id for one in table.under_way()] == [task(3), task(4)]


def test_purge_forgets_by_task_by_engine_or_all(table: TaskTable) -> None:
    assert table.purge([task(1), task(3)]) == [task(1)]
    assert table.purge(engines=[5]) == []
    assert table.purge(engines=[0]) == [task(2)]
    assert table.purge() == []

    assert table.history() == [task(3), task(4)]


def test_purged_tasks_stay_ended(table: TaskTable) -> None:
    table.purge()

    table.on_submit(1, Submit(b"f", 0, Options(), [item(1)]), 20.0)

    assert table.history() == [task(3), task(4)]
