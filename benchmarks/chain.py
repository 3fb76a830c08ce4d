"""Five hundred tasks, each to run after the one before it.

By dependency: all are submitted at once, each with `after` the previous (or with its
future as an argument, where that is the system's way). By hand: each is submitted when
the one before it is done, as users do who know of no dependencies.
"""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks import calls
from benchmarks.row import OURS, OVER_TCP, Figure, Row
from benchmarks.systems.system import System, running, seconds_of

TASKS = 500
TIMES = 3


def by_dependency(system: System) -> None:
    last: Any = system.submit(calls.nothing)
    submitted = [last]
    for _ in range(TASKS - 1):
        last = system.submit_after(last, calls.nothing)
        submitted.append(last)
    # All of them: an error on the way would make the rest impossible at once.
    system.collect(submitted)


def by_hand(system: System) -> None:
    for _ in range(TASKS):
        system.collect([system.submit(calls.nothing)])


def measure_dependency(system: System, quick: bool) -> Figure:
    with running(system, 2):
        system.collect(
            [system.submit_after(system.submit(calls.nothing), calls.nothing)]
        )
        times = [seconds_of(lambda: by_dependency(system)) for _ in range(TIMES)]
    return Figure(TASKS / statistics.median(times))


def measure_hand(system: System, quick: bool) -> Figure:
    with running(system, 2):
        system.collect([system.submit(calls.nothing)])
        times = [seconds_of(lambda: by_hand(system)) for _ in range(TIMES)]
    return Figure(TASKS / statistics.median(times))


ROWS = (
    Row(
        "chain",
        "chain of 500 dependent tasks, submitted at once",
        "tasks/s",
        3_000,
        measure_dependency,
        ours=(OURS, OVER_TCP),
        peers=("ipyparallel", "ray", "dask", "parsl"),
    ),
    Row(
        "chain_by_hand",
        "chain of 500 tasks, each submitted when the last is done",
        "tasks/s",
        3_000,
        measure_hand,
        ours=(OURS, OVER_TCP),
    ),
)
