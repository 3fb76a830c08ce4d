"""What a task costs with 1,000 engines, as a multiple of what it costs with 10.

Once for the rules alone, the pure `TaskTable`, in this process; once for a whole
controller: its processor time, all threads, while a client sends no-op tasks to engines
that one process plays (`far_engines.py`).
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import calls
from benchmarks.processes import cpu_seconds
from benchmarks.row import Figure, Row
from benchmarks.systems.ours import Ours
from benchmarks.systems.system import System

FEW, MANY = 10, 1_000
TASKS = 100_000
# Unfinished tasks that a client may have at the controller, and tasks in its messages.
WINDOW = 20_000
BATCH = 64
CLIENT = 1
TURNS = 5
# Seconds that such a task is said to have taken.
DURATION = 3e-6


class Played:
    """A task table, its one client, and engines that are done with a task at once."""

    def __init__(self, engines: int) -> None:
        from ipcluster.controller.tasks import TaskTable

        self.table = TaskTable()
        for engine in range(engines):
            self.table.on_engine_joined(engine, 0.0)
        self.table.on_client_joined(CLIENT)
        self.submitted = self.done = 0
        self.spent = 0.0
        self._running: deque[Any] = deque()

    def _submits(self, tasks: int) -> list[Any]:
        """What the client sends now, so that its window is full."""
        from ipcluster.wire import messages as m

        submits = []
        while self.submitted < tasks and self.submitted - self.done + BATCH <= WINDOW:
            first = (CLIENT << m.SEQUENCE_BITS) + self.submitted + 1
            items = [m.Item(first + i, b"") for i in range(BATCH)]
            submits.append(m.Submit(b"digest", int(m.Mode.APPLY), m.Options(), items))
            self.submitted += BATCH
        return submits

    def _reports(self) -> list[tuple[int, list[Any]]]:
        """What engines say now: that they are done with all they had."""
        from ipcluster.wire import messages as m

        reports = []
        while self._running:
            assign = self._running.popleft()
            outcomes = [m.Outcome(i.task, 0, b"", 0.0, DURATION) for i in assign.items]
            reports.append((assign.engine, outcomes))
            self.done += len(outcomes)
        return reports

    def play(self, tasks: int) -> None:
        """Let so many tasks pass; `spent` is the table's own processor time."""
        from ipcluster.controller.actions import Assign, Recall

        while self.done < tasks:
            submits, reports = self._submits(tasks), self._reports()
            now, began = time.monotonic(), time.thread_time()
            for submit in submits:
                self.table.on_submit(CLIENT, submit, now)
            for engine, outcomes in reports:
                self.table.on_done(engine, outcomes, now)
            self.table.on_tick(now)
            actions = self.table.take_actions(now)
            self.spent += time.thread_time() - began
            assert submits or reports or actions, "the table does nothing more"
            for action in actions:
                if isinstance(action, Assign):
                    self._running.append(action)
                elif isinstance(action, Recall):
                    self.table.on_dropped(action.engine, [], now)


def table_cost(engines: int, tasks: int) -> float:
    """Seconds a task takes the rules, from its submission to its reply."""
    played = Played(engines)
    gc.collect()
    played.play(tasks)
    return played.spent / played.done


def measure_table(system: System, quick: bool) -> Figure:
    tasks = TASKS // (4 if quick else 1)
    table_cost(FEW, tasks // 10)
    # Taking turns: a shared processor's clock and caches change within seconds.
    pairs = [(table_cost(FEW, tasks), table_cost(MANY, tasks)) for _ in range(TURNS)]
    few = statistics.median([pair[0] for pair in pairs])
    many = statistics.median([pair[1] for pair in pairs])
    return Figure(many / few, f"{few * 1e6:.1f} and {many * 1e6:.1f} us a task")


@contextmanager
def simulated(count: int) -> Iterator[None]:
    """So many engines in the cluster that was started last."""
    from ipcluster.wire.places import most_recent

    place = most_recent()
    assert place is not None
    agent = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.far_engines"),
            *(str(place.engine_ticket), str(count)),
        ],
        stdin=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(20)


def controller_cost(system: Ours, engines: int, tasks: int) -> tuple[float, float]:
    """Processor seconds of the controller for a task, and tasks per second."""
    system.load()
    system.start(0)
    try:
        with simulated(engines):
            system.client.wait_for_engines(engines, timeout=60)
            system.balanced = system.client.load_balanced_view()
            system.collect([system.submit(calls.nothing) for _ in range(5_000)])
            used, began = cpu_seconds(system.controller), time.perf_counter()
            system.collect([system.submit(calls.nothing) for _ in range(tasks)])
            took = time.perf_counter() - began
            used = cpu_seconds(system.controller) - used
    finally:
        system.stop()
    return used / tasks, tasks / took


def measure_controller(system: System, quick: bool) -> Figure:
    assert isinstance(system, Ours)
    tasks = TASKS // (5 if quick else 1)
    few, few_rate = controller_cost(system, FEW, tasks)
    many, many_rate = controller_cost(system, MANY, tasks)
    return Figure(
        many / few,
        f"{few * 1e6:.1f} and {many * 1e6:.1f} us a task, "
        f"{few_rate:,.0f} and {many_rate:,.0f} tasks/s",
    )


ROWS = (
    Row(
        "many_engines_table",
        "1,000 engines beside 10: cost per task, the rules alone",
        "x",
        1.3,
        measure_table,
        more_is_better=False,
        peers=(),
    ),
    Row(
        "many_engines",
        "1,000 simulated engines beside 10: cost per task of the controller",
        "x",
        1.3,
        measure_controller,
        more_is_better=False,
        peers=(),
    ),
)
