"""What a system takes while it does nothing: the PSS of all of its processes.

PSS counts a page that n processes share as 1/n of it for each, so that forked processes
are not counted for what they have in common. The session itself is not counted.
"""

from __future__ import annotations

import time

from benchmarks.processes import family, pss_bytes
from benchmarks.row import Figure, Row
from benchmarks.systems.system import System, running

ENGINES = 8
# Seconds until what starts in the background has started.
SETTLE = 2.0


def measure(system: System, quick: bool) -> Figure:
    with running(system, ENGINES):
        time.sleep(SETTLE)
        pids = family()
        total = sum([pss_bytes(pid) for pid in pids])
    return Figure(total / 1e6, f"{len(pids)} processes")


ROWS = (
    Row(
        "memory",
        "memory (PSS) of controller + keeper + 8 idle engines",
        "MB",
        120,
        measure,
        more_is_better=False,
    ),
)
