"""What waits to be sent: grouping, the window, withdrawal."""

from __future__ import annotations

from random import Random

import pytest

from ipcluster.client.outbox import MESSAGE_TASKS, Outbox
from ipcluster.wire.messages import (
    Cancel,
    Direct,
    Item,
    NewFunction,
    Options,
    Segment,
    Submit,
)
from ipcluster.wire.recent import COUNTED_ON

OPTIONS = Options()
F = b"f" * 16
G = b"g" * 16


def item(task: int, size: int = 10) -> Item:
    return Item(task, b"x" * size)


def numbers(outbox: Outbox) -> list[list[int]]:
    """The tasks of each message that may go now."""
    found = []
    for message in outbox.take():
        if isinstance(message, Submit):
            found.append([one.task for one in message.items])
        elif isinstance(message, Direct):
            found.append([message.item.task + i for i in range(len(message.targets))])
    return found


def test_equal_calls_share_a_message() -> None:
    outbox = Outbox(100, 10_000)

    for task in (1, 2, 3):
        outbox.add(F, 0, OPTIONS, item(task))
    outbox.add(G, 0, OPTIONS, item(4))
    outbox.add(G, 1, OPTIONS, item(5))
    outbox.add(G, 1, Options(retries=1), item(6))

    outbox.check()
    assert numbers(outbox) == [[1, 2, 3], [4], [5], [6]]


def test_what_was_taken_is_not_added_to() -> None:
    outbox = Outbox(100, 10_000)
    outbox.add(F, 0, OPTIONS, item(1))
    first = outbox.take()

    outbox.add(F, 0, OPTIONS, item(2))

    assert [len(m.items) for m in first if isinstance(m, Submit)] == [1]
    assert numbers(outbox) == [[2]]


def test_messages_are_bounded_in_tasks() -> None:
    outbox = Outbox(10_000, 1 << 30)

    for task in range(MESSAGE_TASKS + 1):
        outbox.add(F, 0, OPTIONS, item(task))

    assert [len(one) for one in numbers(outbox)] == [MESSAGE_TASKS, 1]


def test_window_holds_back_what_is_beyond_it() -> None:
    outbox = Outbox(2, 10_000)
    for task in (1, 2, 3):
        outbox.add(F, task, OPTIONS, item(task))

    assert numbers(outbox) == [[1], [2]]
    assert not outbox.is_open
    assert numbers(outbox) == []

    outbox.ended(1, 10)
    assert numbers(outbox) == [[3]]


def test_window_counts_bytes() -> None:
    outbox = Outbox(100, 25)
    for task in (1, 2, 3):
        outbox.add(F, task, OPTIONS, item(task))

    assert numbers(outbox) == [[1], [2]]


def test_a_message_larger_than_the_window_goes_alone() -> None:
    outbox = Outbox(2, 5)
    outbox.add_direct(Direct(F, 0, OPTIONS, [0, 1, 2], item(1)))
    outbox.add(F, 0, OPTIONS, item(9))

    assert numbers(outbox) == [[1, 2, 3]]

    outbox.ended(3, 30)
    assert numbers(outbox) == [[9]]


def test_function_goes_before_its_first_use_and_once() -> None:
    outbox = Outbox(100, 10_000)

    assert outbox.needs(F)
    outbox.add_function(NewFunction(F, b"code"))
    outbox.add(F, 0, OPTIONS, item(1))

    assert not outbox.needs(F)
    kinds = [type(message) for message in outbox.take()]
    assert kinds == [NewFunction, Submit]


def test_functions_used_long_ago_are_sent_again() -> None:
    outbox = Outbox(100, 10_000)
    outbox.add_function(NewFunction(F, b"code"))
    outbox.add_function(NewFunction(G, b"code"))

    for i in range(COUNTED_ON - 1):
        assert not outbox.needs(F)
        outbox.add_function(NewFunction(i.to_bytes(16, "big"), b"code"))

    assert not outbox.needs(F)
    assert outbox.needs(G)


def test_unsent_tasks_can_be_withdrawn() -> None:
    outbox = Outbox(100, 10_000)
    outbox.add(F, 0, OPTIONS, item(1))
    outbox.add(F, 0, OPTIONS, item(2))
    outbox.add_direct(Direct(F, 0, OPTIONS, [0, 1, 2], item(3)))

    assert outbox.withdraw({1, 4, 77}) == ({1, 4}, set(), [])

    outbox.check()
    assert numbers(outbox) == [[2], [3], [5]]


def test_segments_of_withdrawn_tasks_are_given_back() -> None:
    outbox = Outbox(100, 10_000)
    a, b = Segment("a", 0, 5), Segment("b", 0, 5)
    outbox.add(F, 0, OPTIONS, Item(1, b"", (a,)))
    outbox.add_direct(Direct(F, 0, OPTIONS, [0, 1], Item(2, b"", (b,))))

    assert outbox.withdraw({1, 2, 3}) == ({1, 2, 3}, set(), [a, b])
    assert numbers(outbox) == []


def test_targets_that_share_a_segment_are_not_torn_apart() -> None:
    outbox = Outbox(100, 10_000)
    direct = Direct(F, 0, OPTIONS, [0, 1], Item(2, b"", (Segment("b", 0, 5),)))
    outbox.add_direct(direct)

    assert outbox.withdraw({2}) == (set(), {2}, [])
    cancel = Cancel([2], True)
    outbox.cancel_late(cancel)

    outbox.check()
    assert outbox.take() == [direct, cancel]


@pytest.mark.parametrize("seed", range(20))
def test_random_histories_keep_count(seed: int) -> None:
    random = Random(seed)
    outbox = Outbox(random.randint(1, 50), random.randint(10, 2_000))
    waiting: set[int] = set()
    sent: list[int] = []
    order: list[int] = []
    task = 0

    for _ in range(300):
        match random.choice(("add", "direct", "take", "withdraw", "end")):
            case "add":
                task += 1
                function = random.choice((F, G))
                outbox.add(function, 0, OPTIONS, item(task, random.randint(0, 30)))
                waiting.add(task)
            case "direct":
                n = random.randint(1, 4)
                message = Direct(F, 0, OPTIONS, list(range(n)), item(task + 1, 0))
                outbox.add_direct(message)
                waiting |= set(range(task + 1, task + n + 1))
                task += n
            case "take":
                taken = [one for tasks in numbers(outbox) for one in tasks]
                assert set(taken) <= waiting
                waiting -= set(taken)
                sent += taken
                order += taken
            case "withdraw":
                wanted = set(random.sample(range(1, task + 2), min(task, 3)))
                assert outbox.withdraw(wanted).tasks == wanted & waiting
                waiting -= wanted
            case "end":
                outbox.ended(len(sent), outbox.sent_bytes)
                sent.clear()
        outbox.check()
        assert outbox.tasks == len(waiting), f"seed {seed}"

    assert order == sorted(order), f"seed {seed}"
