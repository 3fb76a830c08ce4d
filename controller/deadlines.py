"""When tasks have waited too long: one entry for each submission with a timeout."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ipcluster.controller.queues import Submission


class Deadlines:
    """A heap by time. Entries of submissions whose tasks were all assigned go early."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Submission]] = []
        self._serial = 0
        self._limit = 64

    def add(self, when: float, submission: Submission) -> None:
        self._serial += 1
        heappush(self._heap, (when, self._serial, submission))
        if len(self._heap) > self._limit:
            self._heap = [entry for entry in self._heap if entry[2].pending]
            heapify(self._heap)
            self._limit = max(64, 2 * len(self._heap))

    def due(self, now: float) -> list[Submission]:
        """Those whose time is over; a timeout of 0 leaves the time of one dispatch."""
        found = []
        while self._heap and self._heap[0][0] < now:
            found.append(heappop(self._heap)[2])
        return found

    def next(self) -> float | None:
        while self._heap and not self._heap[0][2].pending:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None
