"""What a task waits for: `after` and `follow`, counted down as other tasks end.

How every task ended is remembered in four bytes: for each client a ring of its last
`RING` tasks by sequence number, with the engine and whether it succeeded. So a task
may depend on any of them, long after their results are gone.

A dependency belongs to a whole submission and is counted once for all of its tasks:
1,000 tasks after 1,000 others are 2,000 steps.
"""

from __future__ import annotations

from array import array
from enum import Enum
from typing import NamedTuple

from ipcluster.controller.queues import NOWHERE, Submission
from ipcluster.wire.messages import Dependency

# Tasks of each client whose ends are remembered; 4 MiB for a client that had so many.
RING = 1 << 20
RING_MASK = RING - 1


class End(NamedTuple):
    """How and where a task ended."""

    engine: int
    ok: bool


class Past:
    """The ends of one client's tasks.

    A code is `(engine + 2) << 1 | ok`, or 0 for a task that has not ended. It is
    written by `Ledger.finish`, once for each task, and so not by a method.
    """

    __slots__ = ("codes", "highest")

    def __init__(self) -> None:
        self.highest = -1  # sequence number of the last task seen
        self.codes = array("i", bytes(4 * 64))

    def advance(self, highest: int) -> None:
        """Tasks up to this number are known from now on."""
        codes = self.codes
        if highest >= len(codes) and len(codes) < RING:
            size = min(RING, 1 << (highest + 1).bit_length())
            codes.frombytes(bytes(4 * (size - len(codes))))
        if highest >= RING:
            self._clear(max(self.highest + 1, highest - RING + 1), highest + 1)
        self.highest = highest

    def end(self, sequence: int) -> End | None:
        """How it ended; None if it has not, or was never seen."""
        if not self.is_kept(sequence):
            return None
        code = self.codes[sequence & RING_MASK]
        return End((code >> 1) - 2, bool(code & 1)) if code else None

    def is_kept(self, sequence: int) -> bool:
        return self.highest - RING < sequence <= self.highest

    def _clear(self, first: int, stop: int) -> None:
        """New numbers take the places of those that are `RING` older."""
        start, count = first & RING_MASK, stop - first
        straight = min(count, RING - start)
        self.codes[start : start + straight] = array("i", bytes(4 * straight))
        self.codes[: count - straight] = array("i", bytes(4 * (count - straight)))


class Verdict(Enum):
    """What is known of a dependency."""

    OPEN = 0
    MET = 1
    NEVER = 2


class Need:
    """One dependency of a submission."""

    __slots__ = ("dependency", "engines", "follows", "left", "submission")

    def __init__(
        self, submission: Submission, dependency: Dependency, *, follows: bool
    ) -> None:
        self.submission = submission
        self.dependency = dependency
        self.follows = follows
        self.left = len(dependency.tasks)
        self.engines: set[int] = set()

    def start(self) -> Verdict:
        """What is known before any task has ended."""
        if not self.dependency.success and not self.dependency.failure:
            return Verdict.NEVER
        return Verdict.OPEN if self.left else Verdict.MET

    def count(self, end: End) -> Verdict:
        """One more of its tasks has ended."""
        self.left -= 1
        wanted = self.dependency.success if end.ok else self.dependency.failure
        if wanted and self.follows:
            wanted = end.engine != NOWHERE and self._is_beside(end.engine)
        if self.dependency.all:
            if not wanted:
                return Verdict.NEVER
            return Verdict.OPEN if self.left else Verdict.MET
        if wanted:
            return Verdict.MET
        return Verdict.OPEN if self.left else Verdict.NEVER

    def count_all(self, ends: list[End]) -> Verdict:
        """These of its tasks have ended: the first that decides it does."""
        decisive = Verdict.NEVER if self.dependency.all else Verdict.MET
        verdicts = [self.count(end) for end in ends]
        if decisive in verdicts:
            return decisive
        return verdicts[-1] if verdicts else Verdict.OPEN

    def _is_beside(self, engine: int) -> bool:
        """Whether a task that follows `all` can still run beside all of them."""
        self.engines.add(engine)
        return not self.dependency.all or len(self.engines) == 1


class Waiters:
    """Which needs count on which unfinished task."""

    def __init__(self) -> None:
        self.needs: dict[int, dict[Need, None]] = {}

    def add(self, need: Need, task: int) -> None:
        self.needs.setdefault(task, {})[need] = None

    def pop(self, task: int) -> list[Need]:
        return list(self.needs.pop(task, ()))

    def forget(self, need: Need) -> None:
        """Its submission does not wait for this any more."""
        for task in need.dependency.tasks:
            needs = self.needs.get(task)
            if needs is not None and needs.pop(need, self) is None and not needs:
                del self.needs[task]

    def items(self) -> list[tuple[int, list[Need]]]:
        return [(task, list(needs)) for task, needs in self.needs.items()]
