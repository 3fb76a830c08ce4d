"""What is known of finished tasks, for owners who come back and for other clients.

`RecordStore` is the seam for a store on disk; `MemoryRecords` keeps the newest within
a number of tasks and of bytes. Results in segments count with the size of these: the
memory is as real there. The newest record always stays, whatever its size.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from ipcluster.controller.queues import Text, outcome_segments
from ipcluster.controller.windows import Function
from ipcluster.wire.messages import SEQUENCE_BITS, Item, Options, Outcome, Status


class RecordLimits(Struct, frozen=True):
    """How much of the past stays in memory."""

    count: int = 10_000
    bytes: int = 64 << 20


class Record(Struct, gc=False):
    """A finished task. Times are those that the table was told."""

    outcome: Outcome
    engine: int
    function: bytes
    options: Options
    submitted: float
    assigned: float
    completed: float
    text: Text | None = None
    # What it was called with, to call it again. None: it or its function lay in
    # segments, which are let go.
    item: Item | None = None
    call: Function | None = None

    @property
    def task(self) -> int:
        return self.outcome.task

    @property
    def client(self) -> int:
        return self.outcome.task >> SEQUENCE_BITS

    @property
    def status(self) -> Status:
        return Status(self.outcome.status)

    @property
    def started(self) -> float:
        return self.outcome.started

    @property
    def duration(self) -> float:
        return self.outcome.duration

    @property
    def label(self) -> str | None:
        return self.options.label

    @property
    def stdout(self) -> str:
        return self.text.stream(1) if self.text else ""

    @property
    def stderr(self) -> str:
        return self.text.stream(2) if self.text else ""

    def size_bytes(self) -> int:
        outcome = self.outcome
        size = len(outcome.payload)
        if self.item is not None:
            size += len(self.item.payload)
        if outcome.segments:
            size += sum(segment.size for segment in outcome.segments)
        return size


class RecordStore(Protocol):
    """Where finished tasks are kept. Whoever lets go of some names their segments."""

    def add(self, record: Record) -> list[str]: ...
    def get(self, task: int) -> Record | None: ...
    def remove(self, tasks: Iterable[int]) -> list[str]: ...
    def __iter__(self) -> Iterator[Record]: ...
    def __len__(self) -> int: ...


class MemoryRecords:
    """The newest records, oldest first out."""

    def __init__(self, limits: RecordLimits | None = None) -> None:
        self._limits = limits or RecordLimits()
        self._records: dict[int, Record] = {}
        self._order: deque[int] = deque()  # removed ones stay until their turn
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def add(self, record: Record) -> list[str]:
        records, limits = self._records, self._limits
        task = record.outcome.task
        records[task] = record
        self._order.append(task)
        self._bytes += record.size_bytes()
        if len(records) <= limits.count and self._bytes <= limits.bytes:
            return []
        dropped: list[str] = []
        while len(records) > 1 and (
            len(records) > limits.count or self._bytes > limits.bytes
        ):
            self._take_out(self._order.popleft(), dropped)
        return dropped

    def get(self, task: int) -> Record | None:
        return self._records.get(task)

    def remove(self, tasks: Iterable[int]) -> list[str]:
        dropped: list[str] = []
        for task in tasks:
            self._take_out(task, dropped)
        if len(self._order) > 2 * len(self._records) + 64:
            self._order = deque(self._records)
        return dropped

    def _take_out(self, task: int, dropped: list[str]) -> None:
        record = self._records.pop(task, None)
        if record is not None:
            self._bytes -= record.size_bytes()
            if record.outcome.segments:
                dropped += outcome_segments(record.outcome)
