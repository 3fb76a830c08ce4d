"""What waits to be sent, and how much of it may go now. Pure: no socket, no clock.

Tasks that call the same function in the same way are put into one `Submit`, so a
thousand small calls are a few messages. The controller lets each client have so many
tasks, and so many bytes of arguments, unfinished at a time; what is beyond waits here.

A function is sent before its first use, and again when so many others have been used
since that the peer may have forgotten it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from ipcluster.wire.messages import (
    Cancel,
    Direct,
    Item,
    NewFunction,
    Options,
    Segment,
    Submit,
)
from ipcluster.wire.recent import COUNTED_ON, COUNTED_ON_LARGE, Recent

# Tasks and bytes of arguments in one message: so many that the cost per message does
# not matter, and so few that the first engine starts before the last task is read.
MESSAGE_TASKS = 256
MESSAGE_BYTES = 256 << 10
# Bytes in one frame, about.
FRAME_BYTES = 1 << 20

# With fewer tasks unfinished, engines may be idle: each task is sent at once.
HUNGRY = 4
# So many tasks, or bytes, are sent without waiting for more; four times as many tasks
# once the engines have plenty.
BATCH_TASKS = 64
PLENTY = 1024
BATCH_BYTES = 64 << 10


class Withdrawn(NamedTuple):
    """What was taken back before it was sent."""

    tasks: set[int]
    late: set[int]
    """These are sent all the same: cancel them behind it."""
    segments: list[Segment]
    """Nobody was told of these."""


class Outbox:
    """Messages in the order they were given, cut to the peer's window."""

    def __init__(self, window_tasks: int, window_bytes: int) -> None:
        self.window_tasks = window_tasks
        self.window_bytes = window_bytes
        self.tasks = 0
        """Tasks that wait here."""
        self.size_bytes = 0
        """Bytes of their arguments."""
        self.sent_tasks = 0
        """Tasks that were sent and have not ended."""
        self.sent_bytes = 0
        self._messages: deque[msgspec.Struct] = deque()
        self._open: Submit | None = None  # the last message, while it takes more
        self._open_bytes = 0
        self._functions: Recent[bool] = Recent(COUNTED_ON, COUNTED_ON_LARGE)

    def add(self, function: bytes, mode: int, options: Options, item: Item) -> None:
        """One more task for any engine."""
        size = len(item.payload)
        self.tasks += 1
        self.size_bytes += size
        last = self._open
        if (
            last is not None
            and last.options is options
            and last.function == function
            and last.mode == mode
        ):
            last.items.append(item)
        else:
            last = self._open = Submit(function, mode, options, [item])
            self._open_bytes = 0
            self._messages.append(last)
        self._open_bytes += size
        if len(last.items) >= MESSAGE_TASKS or self._open_bytes >= MESSAGE_BYTES:
            self._open = None

    def add_many(
        self, function: bytes, mode: int, options: Options, items: Sequence[Item]
    ) -> None:
        """Many tasks for any engine: small ones go many to a message."""
        for item in items:
            self.add(function, mode, options, item)

    def add_direct(self, message: Direct) -> None:
        """One task for each target."""
        self._open = None
        count, size = measure(message)
        self.tasks += count
        self.size_bytes += size
        self._messages.append(message)

    def needs(self, digest: bytes) -> bool:
        """Whether the function must be sent before its next use, which is now."""
        return not self._functions.use(digest)

    def add_function(self, message: NewFunction) -> None:
        self._open = None
        self._messages.append(message)
        self._functions.add(message.digest, True, is_large=bool(message.segments))

    @property
    def is_open(self) -> bool:
        """Whether the window lets more tasks through."""
        return (
            self.sent_tasks < self.window_tasks and self.sent_bytes < self.window_bytes
        )

    @property
    def is_urgent(self) -> bool:
        """Whether to send now and not to wait for more."""
        sent, waiting = self.sent_tasks, self.tasks
        if sent < PLENTY:
            full = sent < HUNGRY or waiting >= BATCH_TASKS
        else:
            full = waiting >= 4 * BATCH_TASKS
        return (full or self.size_bytes >= BATCH_BYTES) and self.is_open

    def take(self) -> list[msgspec.Struct]:
        """About one frame of messages that the window lets through, in order."""
        taken: list[msgspec.Struct] = []
        frame_bytes = 0
        messages = self._messages
        while messages and frame_bytes < FRAME_BYTES:
            message = messages[0]
            count, size = measure(message)
            if not self._fits(count, size):
                break
            messages.popleft()
            taken.append(message)
            frame_bytes += size + 32 * count
            self.tasks -= count
            self.size_bytes -= size
            self.sent_tasks += count
            self.sent_bytes += size
        if not messages:
            self._open = None
        return taken

    def ended(self, tasks: int, size_bytes: int) -> None:
        """So many of the tasks sent have ended."""
        self.sent_tasks -= tasks
        self.sent_bytes -= size_bytes

    def cancel_late(self, message: Cancel) -> None:
        """Cancel tasks that wait here, once they are sent."""
        self._open = None
        self._messages.append(message)

    def withdraw(self, tasks: set[int]) -> Withdrawn:
        """Take back those of `tasks` that were not sent."""
        found = Withdrawn(set(), set(), [])
        if not self._messages:
            return found
        kept: deque[msgspec.Struct] = deque()
        for message in self._messages:
            if isinstance(message, Submit):
                self._strip(message, tasks, found)
                if message.items:
                    kept.append(message)
                elif message is self._open:
                    self._open = None
            elif isinstance(message, Direct):
                kept.extend(self._split(message, tasks, found))
            else:
                kept.append(message)
        self._messages = kept
        return found

    def unsent(self) -> set[int]:
        """The tasks that wait here."""
        tasks: set[int] = set()
        for message in self._messages:
            if isinstance(message, Submit):
                tasks.update([item.task for item in message.items])
            elif isinstance(message, Direct):
                first = message.item.task
                tasks.update(range(first, first + len(message.targets)))
        return tasks

    def clear(self) -> None:
        """Forget everything, and what the peer knows: it has gone."""
        self._messages.clear()
        self._functions.clear()
        self._open = None
        self.tasks = self.size_bytes = self.sent_tasks = self.sent_bytes = 0

    def check(self) -> None:
        """What must hold between calls."""
        counts = [measure(message) for message in self._messages]
        assert self.tasks == sum(count for count, _ in counts)
        assert self.size_bytes == sum(size for _, size in counts)
        assert self.sent_tasks >= 0
        assert self._open is None or self._open is self._messages[-1]

    def _fits(self, count: int, size: int) -> bool:
        # A message larger than the whole window goes alone.
        if not self.sent_tasks or not count:
            return True
        return (
            self.sent_tasks + count <= self.window_tasks
            and self.sent_bytes + size <= self.window_bytes
        )

    def _strip(self, message: Submit, tasks: set[int], found: Withdrawn) -> None:
        mine = [item for item in message.items if item.task in tasks]
        if not mine:
            return
        self.tasks -= len(mine)
        self.size_bytes -= sum(len(item.payload) for item in mine)
        message.items[:] = [i for i in message.items if i.task not in tasks]
        for item in mine:
            found.tasks.add(item.task)
            found.segments.extend(item.segments)

    def _split(
        self, message: Direct, tasks: set[int], found: Withdrawn
    ) -> Iterator[Direct]:
        """The message without those tasks: their numbers must stay in a row."""
        first, targets = message.item.task, message.targets
        gone = {first + i for i in range(len(targets))} & tasks
        if not gone:
            yield message
            return
        segments = message.item.segments
        if segments and len(gone) < len(targets):
            # Its parts would be done with the segments each in its own time, and the
            # first would have them used again.
            found.late.update(gone)
            yield message
            return
        found.tasks.update(gone)
        found.segments.extend(segments)
        self.tasks -= len(gone)
        self.size_bytes -= len(gone) * len(message.item.payload)
        for i, target in enumerate(targets):
            if first + i not in gone:
                item = msgspec.structs.replace(message.item, task=first + i)
                yield msgspec.structs.replace(message, targets=[target], item=item)


def measure(message: msgspec.Struct) -> tuple[int, int]:
    """How many tasks a message carries, and how many bytes of arguments."""
    if isinstance(message, Submit):
        return len(message.items), sum([len(item.payload) for item in message.items])
    if isinstance(message, Direct):
        count = len(message.targets)
        return count, count * len(message.item.payload)
    return 0, 0
