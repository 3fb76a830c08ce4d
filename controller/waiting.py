"""Submissions that wait for other tasks (`after`, `follow`), until they are ready."""

from __future__ import annotations

from ipcluster.controller import endings
from ipcluster.controller.dependencies import Need, Verdict
from ipcluster.controller.fates import Fates
from ipcluster.controller.ledger import Ledger
from ipcluster.controller.queues import NOWHERE, State, Submission, Task
from ipcluster.wire.messages import Dependency, Outcome


class Waiting:
    """Counts down the needs of submissions."""

    def __init__(self, ledger: Ledger, fates: Fates) -> None:
        self._ledger = ledger
        self._fates = fates

    def start(self, submission: Submission, tasks: list[Task], now: float) -> None:
        """These tasks have dependencies: wait for them, unless it is all known."""
        submission.pending = {task.id: task for task in tasks}
        for task in tasks:
            task.state = State.WAITING
        options = submission.options
        for dependency, follows in ((options.after, False), (options.follow, True)):
            if dependency is not None:
                self._add(submission, dependency, follows, now)
        for need in list(submission.needs):
            if need not in submission.needs:
                return  # the one before it can never be met: all have ended
            verdict = need.start()
            if verdict is Verdict.OPEN:
                verdict = need.count_all(self._ledger.ends(need))
            self._judge(need, verdict, now)

    def _add(
        self, submission: Submission, dependency: Dependency, follows: bool, now: float
    ) -> None:
        pending = submission.pending or {}
        for number in list(pending.keys() & dependency.tasks):
            text = f"task {number} depends on itself"
            outcome = endings.invalid(number, text)
            self._fates.end(pending[number], outcome, NOWHERE, now)
        reason = self._ledger.unknown(dependency)
        if reason is not None:
            for task in list(pending.values()):
                self._fates.end(task, endings.invalid(task.id, reason), NOWHERE, now)
        if pending:
            submission.needs.append(Need(submission, dependency, follows=follows))

    def resolve(self, now: float) -> None:
        """Tell the submissions that wait for tasks that have ended."""
        ended, waiters = self._ledger.ended, self._ledger.waiters
        while ended:
            number, end = ended.popleft()
            for need in waiters.pop(number):
                self._judge(need, need.count(end), now)

    def _judge(self, need: Need, verdict: Verdict, now: float) -> None:
        submission = need.submission
        if need not in submission.needs:
            return  # all of its tasks have ended
        match verdict:
            case Verdict.OPEN:
                pass
            case Verdict.MET:
                self._meet(need, now)
            case Verdict.NEVER:
                kind = "follows" if need.follows else "comes after"
                text = f"it {kind} tasks that did not end as it needs"
                for task in list((submission.pending or {}).values()):
                    outcome: Outcome = endings.impossible(task.id, text)
                    self._fates.end(task, outcome, NOWHERE, now)

    def _meet(self, need: Need, now: float) -> None:
        submission = need.submission
        self._ledger.waiters.forget(need)
        submission.needs.remove(need)
        if need.follows and need.dependency.tasks:
            beside = frozenset(need.engines)
            allowed = submission.allowed
            submission.allowed = beside if allowed is None else allowed & beside
        if submission.needs:
            return
        tasks = list((submission.pending or {}).values())
        if submission.options.timeout is None:
            submission.pending = None
        for task in tasks:
            task.state = State.READY
        self._fates.ready(submission, tasks, now)
