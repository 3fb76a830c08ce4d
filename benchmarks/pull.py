"""An array that lies in an engine, to the session."""

from __future__ import annotations

import statistics

from benchmarks.row import Figure, Row
from benchmarks.systems.system import System, running, seconds_of

SIZE_BYTES = 100_000_000
TIMES = 7


def measure(system: System, quick: bool) -> Figure:
    def work() -> None:
        array = system.pull(SIZE_BYTES)
        assert array.nbytes == SIZE_BYTES
        assert array[0] == array[-1] == 1.0

    with running(system, 1):
        seconds = [seconds_of(work) for _ in range(4 if quick else TIMES)]
    median = statistics.median(seconds[1:])
    first = SIZE_BYTES / 1e6 / seconds[0]
    return Figure(SIZE_BYTES / 1e6 / median, f"the first {first:,.0f}")


ROWS = (
    Row(
        "pull",
        "pull of 100 MB from one engine",
        "MB/s",
        2_000,
        measure,
        peers=("pool", "executor", "loky", "ipyparallel", "ray", "dask"),
    ),
)
