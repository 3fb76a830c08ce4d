"""Taking tasks back: the right ones, and only those."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

Flags = Callable[[str], Any]


def sleep_long(begun: Any) -> None:
    begun.set()
    time.sleep(1000)


def loop_long(begun: Any) -> None:
    begun.set()
    while True:
        pass


def lock_long(begun: Any) -> None:
    import threading

    lock = threading.Lock()
    lock.acquire()
    begun.set()
    lock.acquire()


def run_long(begun: Any) -> None:
    import subprocess

    child = subprocess.Popen(["sleep", "1000"])
    try:
        begun.set()
        child.wait()
    finally:
        child.kill()
        child.wait()


async def await_long(begun: Any) -> None:
    import asyncio

    begun.set()
    await asyncio.sleep(1000)


@pytest.mark.parametrize("kind", ["balanced", "direct"])
@pytest.mark.parametrize("f", [sleep_long, loop_long, lock_long, run_long, await_long])
def test_cancel_interrupts_what_runs(
    rc: Client, flag: Flags, f: Any, kind: str
) -> None:
    view = rc[0] if kind == "direct" else rc.load_balanced_view(0)
    begun = flag("begun")
    running = view.apply_async(f, begun)
    begun.wait()

    assert running.cancel()

    with pytest.raises(ipp.RemoteError) as caught:
        running.get(timeout=20)
    assert caught.value.ename == "KeyboardInterrupt"
    assert not running.cancel()


def test_cancel_takes_back_what_waits(rc: Client, flag: Flags) -> None:
    begun, go, ran = flag("begun"), flag("go"), flag("ran")

    def hold() -> str:
        begun.set()
        go.wait()
        return "held"

    running = rc[0].apply_async(hold)
    begun.wait()
    waiting = [rc[0].apply_async(ran.set) for _ in range(10)]
    for one in waiting:
        one.cancel()

    for one in waiting:
        with pytest.raises(ipp.error.TaskAborted):
            one.get(timeout=20)
        assert one.cancelled()
    go.set()
    assert running.get(timeout=20) == "held"
    assert not ran.is_set()


def test_abort_leaves_what_runs(rc: Client, flag: Flags) -> None:
    begun, go = flag("begun"), flag("go")

    def hold() -> str:
        begun.set()
        go.wait()
        return "held"

    view = rc.load_balanced_view(0)
    running = view.apply_async(hold)
    begun.wait()
    waiting = view.map_async(lambda x: x, range(5), chunksize=1)
    finished = rc[1].apply_async(int)
    finished.get(timeout=20)

    rc.abort()
    finished.abort()

    with pytest.raises(ipp.CompositeError, match="TaskAborted: taken back"):
        waiting.get(timeout=20)
    assert not running.ready()
    go.set()
    assert running.get(timeout=20) == "held"
    assert finished.get() == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("seconds", [0.0, 0.0005])
def test_an_interrupt_never_hits_another_task(
    rc: Client, seed: int, seconds: float
) -> None:
    print("seed", seed)
    choice = random.Random(seed)
    view = rc.load_balanced_view()

    def work(i: int, seconds: float) -> int:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        return i

    results = [view.apply_async(work, i, seconds) for i in range(1000)]
    cancelled = set()
    for _ in range(300):
        i = choice.randrange(1000)
        if results[i].cancel():
            cancelled.add(i)

    for i, result in enumerate(results):
        error = result.exception(timeout=20)
        if error is None:
            assert result.get() == i
            continue
        assert i in cancelled, f"task {i} was hit: {error}"
        name = error.ename if isinstance(error, ipp.RemoteError) else type(error)
        assert name in ("KeyboardInterrupt", ipp.error.TaskAborted)


def test_interrupts_of_running_tasks_hit_them_alone(rc: Client, flag: Flags) -> None:
    """Each is cancelled while it runs, as short as that may be."""

    def work(name: str) -> str:
        begun = flag(name)
        begun.set()
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        return name

    for i in range(60):
        first = rc[0].apply_async(work, f"a{i}")
        second = rc[0].apply_async(work, f"b{i}")
        flag(f"a{i}").wait()
        first.cancel()

        assert second.get(timeout=20) == f"b{i}"
        error = first.exception(timeout=20)
        if error is None:
            assert first.get() == f"a{i}"
        else:
            assert isinstance(error, ipp.RemoteError)
            assert error.ename == "KeyboardInterrupt"


def test_a_task_may_catch_its_interrupt(rc: Client, flag: Flags) -> None:
    begun = flag("begun")

    def resist() -> str:
        try:
            begun.set()
            time.sleep(1000)
        except KeyboardInterrupt:
            return "caught"
        return "slept"

    running = rc[0].apply_async(resist)
    begun.wait()
    running.cancel()

    assert running.get(timeout=20) == "caught"


def count_interrupts(flags: list[Any]) -> int:
    """Ignore as many interrupts as there are flags, and say so with each."""
    for at, one in enumerate(flags):
        try:
            one.set()
            while True:
                time.sleep(0.001)
        except KeyboardInterrupt:
            print("ignored", at)
    return len(flags)


@pytest.mark.parametrize("kind", ["balanced", "direct"])
def test_a_cancel_that_was_ignored_may_be_said_again(
    rc: Client, flag: Flags, kind: str
) -> None:
    view = rc[0] if kind == "direct" else rc.load_balanced_view(0)
    flags = [flag(str(n)) for n in range(4)]
    running = view.apply_async(count_interrupts, flags)

    for one in flags:
        one.wait()
        assert running.cancel()

    assert running.get(timeout=20) == 4
    assert not running.cancel()
    assert not running.cancelled()
    assert view.apply_async(int).get(timeout=20) == 0


def test_cancels_in_a_row_are_as_many_interrupts(rc: Client, flag: Flags) -> None:
    """Also when the first is heard late: C code hears nothing until it returns."""
    begun = flag("begun")

    def resist() -> int:
        raised = 0
        while raised < 3:
            try:
                begun.set()
                sum(range(10_000_000))  # no bytecode of ours for a while
                time.sleep(1000)
            except KeyboardInterrupt:
                raised += 1
        return raised

    running = rc[0].apply_async(resist)
    begun.wait()
    for _ in range(3):
        running.cancel()

    assert running.get(timeout=20) == 3


def test_cancel_and_abort_again_and_again_change_nothing(
    rc: Client, flag: Flags
) -> None:
    begun, go = flag("begun"), flag("go")

    def hold() -> str:
        begun.set()
        go.wait()
        return "held"

    running = rc[0].apply_async(hold)
    begun.wait()
    waiting = [rc[0].apply_async(int) for _ in range(3)]
    for _ in range(3):
        running.abort()
        for one in waiting:
            one.cancel()
            one.abort()

    for one in waiting:
        with pytest.raises(ipp.error.TaskAborted):
            one.get(timeout=20)
        assert one.cancelled()
        assert not one.cancel()
        one.abort()
        assert one.cancelled()
    assert not running.ready()
    go.set()
    assert running.get(timeout=20) == "held"
    assert not running.cancel()
    assert not running.cancelled()


def test_a_task_may_have_its_own_handler(rc: Client, flag: Flags) -> None:
    begun = flag("begun")

    def handle() -> list[int]:
        seen: list[int] = []
        before = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
        try:
            begun.set()
            while not seen:
                time.sleep(0.01)
        finally:
            signal.signal(signal.SIGINT, before)
        return seen

    running = rc[0].apply_async(handle)
    begun.wait()
    running.cancel()

    assert running.get(timeout=20) == [signal.SIGINT]


def test_a_task_may_interrupt_itself(rc: Client, flag: Flags) -> None:
    begun = flag("begun")
    cancelled = rc[0].apply_async(sleep_long, begun)
    begun.wait()
    cancelled.cancel()

    with pytest.raises(ipp.RemoteError, match="KeyboardInterrupt"):
        rc[0].apply_async(signal.raise_signal, signal.SIGINT).get(timeout=20)


def test_a_signal_to_all_interrupts_what_runs(rc: Client, flag: Flags) -> None:
    flags = [flag("0"), flag("1")]
    running = [rc[i].apply_async(sleep_long, flags[i]) for i in range(2)]
    for one in flags:
        one.wait()

    rc.cluster.signal_engines_sync(signal.SIGINT)

    for ar in running:
        with pytest.raises(ipp.RemoteError, match="KeyboardInterrupt"):
            ar.get(timeout=20)


def test_prints_and_interrupts_do_not_harm_the_link(rc: Client, flag: Flags) -> None:
    for i in range(30):
        begun = flag(f"begun{i}")

        def chatter(begun: Any = begun) -> None:
            begun.set()
            while True:
                print("still here")

        running = rc[0].apply_async(chatter)
        begun.wait()
        running.cancel()
        with pytest.raises(ipp.RemoteError, match="KeyboardInterrupt"):
            running.get(timeout=20)
        assert set(running.stdout.splitlines()) <= {"still here"}
