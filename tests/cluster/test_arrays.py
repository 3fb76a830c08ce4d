"""Arrays arrive as they were at every size and depth: writable, and nobody else's."""

from __future__ import annotations

from typing import Any

import numpy as np
import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

# Bytes from which buffers travel in shared memory.
LARGE = 256 * 1024


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def arrays() -> dict[str, Any]:
    square = np.arange(300 * 300, dtype=float).reshape(300, 300)
    record = np.dtype([("name", "U8"), ("x", "f8"), ("inner", "i4", (2,))])
    return {
        "0-d": np.array(3.5),
        "empty": np.empty((0, 5), "f4"),
        "small": np.arange(10),
        "below": np.arange(LARGE - 1, dtype="u1"),
        "at": np.arange(LARGE, dtype="u1"),
        "above": np.arange(LARGE + 1, dtype="u1"),
        "fortran": np.asfortranarray(square),
        "transposed": square.T,
        "strided": square[::2, ::3],
        "reversed": square[::-1],
        "structured": np.zeros(20_000, record),
        "small structured": np.array([("a", 1.0, (2, 3))], record),
        "object": np.array([1, "two", None, [4]], dtype=object),
        "masked": np.ma.masked_greater(square, 100),
        "read-only": read_only(square.copy()),
        "small read-only": read_only(np.arange(10)),
        "big-endian": np.arange(100_000, dtype=">i4"),
        "complex": np.ones(50_000, complex),
        "bool": np.ones(LARGE, bool),
        "dates": np.arange(100_000).astype("M8[s]"),
        "strings": np.array(["abc"] * 100_000),
        "broadcast": np.broadcast_to(np.arange(1000), (400, 1000)),
        "matrix of views": square[10:290, 10:290],
    }


def same(a: Any, b: Any) -> bool:
    return bool(
        type(a) is type(b)
        and (a.dtype, a.shape) == (b.dtype, b.shape)
        and np.array_equal(np.asarray(a), np.asarray(b))
        and np.array_equal(np.ma.getmaskarray(a), np.ma.getmaskarray(b))
    )


@pytest.mark.parametrize("name", arrays())
def test_an_array_goes_there_and_back(rc: Client, name: str) -> None:
    array = arrays()[name]

    def there(x: Any, nested: Any) -> Any:
        deep = nested["deep"][0][1]
        flags = x.flags.writeable, deep.flags.writeable
        order = x.flags.f_contiguous, x.flags.c_contiguous
        if x.size:
            x[...] = x[...]  # writing works
        return x, {"again": (deep,)}, flags, order

    back, again, flags, order = rc[0].apply_sync(there, array, {"deep": [(0, array)]})

    assert same(back, array)
    assert same(again["again"][0], array)
    assert flags == (True, True)
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        assert order == (True, False)
    assert back.flags.writeable
    assert again["again"][0].flags.writeable


@pytest.mark.parametrize("n", [10, 100_000])
def test_nobody_sees_the_writes_of_others(rc: Client, n: int) -> None:
    array = np.zeros(n)
    rc[:].push({"x": array}, block=True)

    rc[0].execute("x += 1", block=True)

    assert rc[1]["x"].sum() == 0
    assert array.sum() == 0
    assert rc[0]["x"].sum() == n
    mine = rc[0]["x"]
    mine += 5
    assert rc[0]["x"].sum() == n
    first, second = rc[0]["x"], rc[0]["x"]
    first[:] = 7
    assert second.sum() == n


@pytest.mark.parametrize("n", [10, 100_000])
def test_changing_it_after_the_call_changes_nothing(rc: Client, n: int) -> None:
    array = np.zeros(n)
    results = []
    for i in range(20):
        array[:] = i
        results.append(rc[i % 2].apply_async(np.sum, array))

    assert [ar.get(timeout=20) for ar in results] == [n * i for i in range(20)]


def test_one_array_twice_is_one_array_there(rc: Client) -> None:
    array = np.zeros(100_000)

    def is_one(x: Any, pair: Any) -> bool:
        return x is pair[0] and pair[0] is pair[1]

    assert rc[0].apply_sync(is_one, array, [array, array])


@pytest.mark.parametrize("size", [100, 3 * LARGE])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_buffers_that_are_no_arrays(rc: Client, kind: Any, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)

    back = rc[0].apply_sync(lambda x: x, kind(data))

    assert bytes(back) == data


def test_scattered_arrays_are_gathered(rc: Client) -> None:
    array = np.arange(100_003 * 3).reshape(-1, 3)

    rc[:].scatter("part", array, block=True)
    rc[:].execute("part *= 2", block=True)

    assert np.array_equal(rc[:].gather("part", block=True), array * 2)
    assert array[1, 0] == 3


# --- and nothing is kept that nobody needs --------------------------------------------


def nobody_maps(rc: Client, wait_until: Any) -> None:
    """All of this client's segments are its own again."""

    def is_free() -> bool:
        # An engine tells what it has let go when it is done with something.
        rc[:].apply_sync(int)
        return not rc.connection.stores.pool.busy_names  # type: ignore[union-attr]

    wait_until(is_free, "segments are let go")


def test_arguments_are_let_go_after_the_call(rc: Client, wait_until: Any) -> None:
    array = np.zeros(100_000)

    rc[:].apply_sync(np.sum, array)
    rc[:].push({"a": array}, block=True)
    rc[:].execute("del a", block=True)

    nobody_maps(rc, wait_until)


def test_arguments_of_tasks_taken_back_are_let_go(
    rc: Client, flag: Any, wait_until: Any
) -> None:
    begun, go = flag("begun"), flag("go")
    array = np.zeros(100_000)
    view = rc.load_balanced_view()

    def hold() -> None:
        begun.set()
        go.wait()

    running = rc[0].apply_async(hold)
    begun.wait()
    waiting = [rc[0].apply_async(np.sum, array) for _ in range(3)]
    many = view.map_async(np.sum, [array] * 50, chunksize=1)
    for ar in (*waiting, many):
        ar.abort()
        ar.wait(timeout=20)
    go.set()
    running.get(timeout=20)

    nobody_maps(rc, wait_until)


def test_arguments_of_calls_that_fail_are_let_go(rc: Client, wait_until: Any) -> None:
    array = np.zeros(100_000)

    class Broken:
        def __reduce__(self) -> Any:
            return int, ("no number", array)

    failed = rc[0].apply_async(len, Broken())
    assert isinstance(failed.exception(timeout=20), ipp.RemoteError)
    with pytest.raises(ipp.error.SerializationError):
        rc[:].scatter("part", [array, (i for i in "abc")], block=True)
    with pytest.raises(IndexError):
        rc[0].push({"a": array}, targets=99)

    nobody_maps(rc, wait_until)


def test_a_function_with_an_array_is_written_once(rc: Client, wait_until: Any) -> None:
    array = np.zeros(100_000)
    pool: Any = rc.connection.stores.pool

    for _ in range(5):
        assert rc[:].apply_sync(lambda: array.sum()) == [0, 0]

    rc[:].apply_sync(int)
    wait_until(lambda: len(pool.busy_names) == 1, "copies are let go")


def test_functions_with_arrays_are_forgotten_soon(rc: Client) -> None:
    """Each run of such a cell makes another, if the array has changed."""
    folder = rc.cluster.place.segment_folder
    views = rc[:], rc.load_balanced_view()
    counts = []
    for number in range(40):
        array = np.full(100_000, float(number))
        for view in views:
            found = view.apply_sync(lambda array=array: float(array[0]))
            assert found in (number, [number] * 2)
        counts.append(len(list(folder.glob("c*"))))

    assert counts[-1] <= counts[20]


def test_functions_with_arrays_are_all_there_when_many_wait(
    rc: Client, flag: Any
) -> None:
    go = flag("go")
    waiting = rc[0].apply_async(go.wait)
    arrays = [np.full(100_000, float(number)) for number in range(30)]
    many = [rc[0].apply_async(lambda a=a: float(a[0])) for a in arrays * 2]
    balanced = rc.load_balanced_view()
    more = [balanced.apply_async(lambda a=a: float(a[0]) + 1) for a in arrays]
    go.set()

    assert waiting.get(timeout=20)
    assert [ar.get(timeout=20) for ar in many] == [float(i) for i in range(30)] * 2
    assert [ar.get(timeout=20) for ar in more] == [float(i + 1) for i in range(30)]


def test_results_are_let_go_unseen_or_seen(rc: Client, wait_until: Any) -> None:
    folder = rc.cluster.place.segment_folder

    def made() -> int:
        return len([path for path in folder.iterdir() if path.name[0] == "e"])

    for _ in range(5):
        seen = rc[0].apply_async(np.zeros, 100_000)
        assert seen.get(timeout=20).sum() == 0
        unseen = rc[0].apply_async(np.zeros, 100_000)
        unseen.wait(timeout=20)
        del seen, unseen
        rc.purge_results("all")
    count = made()
    for _ in range(5):
        rc[0].apply_async(np.zeros, 100_000).get(timeout=20)
        rc.purge_results("all")
        rc[0].apply_sync(int)

    assert made() <= count


@pytest.mark.slow
@pytest.mark.skipif(
    psutil.virtual_memory().available < 12 << 30,
    reason="needs 12 GB of free memory",
)
def test_more_than_two_gigabytes(rc: Client) -> None:
    n = (1 << 31) + 4096
    array = np.zeros(n, "u1")
    array[-1] = 7

    assert rc[0].apply_async(lambda x: (x.nbytes, x[-1]), array).get(120) == (n, 7)


def test_a_reference_to_an_array_on_the_engine(rc: Client) -> None:
    rc[:].push({"x": np.arange(5)}, block=True)

    assert rc[:].apply_sync(np.sum, ipp.Reference("x")) == [10, 10]
