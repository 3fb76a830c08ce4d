"""How much an engine is given ahead: judged by what its tasks were seen to take."""

from __future__ import annotations

from random import Random

import pytest

from ipcluster.controller.actions import Assign, Recall
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.windows import REMEMBERED, Function, Functions, slots_for
from ipcluster.wire.messages import Direct, Item, Mode, Options, Outcome, Submit


class Line:
    """A client, a table, and engines that take `seconds` for each task."""

    def __init__(self, engines: int) -> None:
        self.table = TaskTable(random=Random(1))
        self.held: dict[int, list[int]] = {}
        self.next = 1 << 40
        for engine in range(engines):
            self.held[engine] = []
            self.table.on_engine_joined(engine, 0.0)

    def submit(self, count: int, size: int = 1, function: bytes = b"f") -> None:
        items = [Item(self.next + i, bytes(size)) for i in range(count)]
        self.next += count
        message = Submit(function, Mode.APPLY, Options(), items)
        self.table.on_submit(1, message, 0.0)

    def assigned(self) -> list[tuple[int, int]]:
        """Engine and number of tasks of each batch given out now."""
        batches = []
        for action in self.table.take_actions(0.0):
            if isinstance(action, Assign):
                self.held[action.engine] += [item.task for item in action.items]
                batches.append((action.engine, len(action.items)))
            assert not isinstance(action, Recall)
        self.table.check()
        return batches

    def finish(self, engine: int, seconds: float) -> None:
        tasks, self.held[engine] = self.held[engine], []
        outcomes = [Outcome(task, 0, b"", 1.0, seconds) for task in tasks]
        self.table.on_done(engine, outcomes, 0.0)

    def teach(self, seconds: float) -> None:
        """Every engine has run the function."""
        self.submit(2 * len(self.held))
        self.assigned()
        for engine in self.held:
            self.finish(engine, seconds)
        self.assigned()


@pytest.mark.parametrize(
    ("seconds", "held"),
    [(1e-6, 256), (1e-4, 37), (1e-3, 4), (5e-3, 2), (1e-2, 2), (0.02, 1), (60.0, 1)],
)
def test_an_engine_holds_about_four_milliseconds_of_work(
    seconds: float, held: int
) -> None:
    line = Line(engines=1)
    line.teach(seconds)

    line.submit(1000)

    assert sum(count for _, count in line.assigned()) == held


def test_batches_are_of_64_tasks_and_go_round() -> None:
    line = Line(engines=2)
    line.teach(1e-6)

    line.submit(10_000)

    assert sorted(line.assigned()) == [(0, 64)] * 4 + [(1, 64)] * 4


def test_few_tasks_are_shared_out_evenly() -> None:
    line = Line(engines=4)
    line.teach(1e-4)

    line.submit(16)

    assert sorted(line.assigned()) == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_a_few_calls_of_a_microsecond_are_not_worth_a_message_each() -> None:
    line = Line(engines=8)
    line.teach(1e-6)

    line.submit(20)

    assert sorted(count for _, count in line.assigned()) == [4, 16]


def test_the_window_opens_fast_after_a_first_call_that_imports_much() -> None:
    line = Line(engines=1)
    line.teach(0.5)
    rounds = 0
    line.submit(5000)

    while sum(count for _, count in line.assigned()) < 200:
        line.finish(0, 1e-5)
        rounds += 1

    assert rounds <= 8


def test_one_slow_call_does_not_close_the_window_for_good() -> None:
    function = Function(b"f", 0)
    function.learn(1e-5)
    function.learn(0.05)
    assert function.slots < 256

    for _ in range(6):
        function.learn(1e-5)

    assert function.slots == 1


def test_long_tasks_of_another_client_get_their_turn_among_small_ones() -> None:
    line = Line(engines=1)
    line.teach(1e-6)
    line.submit(10_000)
    line.assigned()

    item = Item(2 << 40, b"")
    line.table.on_submit(2, Submit(b"long", 0, Options(), [item]), 0.0)
    line.finish(0, 1e-6)
    first, *_ = line.table.take_actions(0.0)

    assert first == Assign(0, b"long", Mode.APPLY, [item])


def test_an_engine_holds_four_mebibytes_of_arguments_at_most() -> None:
    line = Line(engines=1)
    line.teach(1e-6)

    line.submit(100, size=1 << 20)

    assert line.assigned() == [(0, 4)]


def test_one_task_larger_than_that_is_still_given() -> None:
    line = Line(engines=1)
    line.teach(1e-6)

    line.submit(2, size=10 << 20)

    assert line.assigned() == [(0, 1)]


def test_direct_tasks_are_sent_ahead_however_long_they_take() -> None:
    line = Line(engines=1)
    line.teach(60.0)
    for number in range(40):
        item = Item((2 << 40) + number, b"")
        line.table.on_direct(2, Direct(b"f", 0, Options(), [0], item), 0.0)

    assert line.assigned() == [(0, 16)]


def test_what_functions_take_is_remembered_for_those_used_last() -> None:
    functions = Functions()
    first = functions.get(b"first", 0)
    assert functions.get(b"first", 1) is not first
    for number in range(REMEMBERED - 2):
        functions.get(b"%d" % number, 0)
    assert functions.get(b"first", 0) is first

    functions.get(b"one more", 0)
    functions.get(b"and another", 0)

    assert functions.get(b"first", 0) is first
    assert functions.get(b"0", 0).slots == 0


def test_slots_never_fall_with_the_time() -> None:
    times = [0.0, 1e-7, 1e-5, 2e-5, 1e-4, 1e-3, 3e-3, 0.019, 0.02, 1e9]
    slots = [slots_for(seconds) for seconds in times]

    assert slots == sorted(slots)
    assert slots[0] == 1
    assert slots[-1] == 256
