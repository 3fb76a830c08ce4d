"""One array to all engines of the host, which keep it as a variable each."""

from __future__ import annotations

import statistics
from functools import partial

from benchmarks.row import Figure, Row
from benchmarks.systems.system import System, running, seconds_of

SIZE_BYTES = 100_000_000
ENGINES = 8
TIMES = 7


def measure(system: System, quick: bool) -> Figure:
    import numpy as np

    with running(system, ENGINES):
        seconds = []
        for i in range(4 if quick else TIMES):
            # New content each time: nobody may send a digest of the last one.
            array = np.full(SIZE_BYTES // 8, float(i))
            seconds.append(seconds_of(partial(system.broadcast, array)))
    median = statistics.median(seconds[1:])
    first = SIZE_BYTES * ENGINES / 1e6 / seconds[0]
    return Figure(SIZE_BYTES * ENGINES / 1e6 / median, f"the first {first:,.0f}")


ROWS = (
    Row(
        "broadcast",
        "broadcast of a 100 MB array to 8 engines on the host, MB/s x engines",
        "MB/s",
        15_000,
        measure,
        factors={"ray": 1.0},
        peers=("pool", "executor", "loky", "ipyparallel", "ray", "dask"),
    ),
)
