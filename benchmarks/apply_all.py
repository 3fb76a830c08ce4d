"""One call on each of 16 engines, and the wait for the last result: the median."""

from __future__ import annotations

import statistics

from benchmarks import calls
from benchmarks.row import OURS, OVER_TCP, Figure, Row
from benchmarks.systems.system import System, running, seconds_of

ENGINES = 16
CALLS = 400


def measure(system: System, quick: bool) -> Figure:
    count = CALLS // system.slowness // (4 if quick else 1)
    with running(system, ENGINES):
        for _ in range(5):
            assert len(system.call_all(calls.nothing)) == ENGINES
        times = [
            seconds_of(lambda: system.call_all(calls.nothing)) * 1000
            for _ in range(max(10, count))
        ]
    return Figure(statistics.median(times), f"worst {max(times):.1f}")


ROWS = (
    Row(
        "apply_all",
        "apply on all of 16 engines, p50",
        "ms",
        3.0,
        measure,
        more_is_better=False,
        ours=(OURS, OVER_TCP),
        peers=("ipyparallel", "ray", "dask"),
    ),
)
