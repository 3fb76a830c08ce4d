"""Who is connected to the door.

Clients and agents, with their grants, windows, and what waits to be sent to each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ipcluster.wire.grants import Grant
from ipcluster.wire.messages import (
    NewFunction,
    Numbered,
    Outcome,
    Output,
    Results,
    Seen,
    Shown,
)
from ipcluster.wire.numbered import NumberedFrames
from ipcluster.wire.recent import KEPT, KEPT_LARGE, Recent

# The holder of the grant that a cluster's own ticket has.
OWNER = "owner"
# Bytes of results and output a client may have before it says that it took them.
RESULTS_WINDOW_BYTES = 32 << 20
# What a result costs in memory beside its payload, about.
RESULT_BYTES = 256
# Bytes of output and answers after which an empty `Results` asks whether they arrived.
UNCOUNTED_BYTES = 1 << 20


@dataclass(slots=True)
class Peer:
    """One session. The route changes with each connection.

    Number, session and windows stay.
    """

    number: int
    session: str
    name: str
    kind: str
    grant: Grant
    door: int
    route: bytes
    connection: int = -1
    connected: bool = True
    gone_since: float = 0.0
    joined: float = 0.0
    same_host: bool = False
    outbox: list[msgspec.Struct] = field(default_factory=list)
    functions: Recent[NewFunction] = field(
        default_factory=lambda: Recent(KEPT, KEPT_LARGE)
    )
    sent: deque[tuple[Results, int]] = field(default_factory=deque)
    sent_bytes: int = 0
    waiting: deque[tuple[int, list[Outcome]]] = field(default_factory=deque)
    waiting_tasks: int = 0
    waiting_bytes: int = 0
    held: bool = False
    """Whether nothing more is run for it until it takes its results."""
    uncounted_bytes: int = 0
    silenced: bool = False
    wishes: dict[int, Shown] = field(default_factory=dict)
    """By task: the line that its cell waits for."""
    left_out: int = 0
    """What it has not been shown of others' cells since it was last shown any."""
    next_number: int = 1
    numbered: NumberedFrames | None = None
    """Its frames, if they are to outlive its connections."""

    def is_new(self, messages: Sequence[object]) -> bool:
        """Whether a frame has not come before, on an earlier connection."""
        if self.numbered is None or not messages:
            return True
        first = messages[0]
        return not isinstance(first, Numbered) or self.numbered.take(first)

    @property
    def title(self) -> str:
        """Who it is, for others: as it calls itself, and whose grant it has."""
        holder = self.grant.holder
        if holder in ("", OWNER) or self.name.startswith(holder):
            return self.name
        return f"{holder} ({self.name})"

    @property
    def is_owed(self) -> bool:
        """Whether it has not heard for long which of its frames came in."""
        return self.numbered is not None and self.numbered.is_owed

    @property
    def is_reachable(self) -> bool:
        """Whether what is sent now arrives, if perhaps later."""
        return self.connected or self.numbered is not None

    def add_function(self, message: NewFunction) -> None:
        self.functions.add(message.digest, message, is_large=bool(message.segments))

    def function(self, digest: bytes) -> NewFunction | None:
        return self.functions.use(digest)

    def deliver(self, engine: int, outcomes: list[Outcome]) -> None:
        """Send results, or keep them back while the client has too many untaken."""
        if self.wishes:
            for outcome in outcomes:
                self.wishes.pop(outcome.task, None)
        if self.waiting or self.sent_bytes > RESULTS_WINDOW_BYTES:
            self.waiting.append((engine, outcomes))
            self.waiting_tasks += len(outcomes)
            self.waiting_bytes += _payload_bytes(outcomes)
        else:
            self._send(engine, outcomes)

    def show(self, output: Output) -> bool:
        """Send output while it runs, unless the client has too much untaken.

        False: it is passed over; the last of it is in the task's record.
        """
        if not self.is_reachable:
            return False
        if self.sent_bytes > RESULTS_WINDOW_BYTES:
            return self._silence(output.task, output.stream)
        self.silenced = False
        self.outbox.append(output)
        self.count(len(output.text))
        return True

    def show_event(self, shown: Shown) -> bool:
        """As `show`, for an event of a cell. One that waits for a line always comes."""
        if shown.wish:
            self.wishes[shown.task] = shown
        if not self.is_reachable:
            return False
        if self.sent_bytes > RESULTS_WINDOW_BYTES and not shown.wish:
            return self._silence(shown.task, 1)
        self.outbox.append(shown)
        self.count(len(shown.event))
        return True

    def _silence(self, task: int, stream: int) -> bool:
        """Say once that something is passed over; whether it is said now."""
        if self.silenced:
            return False
        self.silenced = True
        text = "\n[output left out: this client does not take it fast enough]\n"
        self.outbox.append(Output(task, stream, text))
        return True

    def show_others(self, seen: Seen) -> bool:
        """As `show`, for what others' cells show: it is left out where that is late.

        The next that is sent says how much was.
        """
        if not self.connected or self.sent_bytes > RESULTS_WINDOW_BYTES:
            self.left_out += 1
            return False
        if self.left_out:
            seen = msgspec.structs.replace(seen, left_out=self.left_out)
            self.left_out = 0
        self.outbox.append(seen)
        self.count(len(seen.event))
        return True

    def count(self, size_bytes: int) -> None:
        """So much was sent that is not acknowledged by itself."""
        self.uncounted_bytes += size_bytes
        if self.uncounted_bytes >= UNCOUNTED_BYTES:
            self._send(-1, [])

    def _send(self, engine: int, outcomes: list[Outcome]) -> None:
        size = _payload_bytes(outcomes) + RESULT_BYTES * len(outcomes)
        size += self.uncounted_bytes
        self.uncounted_bytes = 0
        results = Results(self.next_number, engine, outcomes)
        self.next_number += 1
        self.sent.append((results, size))
        self.sent_bytes += size
        if self.is_reachable:
            self.outbox.append(results)

    def on_ack(self, number: int) -> None:
        """The client has taken everything up to this number."""
        while self.sent and self.sent[0][0].number <= number:
            self.sent_bytes -= self.sent.popleft()[1]
        while self.waiting and self.sent_bytes <= RESULTS_WINDOW_BYTES:
            engine, outcomes = self.waiting.popleft()
            self.waiting_tasks -= len(outcomes)
            self.waiting_bytes -= _payload_bytes(outcomes)
            self._send(engine, outcomes)
        if self.left_out and self.sent_bytes <= RESULTS_WINDOW_BYTES:
            self.outbox.append(Seen(-1, 0, "", b"", self.left_out))
            self.left_out = 0

    def resume(self) -> None:
        """After a reconnect: everything that was sent and not taken, again."""
        self.connected = True
        if self.numbered is not None:
            return
        self.outbox = [results for results, _ in self.sent]
        self.outbox += self.wishes.values()
        self.uncounted_bytes = 0


def _payload_bytes(outcomes: list[Outcome]) -> int:
    return sum([len(outcome.payload) for outcome in outcomes])
