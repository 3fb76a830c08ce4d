"""Interrupts of one task keep a distance, so that it can clean up after each."""

from __future__ import annotations

import pytest

from ipcluster.engines.interrupts import PATIENCE, PAUSE, Interrupts
from ipcluster.wire.messages import Interrupt

SLOT, TASK = 3, 7
NOTHING = 0, 0.0


@pytest.fixture
def interrupts() -> Interrupts:
    """One wish, passed on at 10."""
    made = Interrupts()
    made.add(Interrupt(SLOT, TASK, 1), 10.0)
    assert made.next_deadline() == 10.0
    assert made.due(10.0) == [(SLOT, TASK)]
    assert made.pass_on(SLOT, *NOTHING, 10.0) == 1
    return made


def test_an_interrupt_is_passed_on_once(interrupts: Interrupts) -> None:
    interrupts.add(Interrupt(SLOT, TASK, 1), 20.0)

    assert interrupts.due(30.0) == []
    assert interrupts.next_deadline() is None


def test_the_next_of_that_task_waits_for_a_moment(interrupts: Interrupts) -> None:
    interrupts.add(Interrupt(SLOT, TASK, 2), 10.01)

    assert interrupts.due(10.01) == []
    assert interrupts.next_deadline() == 10.0 + PAUSE
    assert interrupts.due(10.1) == [(SLOT, TASK)]
    assert interrupts.pass_on(SLOT, 1, 10.0, 10.1) == 2
    assert interrupts.due(11.0) == []


def test_it_waits_from_when_the_last_was_heard(interrupts: Interrupts) -> None:
    interrupts.add(Interrupt(SLOT, TASK, 2), 10.01)

    assert interrupts.pass_on(SLOT, *NOTHING, 10.06) is None  # in C code
    assert interrupts.next_deadline() == 10.06 + PAUSE
    assert interrupts.pass_on(SLOT, 1, 10.1, 10.12) is None  # just now
    assert interrupts.next_deadline() == 10.1 + PAUSE
    assert interrupts.pass_on(SLOT, 1, 10.1, 10.2) == 2


def test_wishes_at_once_are_passed_on_one_by_one(interrupts: Interrupts) -> None:
    interrupts.add(Interrupt(SLOT, TASK, 3), 10.0)

    for number, now in ((2, 10.1), (3, 10.2)):
        assert interrupts.due(now) == [(SLOT, TASK)]
        assert interrupts.pass_on(SLOT, number - 1, now - 0.09, now) == number
        assert interrupts.due(now) == []
    assert interrupts.due(20.0) == []


def test_another_task_or_engine_does_not_wait(interrupts: Interrupts) -> None:
    interrupts.add(Interrupt(SLOT, TASK + 1, 1), 10.01)
    interrupts.add(Interrupt(SLOT + 1, TASK, 1), 10.01)

    assert interrupts.due(10.01) == [(SLOT, TASK + 1), (SLOT + 1, TASK)]
    assert interrupts.pass_on(SLOT, *NOTHING, 10.01) == 1


EARLIER = TASK - 1


@pytest.fixture
def early() -> Interrupts:
    """One for a task that its engine has not begun, as it seems."""
    made = Interrupts()
    made.add(Interrupt(SLOT, TASK, 1), 10.0)
    made.put_off(SLOT, EARLIER, 10.0)
    assert made.due(10.01) == []
    return made


def test_a_task_that_has_not_begun_is_looked_at_again(early: Interrupts) -> None:
    assert early.next_deadline() == 10.0 + PAUSE
    assert early.due(10.1) == [(SLOT, TASK)]
    early.put_off(SLOT, EARLIER, 10.1)

    assert early.due(10.2) == [(SLOT, TASK)]
    assert early.pass_on(SLOT, *NOTHING, 10.2) == 1
    assert early.due(11.0) == []


@pytest.mark.parametrize("last", [TASK, TASK + 1])
def test_it_is_forgotten_when_that_or_another_was_run(
    early: Interrupts, last: int
) -> None:
    early.put_off(SLOT, last, 10.1)

    assert early.next_deadline() is None


def test_it_is_forgotten_when_the_task_does_not_begin(early: Interrupts) -> None:
    early.put_off(SLOT, EARLIER, 10.1 + PATIENCE)

    assert early.next_deadline() is None


def test_of_a_task_that_has_ended_nothing_is_kept() -> None:
    interrupts = Interrupts()
    interrupts.add(Interrupt(SLOT, TASK, 1), 10.0)

    interrupts.put_off(SLOT, TASK, 10.0)

    assert interrupts.next_deadline() is None


def test_one_that_came_too_soon_can_be_said_again() -> None:
    interrupts = Interrupts()
    interrupts.add(Interrupt(SLOT, TASK, 1), 10.0)
    interrupts.forget(SLOT)
    assert interrupts.due(10.0) == []

    interrupts.add(Interrupt(SLOT, TASK, 1), 10.01)

    assert interrupts.due(10.01) == [(SLOT, TASK)]
