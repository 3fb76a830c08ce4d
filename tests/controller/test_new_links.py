"""An engine whose link was replaced: what was on its way may be lost."""

from __future__ import annotations

from random import Random

from ipcluster.controller.actions import Assign, Interrupt, Recall
from ipcluster.controller.tasks import TaskTable
from ipcluster.wire.messages import Item, Mode, Options, Outcome, Submit

ENGINE, CLIENT = 0, 1


def task(number: int) -> int:
    return CLIENT << 40 | number


def holding(*numbers: int) -> TaskTable:
    """A table whose one engine has been given these tasks."""
    table = TaskTable(random=Random(1))
    table.on_client_joined(CLIENT)
    table.on_engine_joined(ENGINE, 0.0)
    # Quick ones, so that many are given at once.
    items = [Item(task(n), b"") for n in (100, *numbers)]
    table.on_submit(CLIENT, Submit(b"f", Mode.APPLY, Options(), items[:1]), 0.0)
    table.take_actions(0.0)
    table.on_done(ENGINE, [Outcome(task(100), 0, b"", 1.0, 1e-6)], 0.0)
    table.on_submit(CLIENT, Submit(b"f", Mode.APPLY, Options(), items[1:]), 0.0)
    given = [a for a in table.take_actions(0.0) if isinstance(a, Assign)]
    assert sum(len(assign.items) for assign in given) == len(numbers)
    return table


def test_tasks_that_never_arrived_are_called_back_and_given_again() -> None:
    table = holding(1, 2, 3)

    table.on_engine_back(ENGINE, [task(1)])
    actions = table.take_actions(0.0)
    assert actions == [Recall(ENGINE, [task(2), task(3)])]
    table.on_dropped(ENGINE, [task(2), task(3)], 0.0)
    table.check()

    again = table.take_actions(0.0)
    items = [Item(task(n), b"") for n in (2, 3)]
    assert again == [Assign(ENGINE, b"f", Mode.APPLY, items)]
    assert table.held(ENGINE) == 3


def test_a_cancel_is_said_again() -> None:
    table = holding(1, 2)
    table.on_cancel(CLIENT, [task(1), task(2)], True, 0.0)
    first = table.take_actions(0.0)

    table.on_engine_back(ENGINE, [task(1), task(2)])

    assert first == [
        Recall(ENGINE, [task(1), task(2)]),
        Interrupt(ENGINE, task(1)),
    ]
    assert table.take_actions(0.0) == first
    table.check()


def test_an_outcome_that_comes_twice_counts_once() -> None:
    table = holding(1)
    outcome = Outcome(task(1), 0, b"", 1.0, 1e-6)
    table.on_done(ENGINE, [outcome], 0.0)
    table.on_engine_back(ENGINE, [task(1)])
    table.on_done(ENGINE, [outcome], 0.0)

    table.check()
    assert table.held(ENGINE) == 0
