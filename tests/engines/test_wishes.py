"""Lines that a cell's threads ask for: each gets its own, once."""

from __future__ import annotations

import pytest

from ipcluster.engines.wishes import AHEAD, Wishes
from ipcluster.wire.messages import Aside, Typed

TASK = 7


@pytest.fixture
def wishes() -> Wishes:
    made = Wishes()
    made.begin(TASK)
    return made


def test_answers_go_to_their_wishes_in_any_order(wishes: Wishes) -> None:
    assert (wishes.ask(), wishes.ask()) == (1, 2)
    assert wishes.take(1) == (False, None)

    wishes.on_typed(Typed(TASK, "two", 2))
    assert wishes.take(1) == (False, None)
    wishes.on_typed(Typed(TASK, None, 1))

    assert wishes.take(1) == (True, None)
    assert wishes.take(2) == (True, "two")


def test_what_is_for_no_open_wish_is_forgotten(wishes: Wishes) -> None:
    wishes.on_typed(Typed(TASK, "early", 1))
    assert wishes.ask() == 1
    wishes.on_typed(Typed(TASK + 1, "another's", 1))
    assert wishes.take(1) == (False, None)

    wishes.on_typed(Typed(TASK, "one", 1))
    assert wishes.take(1) == (True, "one")
    wishes.on_typed(Typed(TASK, "again", 1))

    assert wishes.take(1) == (False, None)


def test_lines_for_nobody_wait_for_the_next_wishes_of_their_task(
    wishes: Wishes,
) -> None:
    for text in map(str, range(AHEAD + 2)):
        wishes.on_typed(Typed(TASK, text))

    assert wishes.take(wishes.ask()) == (True, "2")  # the first are forgotten
    assert wishes.take(wishes.ask()) == (True, "3")
    wishes.begin(TASK + 1)
    assert wishes.take(wishes.ask()) == (False, None)


def test_a_tab_is_for_the_line_that_is_wished_for(wishes: Wishes) -> None:
    first, second = wishes.ask(), wishes.ask()

    wishes.on_tab(Aside(0, TASK, b"", second), "p ma", 4)
    wishes.on_tab(Aside(0, TASK + 1, b"", first), "another task's", 1)
    wishes.on_tab(Aside(0, TASK, b"", second + 1), "nobody's", 1)

    assert wishes.take_tab(first) is None
    assert wishes.take_tab(second) == ("p ma", 4)
    assert wishes.take_tab(second) is None
