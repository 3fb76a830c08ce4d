"""Who is connected to the door.

Clients and agents, with their grants, windows, and what waits to be sent to each.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from ipcluster.wire.grants import Grant
from ipcluster.wire.messages import NewFunction, Numbered, Outcome, Output, Results
from ipcluster.wire.numbered import NumberedFrames

# A receiver keeps four times the functions a sender believes it to have, so the two
# never disagree.
KEPT_FUNCTIONS = 1024
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
    fd: int = -1
    connected: bool = True
    gone_since: float = 0.0
    joined: float = 0.0
    same_host: bool = False
    outbox: list[msgspec.Struct] = field(default_factory=list)
    functions: OrderedDict[bytes, NewFunction] = field(default_factory=OrderedDict)
    sent: deque[tuple[Results, int]] = field(default_factory=deque)
    sent_bytes: int = 0
    waiting: deque[tuple[int, list[Outcome]]] = field(default_factory=deque)
    waiting_tasks: int = 0
    waiting_bytes: int = 0
    held: bool = False
    """Whether nothing more is run for it until it takes its results."""
    uncounted_bytes: int = 0
    silenced: bool = False
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
    def is_owed(self) -> bool:
        """Whether it has not heard for long which of its frames came in."""
        return self.numbered is not None and self.numbered.is_owed

    @property
    def is_reachable(self) -> bool:
        """Whether what is sent now arrives, if perhaps later."""
        return self.connected or self.numbered is not None

    def add_function(self, message: NewFunction) -> None:
        self.functions[message.digest] = message
        self.functions.move_to_end(message.digest)
        if len(self.functions) > KEPT_FUNCTIONS:
            self.functions.popitem(last=False)

    def function(self, digest: bytes) -> NewFunction | None:
        found = self.functions.get(digest)
        if found is not None:
            self.functions.move_to_end(digest)
        return found

    def deliver(self, engine: int, outcomes: list[Outcome]) -> None:
        """Send results, or keep them back while the client has too many untaken."""
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
            if not self.silenced:
                self.silenced = True
                text = "\n[output left out: this client does not take it fast enough]\n"
                self.outbox.append(Output(output.task, output.stream, text))
            return False
        self.silenced = False
        self.outbox.append(output)
        self.count(len(output.text))
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

    def resume(self) -> None:
        """After a reconnect: everything that was sent and not taken, again."""
        self.connected = True
        if self.numbered is not None:
            return
        self.outbox = [results for results, _ in self.sent]
        self.uncounted_bytes = 0


def _payload_bytes(outcomes: list[Outcome]) -> int:
    return sum([len(outcome.payload) for outcome in outcomes])
