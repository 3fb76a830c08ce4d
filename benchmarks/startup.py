"""From the command, or the constructor, until all engines have answered."""

from __future__ import annotations

from benchmarks import calls
from benchmarks.row import Figure, Row
from benchmarks.systems.system import System

ENGINES = 8


def measure(system: System, quick: bool) -> Figure:
    """Ours by `ipcluster start`, a new Python and its imports included."""
    import time

    system.load()
    began = time.perf_counter()
    system.start(ENGINES)
    try:
        system.collect([system.submit(calls.pid) for _ in range(ENGINES)])
        took = time.perf_counter() - began
    finally:
        system.stop()
    return Figure(took)


ROWS = (
    Row(
        "startup",
        "`ipcluster start -n 8` until all 8 answer",
        "s",
        0.8,
        measure,
        more_is_better=False,
    ),
)
