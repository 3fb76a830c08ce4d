"""What becomes of a task next: ready for an engine, ready again, or ended.

started on an engine that       again while retries are left and it has ended
ended                           fewer than `MOST_DEATHS` engines, else LOST
not started there               again, as if nothing had been
raised                          again while retries are left, on another engine
if there is one, else ERROR
refused by an engine            on an engine that has not refused it, else
IMPOSSIBLE
its owner took it back          ABORTED unless it has started
addressed to one engine         never anywhere else: LOST with that engine
"""

from __future__ import annotations

from collections.abc import Sequence

from ipcluster.controller import endings
from ipcluster.controller.dispatch import Dispatcher
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.queues import (
    NOWHERE,
    Engine,
    State,
    Submission,
    Task,
    Trouble,
)
from ipcluster.wire.messages import Outcome, Status

# A task that ended this many engines is given up, whatever its retries.
MOST_DEATHS = 3


class Fates:
    """Moves tasks between the ledger and the dispatcher."""

    def __init__(self, ledger: Ledger, dispatcher: Dispatcher) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher

    def end(self, task: Task, outcome: Outcome, engine: int, now: float) -> None:
        """The controller itself ends a task that no engine holds."""
        task.engine = NOWHERE
        if task.queue is not None:
            task.state = State.DONE
            self._dispatcher.withdraw(task)
        self._ledger.finish(task, outcome, engine, now)

    def ready(self, submission: Submission, tasks: Sequence[Task], now: float) -> None:
        """Tasks that have just come or have nothing to wait for any more."""
        if submission.direct:
            for task in tasks:
                self._place_direct(task, now, front=False)
            return
        allowed = submission.allowed
        if allowed is None or not allowed.isdisjoint(self._dispatcher.engines):
            self._dispatcher.place_many(submission, tasks)
            return
        end = endings.nowhere
        text = "none of the engines that it may run on is there: "
        text += ", ".join(map(str, sorted(allowed)[:20]))
        if not allowed:
            end = endings.impossible
            text = "the tasks that it follows ran on none of its targets"
        for task in tasks:
            self.end(task, end(task.id, text), NOWHERE, now)

    def place(self, task: Task, now: float, *, front: bool) -> None:
        """Make a balanced task ready again."""
        reason = self._dispatcher.place(task, front=front)
        if reason is not None:
            self.end(task, endings.impossible(task.id, reason), NOWHERE, now)

    def _place_direct(self, task: Task, now: float, *, front: bool) -> None:
        engine = self._dispatcher.engines.get(task.target)
        if engine is None:
            outcome = endings.absent(task.id, task.target)
            self.end(task, outcome, NOWHERE, now)
        else:
            self._dispatcher.place_direct(engine, task, front=front)

    def take_back(self, task: Task, now: float) -> None:
        """It was assigned, and is not any more: ready again, before the others."""
        task.engine = NOWHERE
        if task.wish:
            self.end(task, endings.aborted(task.id), NOWHERE, now)
        elif task.submission.direct:
            self._place_direct(task, now, front=True)
        else:
            self.place(task, now, front=True)

    def lose(
        self, task: Task, home: Engine, cause: str, now: float, *, died: bool
    ) -> None:
        """It had started on an engine that ended; with `died`, it was running."""
        task.engine = NOWHERE
        trouble = task.trouble = task.trouble or Trouble()
        trouble.deaths += died
        submission = task.submission
        if (
            trouble.tries < submission.options.retries
            and trouble.deaths < MOST_DEATHS
            and not task.wish
            and not submission.direct
        ):
            trouble.tries += 1
            if self._dispatcher.place(task, front=True) is None:
                return
        self.lose_for_good(task, home, cause, now)

    def lose_for_good(self, task: Task, home: Engine, cause: str, now: float) -> None:
        self.end(task, endings.lost(task.id, home, cause), home.id, now)

    def runs_again(
        self, task: Task, outcome: Outcome, home: Engine, now: float
    ) -> bool:
        """Whether an outcome other than success was not its last, and is dealt with."""
        if outcome.status == Status.REJECTED:
            self._ledger.discard(outcome)
            self._refused(task, home, endings.reason_of(outcome), now)
            return True
        trouble = task.trouble
        tries = trouble.tries if trouble is not None else 0
        if (
            outcome.status != Status.ERROR
            or task.wish
            or tries >= task.submission.options.retries
        ):
            return False
        self._ledger.discard(outcome)
        trouble = task.trouble = trouble or Trouble()
        trouble.tries += 1
        trouble.failed |= {home.id}
        self.take_back(task, now)
        return True

    def _refused(self, task: Task, home: Engine, reason: str, now: float) -> None:
        """The engine does not meet what its function asks of one."""
        if task.submission.direct and not task.wish:
            text = f"engine {home.id} does not meet what the function asks for"
            text += f": {reason}" if reason else ""
            self.end(task, endings.impossible(task.id, text), home.id, now)
            return
        trouble = task.trouble = task.trouble or Trouble()
        trouble.rejected |= {home.id}
        trouble.refusal = reason
        self.take_back(task, now)
