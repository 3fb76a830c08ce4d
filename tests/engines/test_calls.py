"""Segments that come with tasks and functions: each is let go once."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ipcluster.engines.calls import Calls
from ipcluster.engines.operations import Namespace
from ipcluster.wire.messages import Item, NewFunction, Run, Status
from ipcluster.wire.recent import KEPT, KEPT_LARGE
from ipcluster.wire.segments import Mapper, SegmentPool
from ipcluster.wire.serialize import dump, dump_function

ARRAY = np.arange(100_000, dtype=float)


class Side:
    """An engine's calls, and a client's pool in the same folder."""

    def __init__(self, folder: Path) -> None:
        self.pool = SegmentPool(folder, None, "c1", 1 << 30)
        namespace = Namespace(types.ModuleType("__main__"))
        self.calls = Calls(namespace, None, Mapper([folder]))
        self.names = namespace.names

    def item(self, *args: Any, task: int = 1) -> Item:
        """A task that has come, with these arguments."""
        item = Item(task, *dump((args, {}), self.pool))
        self.calls.take(item)
        return item

    def function(self, f: Any) -> NewFunction:
        message = NewFunction(*packed_function(self, f))
        self.calls.add_function(message)
        return message

    def run(self, digest: bytes, item: Item) -> int:
        status, _ = self.calls.run(Run(digest, 0, [item]), item)
        return status


def packed_function(side: Side, f: Any) -> Any:
    digest, packed = dump_function(f, side.pool)
    return digest, *packed


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    side = Side(tmp_path)
    yield side
    side.pool.close()


def names(*messages: Item | NewFunction) -> list[str]:
    return [segment.name for message in messages for segment in message.segments]


def test_an_argument_is_let_go_when_the_call_is_over(side: Side) -> None:
    item = side.item({"a": ARRAY})
    assert side.calls.held() == names(item)

    assert side.run(b"push", item) == Status.OK
    assert side.calls.released() == []
    assert side.calls.held() == names(item)

    del side.names["a"]
    assert side.calls.released() == names(item)
    assert side.calls.held() == []


def test_one_file_is_held_as_often_as_it_was_brought(side: Side) -> None:
    item = side.item({"a": ARRAY, "b": ARRAY.copy()})
    assert len(item.segments) == 2
    assert side.calls.held() == [item.segments[0].name] * 2
    side.run(b"push", item)

    del side.names["a"]

    assert side.calls.released() == side.calls.held() == names(item)[:1]


def test_a_task_that_is_given_back_lets_go(side: Side) -> None:
    item = side.item(ARRAY)

    side.calls.drop(item)
    side.calls.drop(item)

    assert side.calls.released() == names(item)


def test_a_call_that_fails_before_it_maps_lets_go(side: Side) -> None:
    unknown, gone = side.item(ARRAY), side.item(ARRAY, ARRAY + 1, task=2)
    side.pool.discard([gone.segments[0].name])

    assert side.run(b"no such function", unknown) == Status.ERROR
    assert side.run(b"push", gone) == Status.ERROR

    assert sorted(side.calls.released()) == sorted(names(unknown, gone))
    assert side.calls.held() == []


def test_a_function_lets_go_when_it_is_forgotten(side: Side) -> None:
    array = ARRAY.copy()
    used = side.function(lambda: array.sum())
    assert side.run(used.digest, side.item()) == Status.OK
    again = side.function(lambda: array.sum())
    assert again.digest != used.digest or side.calls.released() == names(again)
    side.calls.released()

    array = array + 1
    unused = side.function(lambda: array.sum())
    assert set(names(used, unused)) <= set(side.calls.held())
    for number in range(KEPT_LARGE):
        other = ARRAY + number
        side.function(lambda other=other: other.sum())
    for number in range(KEPT):
        side.calls.add_function(NewFunction(number.to_bytes(16, "big"), b""))

    assert set(names(used, unused)) <= set(side.calls.released())
    assert len(side.calls.held()) == KEPT_LARGE


def test_a_large_function_that_a_task_waits_for_is_not_put_out(side: Side) -> None:
    arrays = [ARRAY + number for number in range(KEPT_LARGE + 2)]
    functions = [side.function(lambda a=a: float(a[0])) for a in arrays[:2]]

    for array in arrays[2:]:
        message = NewFunction(*packed_function(side, lambda a=array: float(a[0])))
        side.calls.add_function(message, lambda: {functions[0].digest})

    assert side.run(functions[0].digest, side.item()) == Status.OK
    assert side.run(functions[1].digest, side.item()) == Status.ERROR


def test_a_function_that_comes_twice_is_held_once(side: Side) -> None:
    array = ARRAY.copy()
    message = side.function(lambda: array.sum())

    side.calls.add_function(message)

    assert side.calls.released() == names(message)
    assert side.calls.held() == names(message)
