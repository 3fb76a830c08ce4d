"""A task, what it shares with others of its message, and the queues it lies in.

A task lies in exactly one place: among the `pending` of its submission (WAITING), in a
lane of its client or the direct queue of its engine (READY), or in the `fifo` of an
engine (ASSIGNED). Most tasks are small and many, so they carry little: what a whole
`Submit` shares is in its `Submission`, and what went wrong so far in a `Trouble` that
most never need.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from ipcluster.controller.windows import (
    DIRECT_TASKS,
    QUEUED_BYTES,
    UNKNOWN,
    WINDOW,
    Function,
)
from ipcluster.wire.messages import Item, Options, Outcome, Output

if TYPE_CHECKING:
    from ipcluster.controller.dependencies import Need
    from ipcluster.controller.shares import Client

NOWHERE = -1
# Characters of each output stream kept with a task: its last ones, where errors are.
KEPT_OUTPUT = 1 << 16


class State(Enum):
    """Drawn in `tasks.py`."""

    WAITING = 1
    READY = 2
    ASSIGNED = 3
    DONE = 4


class Wish(IntEnum):
    """What the owner wants of an assigned task.

    Beyond INTERRUPT, it was said again: a task may have ignored the first.
    """

    RESULT = 0
    CANCEL = 1  # taken back unless it has started
    INTERRUPT = 2  # also if it has


class Trouble(Struct, gc=False):
    """What went wrong with a task so far."""

    tries: int = 0
    deaths: int = 0
    failed: frozenset[int] = frozenset()
    rejected: frozenset[int] = frozenset()
    refusal: str = ""  # what the last engine that rejected it said


class Text:
    """The last characters a task wrote, by stream."""

    __slots__ = ("parts", "sizes")

    def __init__(self) -> None:
        self.parts: dict[int, deque[str]] = {}
        self.sizes: dict[int, int] = {}

    def add(self, output: Output) -> None:
        text = output.text[-KEPT_OUTPUT:]
        parts = self.parts.setdefault(output.stream, deque())
        parts.append(text)
        size = self.sizes.get(output.stream, 0) + len(text)
        while size - len(parts[0]) >= KEPT_OUTPUT:
            size -= len(parts.popleft())
        self.sizes[output.stream] = size

    def stream(self, number: int) -> str:
        return "".join(self.parts.get(number, ()))[-KEPT_OUTPUT:]


class Task(Struct, eq=False, gc=False):
    """One call to run somewhere.

    Without the cycle collector: a million of these would be walked by it again and
    again, and a finished task lets go of everything that leads back to it.
    """

    item: Item
    submission: Submission
    state: State
    queue: Queue | None = None
    engine: int = NOWHERE
    target: int = NOWHERE  # of a direct task
    slots: int = 0
    assigned: float = 0.0
    wish: int = 0
    trouble: Trouble | None = None
    text: Text | None = None

    @property
    def id(self) -> int:
        return self.item.task


class Submission:
    """What the tasks of one `Submit` or `Direct` share."""

    __slots__ = (
        "allowed",
        "client",
        "code",
        "direct",
        "function",
        "is_lasting",
        "items",
        "needs",
        "options",
        "pending",
        "submitted",
    )

    def __init__(
        self, client: Client, function: Function, options: Options, now: float
    ) -> None:
        self.client = client
        self.function = function
        self.options = options
        self.submitted = now
        self.direct = False
        # What the function's digest names, for as long as a task may call it; what it
        # is, the table need not know.
        self.code: object = None
        self.is_lasting = True  # whether it may be kept for longer
        # Engines it may run on: its targets, narrowed by `follow`. None: any.
        self.allowed = options.targets
        # Tasks not yet assigned, kept where a deadline or a dependency may end them.
        self.pending: dict[int, Task] | None = None
        self.needs: list[Need] = []
        # Tasks that share the segments of one `Direct`.
        self.items = 0


class Queue:
    """Ready tasks in order. A task that ends in here is skipped when its turn comes."""

    __slots__ = ("stale", "tasks")

    def __init__(self) -> None:
        self.tasks: deque[Task] = deque()
        self.stale = 0

    def __len__(self) -> int:
        return len(self.tasks) - self.stale

    def push(self, task: Task, *, front: bool) -> None:
        task.queue = self
        if front:
            self.tasks.appendleft(task)
        else:
            self.tasks.append(task)

    def discard(self) -> None:
        """One of the tasks in here has ended."""
        self.stale += 1
        if self.stale > 64 and self.stale > len(self.tasks) // 2:
            self.tasks = deque(self.live())
            self.stale = 0

    def live(self) -> list[Task]:
        return [task for task in self.tasks if task.state is State.READY]

    def head(self) -> Task:
        """The first ready task; there must be one."""
        while (task := self.tasks[0]).state is not State.READY:
            self.tasks.popleft()
            self.stale -= 1
        return task


class Lane(Queue):
    """Ready tasks of one client, of one priority, that may run on the same engines."""

    __slots__ = (
        "allowed",
        "client",
        "excluded",
        "parked",
        "priority",
        "queued",
        "registered",
        "round",
        "share",
    )

    def __init__(
        self,
        client: Client,
        priority: int,
        allowed: frozenset[int] | None,
        excluded: frozenset[int] | None,
    ) -> None:
        super().__init__()
        self.client = client
        self.priority = priority
        self.allowed = allowed
        self.excluded = excluded
        self.queued = False  # in its client's heap
        self.parked = False  # until an engine that it may use has room
        self.registered = False  # with those engines
        self.share = 0  # tasks for one engine, in this round of the dispatch
        self.round = 0

    @property
    def key(self) -> tuple[int, frozenset[int] | None, frozenset[int] | None]:
        return self.priority, self.allowed, self.excluded


class Engine:
    """An engine, and what it holds in the order it runs it."""

    __slots__ = (
        "bytes",
        "completed",
        "direct",
        "fifo",
        "host",
        "id",
        "lanes",
        "pace",
        "recalls",
        "slots",
        "stuck",
        "suspect",
        "uuid",
    )

    def __init__(self, number: int, host: str | None, uuid: str | None) -> None:
        self.id = number
        self.host = host
        self.uuid = uuid
        self.fifo: deque[Task] = deque()
        self.direct = Queue()
        self.slots = 0
        self.bytes = 0
        self.completed = 0
        self.pace = WINDOW  # slots of a task of the function it ran last
        self.recalls = 0  # not yet answered
        self.suspect = False
        # Work was taken from it because its first task takes long: none until it ends.
        self.stuck = False
        self.lanes: dict[Lane, None] = {}

    def has_room(self) -> bool:
        return (
            self.slots < WINDOW
            and self.bytes < QUEUED_BYTES
            and not self.suspect
            and not self.stuck
        )

    def has_direct_room(self) -> bool:
        return (
            (self.slots < WINDOW or len(self.fifo) < DIRECT_TASKS)
            and self.bytes < QUEUED_BYTES
            and not self.suspect
        )

    def slots_of(self, function: Function) -> int:
        return function.slots or min(UNKNOWN, 16 * self.pace)

    def release(self, task: Task) -> None:
        """The task is no longer held here."""
        if self.fifo[0] is task:
            self.fifo.popleft()
        else:
            self.fifo.remove(task)
        self.slots -= task.slots
        self.bytes -= len(task.item.payload)
        task.submission.client.assigned -= 1


def outcome_segments(outcome: Outcome) -> list[str]:
    return [segment.name for segment in outcome.segments]
