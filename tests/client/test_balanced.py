"""LoadBalancedView on real engines."""

from __future__ import annotations

import itertools
import os
import threading
import time
from concurrent.futures import as_completed
from concurrent.futures import wait as wait_for
from typing import Any

import pytest

from ipcluster.client.balancedview import LoadBalancedView
from ipcluster.client.client import Client
from ipcluster.client.dependency import Dependency, depend, require
from ipcluster.wire.errors import (
    CompositeError,
    ImpossibleDependency,
    InvalidDependency,
    RemoteError,
    SerializationError,
    TaskAborted,
    TaskTimeout,
    TimeoutError,  # noqa: A004 - ours
)

pytestmark = pytest.mark.cluster


@pytest.fixture
def balanced(rc: Client) -> LoadBalancedView:
    return rc.load_balanced_view()


def slow(x: Any, seconds: float = 0.3) -> Any:
    time.sleep(seconds)
    return x


def test_call(balanced: LoadBalancedView) -> None:
    assert balanced.apply_sync(lambda x: x + 1, 41) == 42
    assert balanced.apply_async(sum, [1, 2]).get(timeout=5) == 3


def test_many_calls(balanced: LoadBalancedView) -> None:
    results = [balanced.apply_async(abs, -i) for i in range(3000)]

    assert [result.get() for result in results] == list(range(3000))


@pytest.mark.parametrize("chunksize", [1, 7, "auto", None, 1000])
def test_map_like_the_builtin(balanced: LoadBalancedView, chunksize: Any) -> None:
    def add(x: int, y: int) -> int:
        return x + y

    result = balanced.map(add, range(100), range(50), chunksize=chunksize)

    assert result.get() == [2 * i for i in range(50)]
    assert len(result) == 50
    assert list(result) == result.get()
    assert (result[3], result[1:3]) == (6, [2, 4])
    assert result.progress == 50


def test_map_of_nothing_is_done(balanced: LoadBalancedView) -> None:
    result = balanced.map_async(abs, [])

    assert result.ready()
    assert result.get() == []
    assert result.successful()


@pytest.mark.parametrize("chunksize", [1, 3])
def test_map_with_an_error(balanced: LoadBalancedView, chunksize: int) -> None:
    def inverse(x: float) -> float:
        return 1 / x

    items = [1, 2, 0, 4]
    with pytest.raises(RemoteError, match="ZeroDivision"):
        balanced.map_sync(inverse, items, chunksize=chunksize)
    got = balanced.map_sync(inverse, items, chunksize=chunksize, return_exceptions=True)

    assert [got[0], got[1], got[3]] == [1, 0.5, 0.25]
    assert isinstance(got[2], ZeroDivisionError)


def test_unordered_gives_results_as_they_come(balanced: LoadBalancedView) -> None:
    result = balanced.map_async(slow, ["late", "soon"], [0.6, 0.0], ordered=False)

    assert list(result) == ["soon", "late"]
    assert result.get() == ["late", "soon"]


def test_imap_takes_items_as_needed(balanced: LoadBalancedView) -> None:
    taken = []

    def items() -> Any:
        for i in itertools.count():
            taken.append(i)
            yield i

    results = balanced.imap(lambda x: x * x, items(), max_outstanding=5)

    assert list(itertools.islice(results, 10)) == [i * i for i in range(10)]
    assert len(taken) <= 16
    results.cancel()


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("return_exceptions", [True, False])
def test_imap_gives_what_had_begun_after_cancel(
    balanced: LoadBalancedView, ordered: bool, return_exceptions: bool
) -> None:
    results = balanced.imap(
        lambda x: slow(x, 0.2),
        itertools.count(),
        max_outstanding=12,
        ordered=ordered,
        return_exceptions=return_exceptions,
    )
    first = next(results)

    results.cancel()
    rest = list(results)

    assert all(isinstance(one, int) for one in rest)
    assert first not in rest
    assert len(rest) < 11  # not those that waited


def test_imap_unordered_and_finite(balanced: LoadBalancedView) -> None:
    results = balanced.imap(abs, [-1, -2, -3], ordered=False)

    assert sorted(results) == [1, 2, 3]


def test_after_waits(balanced: LoadBalancedView) -> None:
    first = balanced.apply_async(slow, 1)
    with balanced.temp_flags(after=[first]):
        second = balanced.apply_async(time.time)

    assert second.get(timeout=5) >= first.metadata["completed"].timestamp() - 0.01
    assert second.metadata["after"] == first.msg_ids


def test_follow_runs_beside(balanced: LoadBalancedView) -> None:
    first = balanced.apply_async(os.getpid)
    first.get()
    with balanced.temp_flags(follow=first):
        rest = [balanced.apply_async(os.getpid) for _ in range(5)]

    assert {result.get() for result in rest} == {first.get()}


def test_dependency_on_a_failure(balanced: LoadBalancedView) -> None:
    failing = balanced.apply_async(lambda: 1 / 0)
    with balanced.temp_flags(after=failing):
        never = balanced.apply_async(int)
    with balanced.temp_flags(after=Dependency(failing, success=False, failure=True)):
        anyway = balanced.apply_async(int)

    assert anyway.get(timeout=5) == 0
    with pytest.raises(ImpossibleDependency):
        never.get(timeout=5)
    with pytest.raises(InvalidDependency), balanced.temp_flags(after="nobody_1"):
        balanced.apply_async(int)


def test_depend_and_require(rc: Client, balanced: LoadBalancedView) -> None:
    rc[:].scatter("n", range(4), flatten=True, block=True)

    @depend(lambda: n == 2)  # type: ignore[name-defined]  # noqa: F821 - over there
    def which() -> int:
        return n  # type: ignore[name-defined,no-any-return]  # noqa: F821

    @require("json", "os.path")
    def dumped(x: Any) -> str:
        return json.dumps(x)  # type: ignore[name-defined,no-any-return]  # noqa: F821

    @require("nowhere_to_be_found")
    def never() -> None: ...

    assert [balanced.apply_sync(which) for _ in range(3)] == [2, 2, 2]
    assert balanced.apply_sync(dumped, [1]) == "[1]"
    missing = "no module 'nowhere_to_be_found' on host"
    with pytest.raises(ImpossibleDependency, match=missing):
        balanced.apply_async(never).get(timeout=5)
    with pytest.raises(CompositeError, match=missing):
        rc[:].apply_async(never).get(timeout=5)


def test_targets_restrict(rc: Client) -> None:
    view = rc.load_balanced_view([1, 3])
    pids = {view.apply_sync(os.getpid) for _ in range(6)}

    assert pids <= {rc[1].apply_sync(os.getpid), rc[3].apply_sync(os.getpid)}
    assert len(view) == 2


def test_timeout_of_a_task_that_waits(rc: Client) -> None:
    view = rc.load_balanced_view(0)
    busy = view.apply_async(slow, 1, 1.0)
    view.timeout = 0.2
    late = view.apply_async(int)

    with pytest.raises(TaskTimeout):
        late.get(timeout=5)
    assert busy.get() == 1


def test_abort_takes_back_what_has_not_started(rc: Client) -> None:
    view = rc.load_balanced_view(0)
    running = view.apply_async(slow, "ran", 0.5)
    time.sleep(0.1)
    waiting = view.apply_async(slow, "never", 0.5)

    waiting.abort()

    with pytest.raises(TaskAborted):
        waiting.get(timeout=5)
    assert waiting.status == "aborted"
    assert running.get() == "ran"
    running.abort()
    assert running.successful()


def test_cancel_interrupts_what_runs(rc: Client) -> None:
    result = rc.load_balanced_view().apply_async(slow, 1, 30.0)
    time.sleep(0.3)
    begin = time.monotonic()

    assert result.cancel()

    with pytest.raises(RemoteError, match="KeyboardInterrupt"):
        result.get(timeout=5)
    assert time.monotonic() - begin < 3
    assert not result.cancel()


def test_retries_and_flags_are_checked(balanced: LoadBalancedView) -> None:
    with pytest.raises(ValueError, match="retries"):
        balanced.set_flags(retries=-1)
    with pytest.raises(ValueError, match="timeout"):
        balanced.set_flags(timeout="soon")
    with pytest.raises(AttributeError, match="colour"):
        balanced.set_flags(colour=1)


def test_label_and_metadata(balanced: LoadBalancedView, rc: Client) -> None:
    balanced.label = "mine"
    result = balanced.apply_async(lambda: print("out"))
    result.get()
    known = result.metadata

    assert known["label"] == result.label == "mine"
    assert known["msg_id"] == result.msg_ids[0] == rc.history[-1]
    assert known["status"] == "ok"
    assert known["stdout"] == result["stdout"] == "out\n"
    assert known["engine_id"] in rc.ids
    assert known["engine_uuid"] == rc.engine_uuid(known["engine_id"])
    assert known["submitted"] <= known["received"]
    assert known["started"] <= known["completed"]
    assert known["submitted"].tzinfo is not None
    assert result.serial_time <= result.wall_time


def test_futures_of_the_standard_library(balanced: LoadBalancedView) -> None:
    results = [balanced.apply_async(slow, i, 0.05 * i) for i in range(4)]
    heard: list[Any] = []
    results[0].add_done_callback(heard.append)

    done, waiting = wait_for(results, timeout=10)

    assert (len(done), len(waiting)) == (4, 0)
    assert {f.result() for f in as_completed(results)} == {0, 1, 2, 3}
    assert heard == [results[0]]
    assert results[0].exception() is None


def test_wait_times_out(balanced: LoadBalancedView) -> None:
    result = balanced.apply_async(slow, 1, 0.5)

    assert not result.wait(0.05)
    with pytest.raises(TimeoutError):
        result.get(timeout=0.05)
    with pytest.raises(TimeoutError):
        result.successful()
    assert result.get(timeout=5) == 1


def test_first_exception_is_not_waited_for(rc: Client) -> None:
    def work(x: float) -> float:
        if x == 0:
            raise ValueError("zero")
        time.sleep(x)
        return x

    result = rc.load_balanced_view().map_async(work, [2.0, 0.0])
    begin = time.monotonic()

    with pytest.raises(CompositeError, match="zero"):
        result.get(timeout=5, return_when="FIRST_EXCEPTION")
    assert time.monotonic() - begin < 1.5
    assert result.wait(0, return_when="FIRST_COMPLETED")
    result.cancel()


@pytest.mark.parametrize(
    ("chunksize", "named"), [(1, "item 2: "), (2, "items 2 to 3: ")]
)
def test_an_item_that_cannot_be_pickled_is_named(
    rc: Client, balanced: LoadBalancedView, chunksize: int, named: str
) -> None:
    items = [0, 1, {"key": threading.Lock()}, 3]

    with pytest.raises(SerializationError) as caught:
        balanced.map_async(abs, items, chunksize=chunksize)

    assert str(caught.value).startswith(named)
    assert "['key']: cannot pickle '_thread.lock' object" in str(caught.value)
    assert rc.outstanding == set()


def test_repr_names_the_engines_but_not_a_thousand(rc: Client) -> None:
    view = rc.load_balanced_view(0)
    assert repr(view) == "<LoadBalancedView 0>"
    view.targets = list(range(1000))
    assert repr(view) == "<LoadBalancedView [0, 1, 2, 3, … 999] (1000 engines)>"
    assert repr(rc.load_balanced_view()) == "<LoadBalancedView all>"


def test_a_view_is_an_executor(balanced: LoadBalancedView) -> None:
    with balanced.executor as executor:
        assert executor is balanced.executor
        assert executor.submit(pow, 2, 5).result(timeout=5) == 32

    assert balanced.executor.submit(pow, 2, 6).result(timeout=5) == 64


def test_executor(rc: Client) -> None:
    with rc.executor() as executor:
        future = executor.submit(pow, 2, 5)
        squares = executor.map(lambda x: x * x, range(20), chunksize=4)

        assert future.result(timeout=5) == 32
        assert list(squares) == [i * i for i in range(20)]
        with pytest.raises(TimeoutError):
            next(executor.map(slow, [1], [1.0], timeout=0.05))
    with pytest.raises(RuntimeError):
        executor.submit(int)


def test_parallel_function(balanced: LoadBalancedView) -> None:
    @balanced.parallel(block=True, chunksize=3)
    def double(x: Any) -> Any:
        return [2 * i for i in x]

    assert double(range(8)) == [2 * i for i in range(8)]
    assert double.map([[1], [2]]) == [[2], [4]]
