"""An engine is killed while it runs a task: how long until somebody knows?"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from benchmarks import calls
from benchmarks.row import Figure, Row
from benchmarks.systems.system import System, running

# Seconds that the task would sleep, and after which a system counts as not noticing.
LONG = 40.0


def _lines(file: Path, count: int) -> list[tuple[float, int]]:
    """Wait until `calls.sleep_and_tell` has begun so often; when, and in which pid."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            lines = file.read_text().splitlines()
            if len(lines) >= count:
                return [(float(a), int(b)) for a, b in (one.split() for one in lines)]
        time.sleep(0.001)
    raise TimeoutError(f"nothing within {LONG:.0f} s")


def measure_error(system: System, quick: bool) -> Figure:
    file = Path("death-error")
    kind = "no error"
    with running(system, 2):
        task = system.submit(calls.sleep_and_tell, str(file.resolve()), LONG)
        [(_, pid)] = _lines(file, 1)
        time.sleep(0.2)
        began = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        try:
            system.collect([task])
        except Exception as error:
            kind = type(error).__name__
        took = time.perf_counter() - began
    return Figure(took, kind)


def measure_restart(system: System, quick: bool) -> Figure:
    file = Path("death-restart")
    with running(system, 2):
        task = system.submit(calls.sleep_once, str(file.resolve()), LONG, retries=3)
        [(_, pid)] = _lines(file, 1)
        time.sleep(0.2)
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        again = _lines(file, 2)[1][0]
        system.collect([task])
    return Figure(again - killed)


ROWS = (
    Row(
        "death_error",
        "from kill -9 of an engine to the error of the task it ran",
        "s",
        0.1,
        measure_error,
        more_is_better=False,
        peers=("executor", "loky", "ipyparallel", "ray", "parsl"),
        timeout=90,
    ),
    Row(
        "death_restart",
        "from kill -9 of an engine to the task's start elsewhere",
        "s",
        0.1,
        measure_restart,
        more_is_better=False,
        peers=("ipyparallel", "ray", "dask"),
        timeout=90,
    ),
)
