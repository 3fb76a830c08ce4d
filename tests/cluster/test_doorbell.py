"""Busy engines: what is finished is told, what waits may move."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

Flags = Callable[[str], Any]


def test_outcomes_do_not_wait_behind_a_slow_task(rc: Client, flag: Flags) -> None:
    go = flag("go")

    def work(i: int) -> int:
        if i == 300:
            go.wait()
        return i

    view = rc.load_balanced_view(0)
    # So that the engine takes the function for a quick one.
    view.map_sync(work, range(100), chunksize=1)
    quick = [view.apply_async(work, i) for i in range(300)]
    slow = view.apply_async(work, 300)
    behind = view.apply_async(work, 301)

    for i, ar in enumerate(quick):
        assert ar.get(timeout=20) == i
    assert not slow.ready()
    go.set()
    assert (slow.get(timeout=20), behind.get(timeout=20)) == (300, 301)


def test_direct_outcomes_do_not_wait_either(rc: Client, flag: Flags) -> None:
    go = flag("go")
    quick = [rc[0].apply_async(int, i) for i in range(300)]
    slow = rc[0].apply_async(go.wait)
    behind = rc[0].apply_async(int)

    for i, ar in enumerate(quick):
        assert ar.get(timeout=20) == i
    assert not slow.ready()
    go.set()
    assert slow.get(timeout=20)
    assert behind.get(timeout=20) == 0


def test_what_waits_behind_a_slow_task_runs_elsewhere_once(
    rc: Client, flag: Flags, tmp_path: Path
) -> None:
    go, note = flag("go"), tmp_path / "note"

    def work(i: int) -> tuple[int, int]:
        fd = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(fd, b"%d\n" % i)
        os.close(fd)
        if i == 50:
            go.wait()
        return i, os.getpid()

    view = rc.load_balanced_view()
    view.map_sync(work, range(1000, 1100), chunksize=1)
    results = [view.apply_async(work, i) for i in range(400)]
    others = [ar.get(timeout=20) for i, ar in enumerate(results) if i != 50]

    assert not results[50].ready()
    go.set()
    stuck = results[50].get(timeout=20)[1]
    assert sorted([i for i, _ in others] + [50]) == list(range(400))
    assert {pid for i, pid in others if i > 350} != {stuck}
    counts = Counter(note.read_text().split())
    assert set(counts.values()) == {1}
    assert len(counts) == 500


def test_requests_reach_a_busy_engine_in_order(rc: Client, flag: Flags) -> None:
    go = flag("go")
    rc[0].push({"log": []}, block=True)
    busy = rc[0].apply_async(go.wait)
    for i in range(50):
        rc[0].execute(f"log.append({i})", block=False)
    rc[1].apply_sync(int)
    go.set()

    assert busy.get(timeout=20)
    assert rc[0].pull("log", block=True) == list(range(50))
