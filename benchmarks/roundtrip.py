"""One call, and the wait for its result, again and again: the median."""

from __future__ import annotations

import statistics

from benchmarks import calls
from benchmarks.row import OURS, OVER_TCP, Figure, Row
from benchmarks.systems.system import System, running, seconds_of

CALLS = 3_000


def measure(system: System, quick: bool) -> Figure:
    count = max(100, CALLS // system.slowness // (4 if quick else 1))
    with running(system, 2):
        for _ in range(count // 10):
            system.call(calls.nothing)
        times = [
            seconds_of(lambda: system.call(calls.nothing)) * 1000 for _ in range(count)
        ]
    p99 = statistics.quantiles(times, n=100)[98]
    return Figure(statistics.median(times), f"p99 {p99:.2f}")


ROWS = (
    Row(
        "roundtrip",
        "one no-op call, round trip p50, CURVE on",
        "ms",
        0.35,
        measure,
        more_is_better=False,
        ours=(OVER_TCP, OURS),
        factors={"pool": 1 / 1.3},
    ),
)
