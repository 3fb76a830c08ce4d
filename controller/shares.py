"""Whose turn it is: of the clients with ready tasks, the one with the fewest assigned.

So a client that submits one task gets the next free place, however many thousands
another has queued. Within a client the higher priority goes first, and of equals the
tasks that are bound to some engines, since these have fewer chances.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ipcluster.controller.dependencies import Past
from ipcluster.controller.queues import Lane

LaneKey = tuple[int, frozenset[int] | None, frozenset[int] | None]


class Client:
    """One client: its lanes of ready tasks, and the ends of its former tasks."""

    __slots__ = (
        "assigned",
        "entry",
        "heap",
        "held",
        "id",
        "lanes",
        "past",
        "present",
        "serial",
        "size_bytes",
        "unfinished",
    )

    def __init__(self, number: int) -> None:
        self.id = number
        self.present = True
        self.held = False  # it does not take its results: nothing more is run for it
        self.unfinished = 0
        self.size_bytes = 0  # of the payloads of its unfinished tasks
        self.assigned = 0
        self.past = Past()
        self.lanes: dict[LaneKey, Lane] = {}
        # Lanes to serve: (-priority, bound to engines or not, number, lane).
        self.heap: list[tuple[int, int, int, Lane]] = []
        self.serial = 0
        self.entry = 0  # number of its valid entry in `Shares`; 0: none

    def lane(
        self,
        priority: int,
        allowed: frozenset[int] | None,
        excluded: frozenset[int] | None,
    ) -> Lane:
        key = (priority, allowed, excluded)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(self, priority, allowed, excluded)
        return lane

    def enqueue(self, lane: Lane) -> None:
        """Serve this lane when its turn comes."""
        lane.queued = True
        lane.parked = False
        self.serial += 1
        free = lane.allowed is None and lane.excluded is None
        heappush(self.heap, (-lane.priority, free, self.serial, lane))

    def dequeue(self, lane: Lane | None = None) -> None:
        """Take this lane, or the first, out of the turn."""
        heap = self.heap
        if lane is None or heap[0][3] is lane:
            heappop(heap)[3].queued = False
        else:
            lane.queued = False
            self.heap = [entry for entry in heap if entry[3] is not lane]
            heapify(self.heap)


class Shares:
    """A heap of clients by their assigned tasks.

    A client whose count changes is pushed again; the older entry is passed over when
    it comes up. Of clients with equal counts the one that waits longest is first.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Client]] = []
        self._serial = 0

    def push(self, client: Client) -> None:
        if client.held:
            client.entry = 0
            return
        self._serial += 1
        client.entry = self._serial
        heappush(self._heap, (client.assigned, self._serial, client))
        if len(self._heap) > 1024:
            self._compact()

    def pop(self) -> Client | None:
        heap = self._heap
        while heap:
            _, serial, client = heappop(heap)
            if client.entry == serial:
                client.entry = 0
                return client
        return None

    def _compact(self) -> None:
        valid = [entry for entry in self._heap if entry[2].entry == entry[1]]
        if len(valid) < len(self._heap) // 2:
            self._heap = valid
            heapify(valid)
