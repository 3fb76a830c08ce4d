"""Objects that users pickle themselves."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from ipcluster.wire.errors import SerializationError
from ipcluster.wire.prepickled import (
    Canned,
    PrePickled,
    can,
    deserialize_object,
    serialize_object,
    uncan,
)
from ipcluster.wire.references import Reference
from ipcluster.wire.segments import Mapper, SegmentPool
from ipcluster.wire.serialize import LARGE, dump, load

Define = Callable[[str], dict[str, Any]]


class EngineSide(Protocol):
    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any: ...


class Counted:
    """Counts how often it is pickled."""

    times = 0

    def __reduce__(self) -> tuple[Any, ...]:
        Counted.times += 1
        return str, ("counted",)


def there_and_back(obj: object) -> Any:
    return load(dump(obj, None).payload)


def test_it_is_pickled_once_and_arrives_as_the_object() -> None:
    Counted.times = 0
    once = PrePickled([Counted()])

    assert there_and_back(once) == ["counted"]
    assert there_and_back({"deep": [once, once]}) == {"deep": [["counted"]] * 2}
    assert once.get_object() == ["counted"]
    assert Counted.times == 1


def test_it_is_as_it_was_when_it_was_pickled() -> None:
    array, names = np.arange(100_000), ["a"]
    once = PrePickled((array, names))

    array[0] = -1
    names.append("b")
    first, _ = there_and_back(once)
    first[1] = -1
    second, kept = there_and_back(once)

    assert (second[:3] == [0, 1, 2]).all()
    assert kept == ["a"]
    assert once.get_object()[0].flags.writeable


def test_large_ones_go_to_segments(tmp_path: Path) -> None:
    array = np.arange(LARGE // 8)
    pool = SegmentPool(tmp_path, None, "maker", 1 << 30)
    mapper = Mapper([tmp_path])

    packed = dump([PrePickled(array), PrePickled("x" * LARGE)], pool)
    views = [mapper.map(segment) for segment in packed.segments]
    found, text = load(packed.payload, views, packed.spilled)

    assert len(packed.segments) == 2
    assert len(packed.payload) < 1000
    assert found.flags.writeable
    assert (found == array).all()
    assert text == "x" * LARGE
    del found, views
    pool.close()


def test_functions_in_it_are_those_of_the_session(
    define: Define, engine_side: EngineSide
) -> None:
    session = define("k, n = 1, 2\ndef f(): return k, [n for _ in 'x']")
    other = define("k = 3\ndef g(h): return k, h()")

    once = PrePickled(session["f"])

    assert engine_side.run(other["g"], once) == (3, (1, [2]))
    assert engine_side.run(other["g"], once, setup="k = 5") == (5, (5, [2]))


def test_a_function_may_close_over_it(engine_side: EngineSide) -> None:
    once = PrePickled({"a": 1})

    def f() -> Any:
        return once

    assert engine_side.run(f) == {"a": 1}


def test_it_says_what_it_is() -> None:
    assert repr(PrePickled({"a": 1})).startswith("<PrePickled dict: ")
    with pytest.raises(SerializationError, match="value: cannot pickle"):
        PrePickled(threading.Lock())


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_plain_pickle_takes_what_was_canned(define: Define, protocol: int) -> None:
    function = define("k = 1\ndef f(): return k")["f"]

    data = pickle.dumps([can(function), PrePickled(3)], protocol)
    canned, plain = pickle.loads(data)

    assert isinstance(canned, Canned)
    assert plain == 3
    assert uncan(canned)() == 1
    assert uncan(canned, {"k": 2})() == 2


def test_uncan_leaves_others_as_they_are() -> None:
    assert uncan([1]) == [1]
    assert uncan({"a": can(1), "b": 2, "c": Reference("x + 1")}, {"x": 1}) == {
        "a": 1,
        "b": 2,
        "c": 2,
    }
    canned = can([1])
    assert can(canned) is canned


def test_buffers_of_several_objects_in_a_row() -> None:
    array = np.arange(1000)

    buffers = serialize_object([array, "text"])
    buffers += serialize_object(7)
    buffers += serialize_object(PrePickled(array[:10]), buffer_threshold=0)
    first, buffers = deserialize_object(buffers)
    second, buffers = deserialize_object(buffers)
    third, buffers = deserialize_object(buffers)

    assert (first[0] == array).all()
    assert np.shares_memory(first[0], array)
    assert second == 7
    assert (third == array[:10]).all()
    assert buffers == []
