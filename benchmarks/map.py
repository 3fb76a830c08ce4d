"""A map over a million numbers, cut into tasks by the system."""

from __future__ import annotations

from benchmarks import calls
from benchmarks.row import Figure, Row
from benchmarks.systems.system import System, running, seconds_of

ITEMS = 1_000_000


def measure(system: System, quick: bool) -> Figure:
    items = range(ITEMS // system.slowness // (4 if quick else 1))
    with running(system, 2):
        system.map(calls.same, range(1000))

        def work() -> None:
            results = system.map(calls.same, items)
            assert len(results) == len(items)
            assert results[-1] == items[-1]

        return Figure(len(items) / seconds_of(work) / 1e6)


ROWS = (
    Row(
        "map",
        "map of 1,000,000 small items, automatic chunks, 2 engines",
        "M items/s",
        2.0,
        measure,
    ),
)
