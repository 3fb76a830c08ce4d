"""When a task is interrupted: its owner's wishes, with a pause between them. Pure.

An owner may cancel a task again when it has ignored an interrupt: every wish is one
more. But one that came while the task still cleans up after the one before would break
that, so each waits for a moment after the last was heard. C code hears nothing until
it returns; then nothing is lost, and all wishes wait.

A wish may also come before its engine has begun the task: the controller knows only
that the task is the next. Then it is looked at again until the task has begun, another
has, or it is clear that the engine has given the task back.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipcluster.wire.messages import Interrupt

# Seconds between two interrupts of one task: time enough to close files, or to note
# that one came.
PAUSE = 0.05
# Seconds after which an engine that has not begun a task will not begin it: it has
# been told that the task is not wanted.
PATIENCE = 10.0


@dataclass
class _Wish:
    task: int
    earliest: float
    wanted: int = 0
    passed: int = 0
    since: float | None = None
    """When it was first seen not to run, and what had begun last then."""
    last: int = 0


class Interrupts:
    """The tasks that are to be interrupted, by engine. Times are the caller's."""

    def __init__(self) -> None:
        self._wishes: dict[int, _Wish] = {}

    def add(self, interrupt: Interrupt, now: float) -> None:
        """The owner of this task has wanted it interrupted so often."""
        wish = self._wishes.get(interrupt.slot)
        if wish is None or wish.task != interrupt.task:
            wish = self._wishes[interrupt.slot] = _Wish(interrupt.task, now)
        wish.wanted = max(wish.wanted, interrupt.number)

    def due(self, now: float) -> list[tuple[int, int]]:
        """Engines and tasks to interrupt now: say `pass_on` or `forget` of each."""
        return [
            (slot, wish.task)
            for slot, wish in self._wishes.items()
            if wish.passed < wish.wanted and wish.earliest <= now
        ]

    def next_deadline(self) -> float | None:
        """When the next is due; None: none waits."""
        waiting = [w.earliest for w in self._wishes.values() if w.passed < w.wanted]
        return min(waiting, default=None)

    def pass_on(self, slot: int, heard: int, when: float, now: float) -> int | None:
        """Which interrupt to pass on now; None: it is too soon for another.

        `heard` is the latest that the task has heard, at `when`.
        """
        wish = self._wishes[slot]
        wish.earliest = now + PAUSE
        if heard < wish.passed:
            return None
        if wish.passed and now < when + PAUSE:
            wish.earliest = when + PAUSE
            return None
        wish.passed += 1
        return wish.passed

    def put_off(self, slot: int, last: int, now: float) -> None:
        """That task does not run: yet, or any more. `last` is what has begun last."""
        wish = self._wishes[slot]
        if wish.since is None:
            wish.since, wish.last = now, last
        if wish.task == last or last != wish.last or now > wish.since + PATIENCE:
            self.forget(slot)
        else:
            wish.earliest = now + PAUSE

    def forget(self, slot: int) -> None:
        """That task has ended, or its engine has."""
        self._wishes.pop(slot, None)
