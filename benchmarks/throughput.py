"""Many small tasks, submitted one by one, until all of their results are back."""

from __future__ import annotations

from benchmarks import calls
from benchmarks.row import OURS, OVER_TCP, Figure, Row
from benchmarks.systems.system import System, running, seconds_of

TASKS = 20_000
# The first tasks of a session pay for imports and connections.
WARM = 200


def measure(system: System, quick: bool) -> Figure:
    count = TASKS // system.slowness // (4 if quick else 1)
    with running(system, 2):
        system.collect([system.submit(calls.nothing) for _ in range(WARM)])

        def work() -> None:
            system.collect([system.submit(calls.nothing) for _ in range(count)])

        return Figure(count / seconds_of(work))


ROWS = (
    Row(
        "throughput",
        "20,000 no-op tasks submitted one by one, 2 engines, until all are back",
        "tasks/s",
        60_000,
        measure,
        ours=(OURS, OVER_TCP),
        factors={"pool": 3.0},
    ),
)
