"""DirectView on real engines."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.client.directview import DirectView
from ipcluster.client.reference import Reference
from ipcluster.wire.errors import (
    CompositeError,
    NoEnginesRegistered,
    RemoteError,
    SerializationError,
)

pytestmark = pytest.mark.cluster


def test_call_runs_once_on_each_in_order(rc: Client, view: DirectView) -> None:
    pids = view.apply_sync(os.getpid)

    assert len(set(pids)) == 4
    assert pids == [rc[i].apply_sync(os.getpid) for i in rc.ids]


def test_one_engine_gives_a_plain_value(rc: Client) -> None:
    assert rc[0].apply_sync(lambda x, y=0: x + y, 1, y=2) == 3
    assert rc[-1].apply_sync(lambda: "last") == "last"
    assert rc[[0]].apply_sync(lambda: 1) == [1]


def test_view_flags(rc: Client, view: DirectView) -> None:
    view.block = True
    assert view.apply(int) == [0, 0, 0, 0]
    with view.temp_flags(block=False, targets=[1, 2]):
        assert view.apply(int).get() == [0, 0]
    assert view.block
    with pytest.raises(AttributeError, match="retries"):
        view.set_flags(retries=1)


def test_namespace_is_a_dictionary(view: DirectView) -> None:
    view["a"] = 5
    view.push({"b": [1], "c": "x"}, block=True)

    assert view["a"] == [5] * 4
    assert view.pull(["b", "c"], block=True) == [[[1], "x"]] * 4
    assert view.get("c") == ["x"] * 4
    assert view.apply_sync(lambda: a) == [5] * 4  # type: ignore[name-defined]  # noqa: F821 - over there
    view.clear(block=True)
    with pytest.raises(CompositeError, match="'a' is not defined"):
        view.pull("a", block=True)


def test_reference_stands_for_the_engines_value(view: DirectView) -> None:
    view.scatter("n", range(4), flatten=True, block=True)

    assert view.apply_sync(lambda x: x * 10, Reference("n")) == [0, 10, 20, 30]


@pytest.mark.parametrize("dist", ["b", "r"])
def test_scatter_and_gather(view: DirectView, dist: str) -> None:
    view.scatter("x", range(10), dist=dist, block=True)

    sizes = view.apply_sync(len, Reference("x"))

    assert sum(sizes) == 10
    assert max(sizes) - min(sizes) <= 1
    assert view.gather("x", dist=dist, block=True) == list(range(10))


def test_arrays_scatter_and_gather(view: DirectView) -> None:
    array = np.arange(30.0).reshape(10, 3)
    view.scatter("m", array, block=True)

    view.execute("m *= 2", block=True)

    np.testing.assert_array_equal(view.gather("m", block=True), 2 * array)


@pytest.mark.parametrize("size", [3, 100_000, 2_000_000])
def test_arrays_arrive_writable_at_any_size_and_depth(rc: Client, size: int) -> None:
    def change(x: Any) -> Any:
        x["deep"][0][0] = 7.0
        return x

    array = np.zeros(size)

    back = rc[0].apply_sync(change, {"deep": [array]})["deep"][0]
    back[1] = 8.0

    assert (back[0], array[0]) == (7.0, 0.0)
    assert back.flags.writeable


def test_big_push_is_shared_but_not_aliased(rc: Client, view: DirectView) -> None:
    array = np.ones(1_000_000)
    pushed = view.push({"big": array}, block=False)
    array[:] = 5.0
    pushed.get()
    rc[0].execute("big[0] = 9.0", block=True)

    firsts = view.apply_sync(lambda x: (float(x[0]), float(x.sum())), Reference("big"))

    assert firsts[1:] == [(1.0, 1e6)] * 3
    assert firsts[0] == (9.0, 1e6 + 8)


def test_map_divides_evenly(view: DirectView) -> None:
    result = view.map(lambda x, y: x + y, range(10), range(10))

    assert result.get() == [2 * i for i in range(10)]
    assert len(result) == 10
    assert list(result) == result.get()
    assert view.map_sync(len, []) == []
    assert view.map_sync(lambda x, y: (x, y), "abc", iter([1, 2])) == [
        ("a", 1),
        ("b", 2),
    ]


def test_map_keeps_errors_apart(view: DirectView) -> None:
    def inverse(x: float) -> float:
        return 1 / x

    got = view.map(inverse, [1, 0, 2], return_exceptions=True).get()

    assert (got[0], got[2]) == (1.0, 0.5)
    assert isinstance(got[1], ZeroDivisionError)
    with pytest.raises(CompositeError, match="ZeroDivision"):
        view.map_sync(inverse, [1, 0, 2])


def test_execute_shows_the_last_expression(rc: Client, view: DirectView) -> None:
    view.execute("x = 6", block=True)
    result = view.execute("print('hi'); x * 7")

    replies = result.get()

    assert [str(reply) for reply in replies] == ["42"] * 4
    assert result.stdout == ["hi\n"] * 4
    assert result.execute_result == ["42"] * 4
    assert result.execute_input == ["print('hi'); x * 7"] * 4
    with pytest.raises(RemoteError, match="SyntaxError"):
        rc[0].execute("x =", block=True)


def test_run_a_file(rc: Client, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("answer = 6 * 7\n")

    rc[:].run(script, block=True)

    assert rc[:]["answer"] == [42] * 4


def test_sync_imports_keep_aliases(view: DirectView) -> None:
    with view.sync_imports(quiet=True):
        import collections.abc as cabc
        from os.path import join as together

    assert together("a", "b") == os.path.join("a", "b")
    assert (
        view.apply_sync(lambda: (cabc.__name__, together("a", "b")))
        == [("collections.abc", "a/b")] * 4
    )
    assert view.pull("together.__name__", block=True) == ["join"] * 4


def test_missing_import_is_an_error(view: DirectView) -> None:
    with pytest.raises(CompositeError, match="ModuleNotFoundError"):
        view.import_names("import nowhere_to_be_found")


def test_error_of_one_of_many(view: DirectView) -> None:
    view.scatter("n", range(4), flatten=True, block=True)
    result = view.apply_async(lambda n: 1 // n, Reference("n"))

    with pytest.raises(CompositeError) as caught:
        result.get()

    assert len(caught.value.elist) == 1
    assert not result.successful()
    got = result.get(return_exceptions=True)
    assert got[1:] == [1, 0, 0]
    assert isinstance(got[0], ZeroDivisionError)


def test_unpicklable_argument_leaves_nothing(rc: Client, view: DirectView) -> None:
    import threading

    with pytest.raises(SerializationError):
        view.apply(len, {"deep": [threading.Lock()]})

    assert rc.outstanding == set()
    assert view.apply_sync(int) == [0] * 4


def test_unpicklable_result_is_the_tasks_error(rc: Client) -> None:
    with pytest.raises(SerializationError, match=r"lock|pickle"):
        rc[0].apply_sync(lambda: __import__("threading").Lock())

    assert rc[0].apply_sync(int) == 0


def test_targets_that_are_not_there(rc: Client) -> None:
    with pytest.raises(IndexError, match="there are 0, 1, 2, 3"):
        rc[17]
    with pytest.raises(TypeError):
        rc["all"]
    assert len(rc[::2]) == 2
    assert rc[np.int64(1)].targets == 1


def test_all_is_open_and_slices_are_not(rc: Client) -> None:
    assert rc.direct_view().targets == "all"
    assert rc[:].targets == [0, 1, 2, 3]
    assert rc.direct_view("all").apply_sync(int) == [0] * 4


def test_history_and_outstanding(rc: Client, view: DirectView) -> None:
    before = len(rc.history)
    result = view.apply_async(time.sleep, 0.2)

    assert view.outstanding == set(result.msg_ids) == rc.outstanding
    assert view.wait(timeout=5)
    assert view.outstanding == set()
    assert rc.history[before:] == result.msg_ids == view.history


def test_dill_on_request(view: DirectView) -> None:
    view.use_dill()

    assert view.apply_sync(lambda: 1) == [1] * 4
    # What pickle refuses, as an argument and as a result.
    lock = view.apply_sync(lambda lock: lock, threading.Lock())[0]
    assert lock.acquire(timeout=1)
    view.execute("import threading; lock = threading.Lock()", block=True)
    assert len(view["lock"]) == 4
    view.use_pickle()
    with pytest.raises(CompositeError, match="cannot pickle"):
        view.apply_sync(lambda: threading.Lock())


def test_dill_for_all_views(rc: Client) -> None:
    before, told = rc[0], rc[0]
    told.use_pickle()

    ipp.use_dill()
    try:
        for view in (before, rc[0], rc.load_balanced_view()):
            assert (
                view.apply_sync(lambda lock: lock.locked(), threading.Lock()) is False
            )
        with pytest.raises(SerializationError):
            told.apply_sync(print, threading.Lock())
    finally:
        ipp.use_pickle()

    with pytest.raises(SerializationError):
        before.apply_sync(print, threading.Lock())
    ipp.use_cloudpickle()
    assert before.apply_sync(lambda: 1) == 1


def test_pickled_once_for_many_calls(rc: Client, view: DirectView) -> None:
    array = np.arange(100_000)
    once = ipp.PrePickled(array)
    array[0] = 5

    assert (
        view.apply_sync(lambda a, b: int(a[0] + b["c"][1]), once, {"c": once})
        == [1] * 4
    )
    view.push({"a": once}, block=True)
    assert (rc[0]["a"][:2] == [0, 1]).all()
    balanced = rc.load_balanced_view()
    assert balanced.map_sync(lambda a: int(a[2]), [once] * 3) == [2] * 3


def test_remote_and_parallel(rc: Client, view: DirectView) -> None:
    @view.remote(block=True)
    def pid() -> int:
        return os.getpid()

    @view.parallel(block=True)
    def double(x: Any) -> Any:
        return [2 * i for i in x]

    assert len(set(pid())) == 4
    assert double(range(9)) == [2 * i for i in range(9)]
    assert pid.__name__ == "pid"

    @view.parallel(block=True)
    def square(x: int) -> int:
        return x * x

    assert square.map(range(5)) == [0, 1, 4, 9, 16]
    with pytest.raises(ValueError, match="one length"):
        double([1], [1, 2])


def test_broadcast_view_is_a_direct_view(rc: Client) -> None:
    view = rc.broadcast_view(is_coalescing=True)

    assert view.apply_sync(lambda: 3) == [3] * 4
    assert view.is_coalescing


def test_slice_of_nothing() -> None:
    from ipcluster.client.engines import Roster

    with pytest.raises(NoEnginesRegistered):
        Roster().choose("all")
