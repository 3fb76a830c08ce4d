"""Work called back: because its owner does not want it, or for an idle engine."""

from __future__ import annotations

from random import Random

import pytest

from ipcluster.controller import endings
from ipcluster.controller.actions import Action, Assign, Interrupt, Recall, Reply
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import (
    Direct,
    Item,
    Mode,
    Options,
    Outcome,
    Status,
    Submit,
)

ALICE, BOB = 1, 2


def task(number: int, client: int = ALICE) -> int:
    return client << 40 | number


def submit(
    *numbers: int, client: int = ALICE, options: Options | None = None
) -> Submit:
    items = [Item(task(number, client), b"") for number in numbers]
    return Submit(b"f", Mode.APPLY, options or Options(), items)


def assign(engine: int, *numbers: int) -> Assign:
    return Assign(engine, b"f", Mode.APPLY, [Item(task(n), b"") for n in numbers])


def ended(number: int, status: Status = Status.OK, seconds: float = 1e-6) -> Outcome:
    return Outcome(task(number), status, b"", 1.0, seconds)


def aborted(*numbers: int) -> list[Outcome]:
    return [endings.aborted(task(number)) for number in numbers]


@pytest.fixture
def table() -> TaskTable:
    return TaskTable(random=Random(1))


def acts(table: TaskTable, now: float = 0.0) -> list[Action]:
    table.check()
    actions = table.take_actions(now)
    table.check()
    return actions


@pytest.fixture
def busy(table: TaskTable) -> TaskTable:
    """Engine 0 holds Alice's tasks 1 and 2; her task 3 is ready."""
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2, 3), 0.0)
    assert acts(table) == [assign(0, 1, 2)]
    return table


def test_a_cancelled_task_that_is_ready_or_waits_is_aborted_at_once(
    table: TaskTable,
) -> None:
    table.on_submit(ALICE, submit(1, 2), 0.0)
    table.on_cancel(ALICE, [task(1)], False, 0.0)
    assert acts(table) == [Reply(ALICE, -1, aborted(1))]

    table.on_engine_joined(0, 1.0)

    assert acts(table) == [assign(0, 2)]


def test_a_cancelled_task_that_an_engine_holds_is_called_back(
    busy: TaskTable,
) -> None:
    busy.on_cancel(ALICE, [task(2)], False, 0.0)
    busy.on_cancel(ALICE, [task(2)], False, 0.0)  # twice is once
    assert acts(busy) == [Recall(0, [task(2)])]

    busy.on_dropped(0, [task(2)], 1.0)

    assert acts(busy) == [assign(0, 3), Reply(ALICE, -1, aborted(2))]


def test_a_cancelled_task_that_had_started_goes_on_without_interrupt(
    busy: TaskTable,
) -> None:
    busy.on_cancel(ALICE, [task(1)], False, 0.0)
    assert acts(busy) == [Recall(0, [task(1)])]
    busy.on_dropped(0, [], 1.0)
    assert acts(busy) == []

    busy.on_done(0, [ended(1)], 2.0)

    assert acts(busy)[-1] == Reply(ALICE, 0, [ended(1)])


def test_interrupt_reaches_the_task_that_runs(busy: TaskTable) -> None:
    busy.on_cancel(ALICE, [task(1)], True, 0.0)

    assert acts(busy) == [Recall(0, [task(1)]), Interrupt(0, task(1))]


def test_interrupt_waits_until_the_task_is_the_one_that_runs(
    busy: TaskTable,
) -> None:
    busy.on_cancel(ALICE, [task(2)], True, 0.0)
    assert acts(busy) == [Recall(0, [task(2)])]

    busy.on_done(0, [ended(1)], 1.0)

    reply = Reply(ALICE, 0, [ended(1)])
    assert acts(busy) == [assign(0, 3), Interrupt(0, task(2)), reply]


def test_a_cancel_with_interrupt_may_follow_one_without(busy: TaskTable) -> None:
    busy.on_cancel(ALICE, [task(1)], False, 0.0)
    acts(busy)

    busy.on_cancel(ALICE, [task(1)], True, 0.0)

    assert acts(busy) == [Interrupt(0, task(1))]


def test_each_further_cancel_of_what_runs_is_a_further_interrupt(
    busy: TaskTable,
) -> None:
    for number in (1, 2, 3):
        busy.on_cancel(ALICE, [task(1)], True, 0.0)
        assert acts(busy)[-1] == Interrupt(0, task(1), number)

    # The answer to the recall comes: said again, for the first may have come too soon.
    busy.on_dropped(0, [], 1.0)
    assert acts(busy) == [Interrupt(0, task(1), 3)]

    busy.on_cancel(ALICE, [task(1)], False, 2.0)
    assert acts(busy) == []


def test_cancels_before_a_task_runs_are_one_interrupt(busy: TaskTable) -> None:
    busy.on_cancel(ALICE, [task(2)], True, 0.0)
    busy.on_cancel(ALICE, [task(2)], True, 0.0)
    assert acts(busy) == [Recall(0, [task(2)])]
    busy.on_dropped(0, [], 0.5)
    assert acts(busy) == []

    busy.on_done(0, [ended(1)], 1.0)

    assert Interrupt(0, task(2), 2) in acts(busy)


def test_an_interrupted_task_is_not_tried_again(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, options=Options(retries=5)), 0.0)
    acts(table)
    table.on_cancel(ALICE, [task(1)], True, 0.0)
    acts(table)

    table.on_done(0, [ended(1, Status.ERROR)], 1.0)

    assert acts(table) == [Reply(ALICE, 0, [ended(1, Status.ERROR)])]


def test_cancelled_tasks_of_an_engine_that_ends_do_not_run_again(
    busy: TaskTable,
) -> None:
    busy.on_cancel(ALICE, [task(2)], False, 0.0)

    busy.on_engine_lost(0, 0, False, "gone", 1.0)
    busy.on_engine_joined(1, 1.0)

    assert acts(busy) == [assign(1, 1, 3), Reply(ALICE, -1, aborted(2))]


def test_cancelling_everything_takes_only_ones_own(busy: TaskTable) -> None:
    busy.on_submit(BOB, submit(1, client=BOB), 0.0)
    busy.on_cancel(ALICE, None, False, 0.0)

    assert acts(busy) == [
        Recall(0, [task(1), task(2)]),
        Reply(ALICE, -1, aborted(3)),
    ]


def test_others_tasks_are_cancelled_only_by_an_administrator(
    table: TaskTable,
) -> None:
    table.on_submit(ALICE, submit(1), 0.0)
    table.on_cancel(BOB, [task(1)], False, 0.0)
    assert acts(table) == []

    table.on_cancel(BOB, [task(1)], False, 0.0, admin=True)

    assert acts(table) == [Reply(ALICE, -1, aborted(1))]


def test_cancelling_what_has_ended_changes_nothing(busy: TaskTable) -> None:
    busy.on_done(0, [ended(1), ended(2)], 0.0)
    acts(busy)

    busy.on_cancel(ALICE, [task(1), task(2), task(99)], True, 1.0)

    assert acts(busy) == []


def learn(table: TaskTable, engine: int = 0) -> None:
    """The table has seen that the function takes a microsecond."""
    table.on_submit(ALICE, submit(1), 0.0)
    acts(table)
    table.on_done(engine, [ended(1)], 0.0)
    acts(table)


def test_tasks_behind_a_slow_one_run_elsewhere(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    learn(table)
    table.on_submit(ALICE, submit(*range(2, 258)), 0.0)
    assert sum(len(a.items) for a in acts(table) if isinstance(a, Assign)) == 256
    table.on_engine_joined(1, 0.001)
    assert acts(table, 0.001) == []
    assert table.next_deadline() == pytest.approx(0.006)

    table.on_tick(0.007)

    tail = [task(number) for number in range(130, 258)]
    assert acts(table, 0.007) == [Recall(0, tail)]

    table.on_dropped(0, tail, 0.008)
    taken: list[int] = []
    for action in acts(table, 0.008):
        assert isinstance(action, Assign)
        assert action.engine == 1
        taken += [item.task for item in action.items]
    assert taken == tail


def test_a_slow_engine_is_asked_again_until_only_its_first_task_is_left(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    learn(table)
    numbers = range(2, 258)
    table.on_submit(ALICE, submit(*numbers), 0.0)
    acts(table)
    held = {0: [task(number) for number in numbers], 1: []}
    table.on_engine_joined(1, 0.0)
    now = 0.0

    while len(held[0]) > 1:
        now += 0.01
        table.on_tick(now)
        for action in acts(table, now):
            if isinstance(action, Recall):
                held[0] = [one for one in held[0] if one not in action.tasks]
                table.on_dropped(0, action.tasks, now)
            elif isinstance(action, Assign):
                held[action.engine] += [item.task for item in action.items]
        outcomes = [ended(one & 0xFFFF) for one in held[1]]
        table.on_done(1, outcomes, now)
        held[1] = []
        assert now < 1.0

    assert held[0] == [task(2)]


def test_only_one_recall_is_open_at_a_time(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)
    table.on_engine_joined(1, 0.0)
    acts(table)
    table.on_tick(0.02)
    assert acts(table, 0.02) == [Recall(0, [task(2)])]

    table.on_tick(1.0)

    assert acts(table, 1.0) == []


def test_work_is_not_taken_while_it_is_fresh(table: TaskTable) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)
    table.on_engine_joined(1, 0.0)
    acts(table)

    table.on_tick(0.004)

    assert acts(table, 0.004) == []


def test_direct_and_bound_tasks_are_not_given_to_idle_engines(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    item = Item(task(1), b"")
    table.on_direct(ALICE, Direct(b"d", Mode.APPLY, Options(), [0, 0], item), 0.0)
    options = Options(targets=frozenset({0}))
    table.on_submit(ALICE, submit(3, options=options), 0.0)
    acts(table)
    table.on_engine_joined(1, 0.0)
    acts(table)

    table.on_tick(1.0)

    assert acts(table, 1.0) == []
    due = table.next_deadline()
    assert due is not None
    assert due > 1.0


def test_an_engine_whose_work_was_taken_gets_none_until_it_reports(
    table: TaskTable,
) -> None:
    table.on_engine_joined(0, 0.0)
    table.on_submit(ALICE, submit(1, 2), 0.0)
    acts(table)
    table.on_engine_joined(1, 0.0)
    acts(table)
    table.on_tick(0.02)
    acts(table, 0.02)
    table.on_dropped(0, [task(2)], 0.02)
    assert acts(table, 0.02) == [assign(1, 2)]

    table.on_engine_suspect(1)
    table.on_submit(ALICE, submit(3), 0.03)
    assert acts(table, 0.03) == []

    table.on_done(0, [ended(1)], 0.04)
    assert acts(table, 0.04)[0] == assign(0, 3)
