"""All unfinished tasks and all clients; how a task comes in, and how it ends.

Every task that is admitted is in `tasks` until `finish`, which is the only way out:
it writes the record, tells the owner, lets go of the arguments, and notes the end for
the tasks that wait for it. So there is one final outcome, and one reply.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable

from ipcluster.controller.actions import Reply
from ipcluster.controller.dependencies import RING, RING_MASK, End, Need, Waiters
from ipcluster.controller.queues import (
    NOWHERE,
    State,
    Submission,
    Task,
    outcome_segments,
)
from ipcluster.controller.records import Record, RecordStore
from ipcluster.controller.shares import Client
from ipcluster.wire.messages import SEQUENCE_BITS, Dependency, Item, Outcome

# Clients that have left, whose former tasks can still be named in dependencies; up to
# 4 MiB each.
DEPARTED = 16


class Ledger:
    """Who submitted what, and what became of it."""

    def __init__(self, store: RecordStore) -> None:
        self.tasks: dict[int, Task] = {}
        self.clients: dict[int, Client] = {}
        self.store = store
        self.waiters = Waiters()
        # Since the last turn: what ended and is waited for, and what is to be told.
        self.ended: deque[tuple[int, End]] = deque()
        self.replies: list[Reply] = []
        self.dropped: list[str] = []
        self._departed: OrderedDict[int, None] = OrderedDict()

    def join(self, number: int) -> Client:
        client = self.clients.get(number)
        if client is None:
            client = self.clients[number] = Client(number)
        client.present = True
        self._departed.pop(number, None)
        return client

    def leave(self, number: int) -> None:
        client = self.clients.get(number)
        if client is not None:
            client.present = False
            self._depart(client)

    def _depart(self, client: Client) -> None:
        if client.present or client.unfinished:
            return
        self._departed[client.id] = None
        self._departed.move_to_end(client.id)
        while len(self._departed) > DEPARTED:
            number, _ = self._departed.popitem(last=False)
            del self.clients[number]

    def admit(self, submission: Submission, items: Iterable[Item]) -> list[Task]:
        """The tasks of these items; none for an item that was seen before."""
        client, tasks = submission.client, self.tasks
        base = client.id << SEQUENCE_BITS
        past = client.past
        top = base + past.highest
        end = base + (1 << SEQUENCE_BITS)
        fresh = []
        for item in items:
            number = item.task
            if top < number < end:
                top = number
            elif not self._is_unseen(client, number):
                if not submission.direct:
                    self.dropped += [segment.name for segment in item.segments]
                continue
            task = Task(item, submission, State.READY)
            tasks[number] = task
            fresh.append(task)
        if top - base > past.highest:
            past.advance(top - base)
        client.unfinished += len(fresh)
        client.size_bytes += sum([len(task.item.payload) for task in fresh])
        return fresh

    def _is_unseen(self, client: Client, number: int) -> bool:
        """Whether a task that comes out of order is new."""
        sequence = number - (client.id << SEQUENCE_BITS)
        return (
            number not in self.tasks
            and sequence >= 0
            and client.past.is_kept(sequence)
            and client.past.end(sequence) is None
        )

    def finish(self, task: Task, outcome: Outcome, engine: int, now: float) -> None:
        """The task has ended."""
        item, submission = task.item, task.submission
        number = item.task
        client = submission.client
        del self.tasks[number]
        task.state = State.DONE
        task.engine = NOWHERE
        client.unfinished -= 1
        client.size_bytes -= len(item.payload)
        ok = not outcome.status
        client.past.codes[number & RING_MASK] = (engine + 2) << 1 | ok
        if submission.pending is not None:
            self._unpend(submission, number)
        if item.segments:
            self._let_go(submission, item)
        if self.waiters.needs:
            self.ended.append((number, End(engine, ok)))
        dropped = self.store.add(
            Record(
                outcome,
                engine,
                submission.function.digest,
                submission.options,
                submission.submitted,
                task.assigned,
                now,
                task.text,
                None if item.segments or not submission.is_lasting else item,
                submission.function,
            )
        )
        if dropped:
            self.dropped += dropped
        if client.present:
            self._reply(client.id, engine, outcome)
        elif not client.unfinished:
            self._depart(client)

    def _reply(self, client: int, engine: int, outcome: Outcome) -> None:
        if self.replies:
            last = self.replies[-1]
            if last.client == client and last.engine == engine:
                last.outcomes.append(outcome)
                return
        self.replies.append(Reply(client, engine, [outcome]))

    def _unpend(self, submission: Submission, number: int) -> None:
        pending = submission.pending
        if pending is None or pending.pop(number, None) is None or pending:
            return
        for need in submission.needs:
            self.waiters.forget(need)
        submission.needs = []

    def _let_go(self, submission: Submission, item: Item) -> None:
        """The arguments are not needed again; targets of one `Direct` share theirs."""
        if submission.direct:
            submission.items -= 1
            if submission.items:
                return
        self.dropped += [segment.name for segment in item.segments]

    def discard(self, outcome: Outcome) -> None:
        """An outcome that is not a task's last, or comes too late."""
        if outcome.segments:
            self.dropped += outcome_segments(outcome)

    def unknown(self, dependency: Dependency) -> str | None:
        """Why these tasks cannot be waited for; None if they can."""
        for number in dependency.tasks:
            if number in self.tasks:
                continue
            client = self.clients.get(number >> SEQUENCE_BITS)
            sequence = number & ((1 << SEQUENCE_BITS) - 1)
            if client is None or sequence > client.past.highest or number < 0:
                return f"task {number} was never submitted"
            if not client.past.is_kept(sequence):
                return f"task {number} is older than the last {RING:,} of its client"
            if client.past.end(sequence) is None:
                return f"task {number} was never submitted"
        return None

    def ends(self, need: Need) -> list[End]:
        """How those of its tasks ended that have; the need waits for the others."""
        found = []
        for number in need.dependency.tasks:
            if number in self.tasks:
                self.waiters.add(need, number)
                continue
            client = self.clients[number >> SEQUENCE_BITS]
            end = client.past.end(number & ((1 << SEQUENCE_BITS) - 1))
            if end is not None:
                found.append(end)
        return found
