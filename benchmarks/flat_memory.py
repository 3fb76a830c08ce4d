"""What the controller keeps of all that passes through it: little, and bounded.

Ten gigabytes of arrays, half of them in, half back out. Once on one host, where bytes
lie in segments that the controller never touches. Once as between hosts: engines behind
an agent, and a client that may not read the controller's files, so that all bytes go
through the controller, in chunks over TCP. And a million small tasks.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import calls
from benchmarks.processes import rss_bytes
from benchmarks.row import Figure, Row
from benchmarks.systems.ours import Ours
from benchmarks.systems.system import System, running

TOTAL_BYTES = 10_000_000_000
ARRAY_BYTES = 100_000_000
TASKS = 1_000_000
WAVE = 10_000
# Seconds between looks.
EVERY = 0.02


class Watch:
    """The resident memory of a process while something happens, in MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self.seen = [self.now()]
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def now(self) -> float:
        return rss_bytes(self._pid) / 1e6

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.seen.append(self.now())

    def stop(self) -> Figure:
        """The most that was seen; at the start, at a fifth of the way, at the end."""
        self._over.set()
        self._thread.join()
        fifth = self.seen[len(self.seen) // 5]
        return Figure(
            max(self.seen),
            f"at first {self.seen[0]:.0f}, after a fifth {fifth:.0f}, "
            f"at the end {self.now():.0f}",
        )


def _send_and_get_back(system: Ours, quick: bool) -> Figure:
    import numpy as np

    rounds = TOTAL_BYTES // ARRAY_BYTES // 2 // (10 if quick else 1)
    array = np.zeros(ARRAY_BYTES // 8)
    watch = Watch(system.controller)
    began = time.perf_counter()
    for i in range(rounds):
        array[-1] = i
        back = system.call(calls.echo, array)
        assert back[-1] == i
        del back
    rate = rounds * 2 * ARRAY_BYTES / 1e6 / (time.perf_counter() - began)
    figure = watch.stop()
    return Figure(figure.value, f"{figure.note}; {rate:,.0f} MB/s")


def measure_segments(system: System, quick: bool) -> Figure:
    assert isinstance(system, Ours)
    with running(system, 2):
        return _send_and_get_back(system, quick)


@contextmanager
def far_engines(ticket: Path, count: int) -> Iterator[None]:
    """Engines behind an agent, as on another host."""
    module = "ipcluster.launchers.engine_app"
    agent = subprocess.Popen(
        [sys.executable, "-m", module, "-n", str(count), "--ticket", str(ticket)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(20)


def far_client(system: Ours, engines: int) -> None:
    """Connect as from a host that has none of the controller's files."""
    from ipcluster.client import door

    before = door._proves_host
    door._proves_host = lambda welcome: False
    try:
        system.connect(engines)
    finally:
        door._proves_host = before


def measure_chunks(system: System, quick: bool) -> Figure:
    from ipcluster.wire.places import most_recent

    assert isinstance(system, Ours)
    system.transport = "tcp"  # type: ignore[misc]  # this one object's
    system.load()
    system.start(0)
    try:
        system.client.close()
        place = most_recent()
        assert place is not None
        with far_engines(place.engine_ticket, 2):
            far_client(system, 2)
            assert not system.client.connection.is_local
            return _send_and_get_back(system, quick)
    finally:
        system.stop()


def measure_tasks(system: System, quick: bool) -> Figure:
    assert isinstance(system, Ours)
    waves = TASKS // WAVE // (20 if quick else 1)
    with running(system, 2):
        watch = Watch(system.controller)
        began = time.perf_counter()
        for _ in range(waves):
            system.collect([system.submit(calls.nothing) for _ in range(WAVE)])
        rate = waves * WAVE / (time.perf_counter() - began)
        figure = watch.stop()
    return Figure(figure.value, f"{figure.note}; {rate:,.0f} tasks/s")


ROWS = (
    Row(
        "flat_segments",
        "memory of the controller while 10 GB pass, segments of one host",
        "MB",
        200,
        measure_segments,
        more_is_better=False,
        peers=(),
    ),
    Row(
        "flat_chunks",
        "memory of the controller while 10 GB pass, in chunks over TCP",
        "MB",
        200,
        measure_chunks,
        more_is_better=False,
        peers=(),
        timeout=600,
    ),
    Row(
        "flat_tasks",
        "memory of the controller while 1,000,000 tasks pass",
        "MB",
        200,
        measure_tasks,
        more_is_better=False,
        peers=(),
    ),
)
