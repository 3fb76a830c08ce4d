import array
import collections
import contextlib
import datetime
import gc
import os
import pickle
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipcluster.wire.errors import SerializationError
from ipcluster.wire.references import Reference, resolve
from ipcluster.wire.segments import Hold, Mapper, SegmentPool
from ipcluster.wire.serialize import LARGE, Packed, dump, dump_function, load

Define = Callable[[str], dict[str, Any]]


class Way:
    """To the other side and back, over segments in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.released: list[str] = []
        self.pool = SegmentPool(folder, None, "maker", 1 << 30)
        self.mapper = Mapper([folder])

    def load(self, packed: Packed) -> Any:
        holds = [Hold(one.name, self.released.append) for one in packed.segments]
        views = self.mapper.map_all(packed.segments, holds)
        return load(packed.payload, views, packed.spilled)

    def there(self, obj: object) -> Any:
        return self.load(dump(obj, self.pool))


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    folder = tmp_path / "segments"
    folder.mkdir()
    way = Way(folder)
    yield way
    way.pool.close()


# --- arrays ---------------------------------------------------------------------------

STRUCTURE = np.dtype([("a", "<i4"), ("b", "<f8", (2,)), ("c", "U3")])

ARRAYS: dict[str, Callable[[int], np.ndarray[Any, Any]]] = {
    "plain": lambda n: np.arange(n, dtype=float),
    "fortran": lambda n: np.asfortranarray(np.arange(2 * n).reshape(2, n)),
    "transposed": lambda n: np.arange(6 * n).reshape(2, 3, n).T,
    "strided": lambda n: np.arange(2 * n)[::2],
    "big-endian": lambda n: np.arange(n, dtype=">i4"),
    "structured": lambda n: np.zeros(n, dtype=STRUCTURE),
    "record": lambda n: np.zeros(n, dtype=STRUCTURE).view(np.recarray),
    "text": lambda n: np.array(["abc"] * n),
    "date": lambda n: np.arange(n).astype("datetime64[s]"),
    "complex": lambda n: np.ones(n, dtype=complex),
    "bool": lambda n: np.ones(8 * n, dtype=bool),
    "masked": lambda n: np.ma.masked_less(np.arange(n), 2),
    "object": lambda n: np.array([{"a": i} for i in range(n)]),
    "from bytes": lambda n: np.frombuffer(b"\0" * 8 * n),
    "read-only fortran": lambda n: _read_only(np.asfortranarray(np.ones((n, 2)))),
    "broadcast": lambda n: np.broadcast_to(np.arange(3), (n, 3)),
    "empty": lambda n: np.zeros((0, n)),
    "zero-dimensional": lambda n: np.array(n),
    "read-only empty": lambda n: _read_only(np.zeros((n, 0))),
    "read-only zero-dimensional": lambda n: _read_only(np.array(n)),
}


def _read_only(one: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    one.flags.writeable = False
    return one


@pytest.mark.parametrize("length", [3, 60_000])
@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_arrive_equal_and_writable(way: Way, kind: str, length: int) -> None:
    sent = ARRAYS[kind](length)
    before = sent.copy()

    got = way.there(([{"deep": (sent,)}], {"key": sent}))

    for one in (got[0][0]["deep"][0], got[1]["key"]):
        assert type(one) is type(sent)
        assert (one.dtype, one.shape) == (sent.dtype, sent.shape)
        assert np.array_equal(np.asarray(one), np.asarray(sent))
        assert one.flags.writeable
        if kind not in ("strided", "broadcast"):
            assert one.flags.f_contiguous == sent.flags.f_contiguous
    if sent.size:
        got[1]["key"].flat[0] = sent.flat[-1]
    assert np.array_equal(np.asarray(sent), np.asarray(before))


def test_nobody_sees_what_others_write(way: Way) -> None:
    sent = np.zeros(100_000)
    packed = dump(((sent,), {}), way.pool)
    first, second = way.load(packed)[0][0], way.load(packed)[0][0]
    first[:] = 1
    assert second.sum() == sent.sum() == way.load(packed)[0][0].sum() == 0


def test_large_buffers_lie_in_one_file_and_small_ones_in_the_pickle(way: Way) -> None:
    large, small = np.zeros(LARGE // 8), np.zeros(LARGE // 8 - 100)
    packed = dump([large, small[:100], large + 1], way.pool)
    assert not packed.spilled
    assert [segment.size for segment in packed.segments] == [LARGE, LARGE]
    assert len({segment.name for segment in packed.segments}) == 1
    assert all(segment.offset % 64 == 0 for segment in packed.segments)
    packed = dump([small], way.pool)
    assert not packed.segments


def test_large_pickle_is_spilled(way: Way) -> None:
    sent = list(range(200_000)), np.arange(100_000), b"x" * LARGE
    packed = dump(sent, way.pool)
    assert packed.spilled
    assert packed.payload == b""
    assert len(packed.segments) == 2
    numbers, numpy_array, data = way.load(packed)
    assert (numbers, data) == (sent[0], sent[2])
    assert (numpy_array == sent[1]).all()
    assert dump(b"x" * LARGE, way.pool).spilled
    assert dump((("x" * LARGE,), {}), way.pool).spilled


def test_without_a_pool_everything_is_in_the_payload() -> None:
    packed = dump(np.zeros(1_000_000), None)
    assert packed.segments == ()
    assert load(packed.payload).flags.writeable


def test_mapping_is_released_with_the_last_array(way: Way) -> None:
    packed = dump(np.zeros(100_000), way.pool)
    got = way.load(packed)
    part = got[10:20]
    del got
    assert way.released == []
    del part
    assert way.released == [packed.segments[0].name]


@pytest.mark.skipif(
    psutil.virtual_memory().available < 8 << 30, reason="takes 5 GB of memory"
)
def test_more_than_two_gibibytes(ipcluster_dir: Path) -> None:
    shared = Path("/dev/shm")
    folder = shared / f"ipcluster-test-{os.getpid()}"
    if not shared.is_dir():
        folder = ipcluster_dir / "segments"
    folder.mkdir()
    way = Way(folder)
    sent = np.zeros((1 << 31) + 10, dtype=np.uint8)
    sent[-1] = 7
    try:
        got = way.there(sent)
        assert got.shape == sent.shape
        assert got[-1] == 7
        got[0] = 1
        assert sent[0] == 0
    finally:
        way.pool.close()
        shutil.rmtree(folder, ignore_errors=True)


# --- other objects --------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 10, LARGE, 2 * LARGE])
def test_bytes_stay_bytes_and_bytearrays_are_writable(way: Way, size: int) -> None:
    data = b"a" * size
    got = way.there([data, bytearray(data), memoryview(data), array.array("b", data)])
    assert got[0] == data
    assert type(got[0]) is bytes
    assert type(got[1]) is bytearray
    assert got[2] == memoryview(data)
    assert not got[2].readonly
    assert got[3] == array.array("b", data)


def test_memoryviews_keep_items_and_shape(way: Way) -> None:
    numbers = memoryview(array.array("d", range(6)))
    table = numbers.cast("B").cast("d", (2, 3))
    for view in (numbers, table, numbers[::2], np.ones((3, 100_000)).T.data):
        got = way.there(view)
        assert got.tolist() == view.tolist()
        assert (got.format, got.shape, got.readonly) == (view.format, view.shape, False)
    assert way.there(np.zeros(2, dtype=STRUCTURE).data).nbytes == 64
    assert way.there(np.zeros((0, 2)).data).nbytes == 0


class Thing:
    def __init__(self) -> None:
        self.size = 1


@pytest.mark.parametrize(
    "value",
    [
        ((5,), {}),
        ((), {"a": "text", "b": None}),
        (((1, 2), [3]), {"a": 1.5}),
        (1, 2),
        (1, 2, 3),
        {1: {2: (3, [4, {5}])}},
        None,
        "text",
        MappingProxyType({"a": 1}),
        datetime.timedelta(1),
        collections.OrderedDict(a=1),
        collections.deque([1, 2]),
        range(5),
        slice(1, 2),
        1 << 5000,
        threading.Thread,
        Reference("a.b[0]"),
    ],
)
def test_values_arrive_as_they_were(way: Way, value: object) -> None:
    got = way.there(value)
    assert got == value
    assert type(got) is type(value)


def test_plain_arguments_are_plain_pickle() -> None:
    assert dump(((5,), {}), None) == (pickle.dumps(((5,), {}), 5), (), False)


def test_shared_and_cyclic_objects_stay_so(way: Way) -> None:
    cycle: list[Any] = [1]
    cycle.append(cycle)
    large = np.zeros(100_000)
    got = way.there([cycle, cycle, large, large])
    assert got[0] is got[1] is got[0][1]
    assert got[2] is got[3]


def test_weak_containers_travel(way: Way) -> None:
    keys = [Thing(), Thing()]
    values = weakref.WeakKeyDictionary({keys[0]: 1})
    got = way.there([keys, weakref.WeakSet(keys), values])
    assert set(got[1]) == set(got[0])
    assert got[2][got[0][0]] == 1


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner)
        | st.sets(st.integers())
    ),
)


@given(plain)
@settings(max_examples=150, deadline=None)
def test_any_plain_value_arrives_as_it_was(value: object) -> None:
    assert load(dump(value, None).payload) == value
    arguments = (value, 1), {"key": value}
    assert load(dump(arguments, None).payload) == arguments


# --- failures -------------------------------------------------------------------------


class Locked:
    def __init__(self) -> None:
        self.fine = [1]
        self.lock = threading.Lock()


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner: object) -> None:
        self.inner = inner


class Refusing:
    def __reduce__(self) -> str:
        raise ValueError("not me")


class Careful:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.other = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"renamed": self.other}


def _generator() -> Iterator[int]:
    yield 1


def _with_default(value: object) -> Callable[..., Any]:
    return lambda a=value: a


LOCK = "cannot pickle '_thread.lock' object"


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (((threading.Lock(),), {}), f"argument 1: {LOCK}"),
        (((1, {"a": Locked()}), {}), f"argument 2['a'].lock: {LOCK}"),
        (((), {"key": [Locked()]}), f"argument 'key'[0].lock: {LOCK}"),
        ((([*range(500), Locked()],), {}), f"argument 1[500].lock: {LOCK}"),
        (((Slotted(Slotted(Locked())),), {}), f"argument 1.inner.inner.lock: {LOCK}"),
        (((Careful(),), {}), f"argument 1.renamed: {LOCK}"),
        (((Refusing(),), {}), "argument 1: not me"),
        (((_generator(),), {}), "argument 1: cannot pickle 'generator' object"),
        (((_with_default(Locked()),), {}), f"argument 1 default of 'a'.lock: {LOCK}"),
        (((Locked().fine.append, Locked().__init__), {}),  # type: ignore[misc]
         f"argument 2.__self__.lock: {LOCK}"),
    ],
)  # fmt: skip
def test_error_names_the_part_that_cannot_be_pickled(
    way: Way, obj: object, text: str
) -> None:
    with pytest.raises(SerializationError) as caught:
        dump(obj, way.pool)
    assert str(caught.value) == text
    assert caught.value.__cause__ is not None


def test_error_uses_the_name_it_was_given() -> None:
    with pytest.raises(SerializationError, match=r"^result\[0\]\.lock: cannot pickle"):
        dump([Locked()], None, name="result")
    with pytest.raises(SerializationError, match=r"^value\[0\]\.lock: cannot pickle"):
        dump([Locked()], None)


def test_failure_leaves_nothing_in_the_pool(way: Way) -> None:
    with pytest.raises(SerializationError):
        dump(((np.zeros(1_000_000), Locked()), {}), way.pool)
    assert way.pool.busy_names == []


def test_too_deep_nesting_is_said_so() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(SerializationError, match="nested too deeply"):
        dump(((deep,), {}), None)


def test_class_that_cannot_be_hashed_is_an_error_of_ours(define: Define) -> None:
    session = define("""
        class Meta(type):
            def __eq__(cls, other): return cls is other
        class C(metaclass=Meta): pass
    """)
    with pytest.raises(SerializationError, match="unhashable"):
        dump(((session["C"](),), {}), None)


def test_search_in_a_cycle_ends() -> None:
    cycle: dict[str, Any] = {"lock": threading.Lock()}
    cycle["again"] = cycle
    with pytest.raises(SerializationError, match=r"argument 1\['lock'\]"):
        dump(((cycle,), {}), None)


def test_interrupt_gets_out() -> None:
    class Interrupting:
        def __reduce__(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dump(((Interrupting(),), {}), None)


# --- functions with segments, dill, references ----------------------------------------


def test_function_with_large_values_uses_segments(way: Way, define: Define) -> None:
    session = define("""
        import numpy as np
        table = np.ones(100_000)
        def f(): return table.sum()
    """)
    digest, packed = dump_function(session["f"], way.pool)
    assert packed.segments
    assert way.load(packed)() == 100_000
    assert dump_function(session["f"], way.pool)[0] == digest
    session["table"][0] = 2
    assert dump_function(session["f"], way.pool)[0] != digest


def test_dill_when_asked_for(way: Way) -> None:
    packed = dump(((lambda x: x + 1,), {"a": [1]}), way.pool, pickler="dill")
    (function,), keywords = load(packed.payload)
    assert (function(1), keywords) == (2, {"a": [1]})
    with pytest.raises(SerializationError, match="generator"):
        dump(_generator(), None, pickler="dill")


def test_references_resolve_one_level_deep() -> None:
    namespace = {"a": 1, "b": [2, 3]}
    a, b = Reference("a"), Reference("b[1]")
    sent = load(dump(((a, [b, 0], (b,), {"k": a}, [[a]]), {"x": b}), None).payload)
    args, keywords = resolve(sent, namespace)
    assert args == (1, [3, 0], (3,), {"k": 1}, [[a]])
    assert keywords == {"x": 3}
    assert resolve(b, namespace) == 3
    with pytest.raises(NameError, match="missing"):
        resolve(Reference("missing"), namespace)


def test_reference_checks_its_expression() -> None:
    with pytest.raises(TypeError, match="names a value with a str"):
        Reference(5)  # type: ignore[arg-type]  # what is tested
    with pytest.raises(ValueError, match="not a Python expression"):
        Reference("a = 1")


# --- errors keep nothing --------------------------------------------------------------


class Kept:
    """Something large that cannot be pickled together with its lock."""

    def __init__(self) -> None:
        self.array = np.zeros(100_000)
        self.lock = threading.Lock()


@pytest.mark.parametrize("how", ["lock", "room"])
def test_an_error_keeps_nothing_alive(way: Way, how: str) -> None:
    """An array would be mapped, and its segment in use, until the collector comes."""
    made = Kept()
    gone = weakref.ref(made)
    gc.disable()
    try:
        with contextlib.suppress(SerializationError):
            if how == "lock":
                dump(made, way.pool)
            else:
                shutil.rmtree(way.folder)
                dump((made.array, lambda: 1), way.pool)
        del made

        assert gone() is None
    finally:
        gc.enable()
