"""Who is connected to the door.

Clients and agents, with their grants, windows, and what waits to be sent to each.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

import msgspec

from ipcluster.wire.grants import Grant
from ipcluster.wire.messages import NewFunction, Outcome, Results

# A receiver keeps four times the functions a sender believes it to have, so the two
# never disagree.
KEPT_FUNCTIONS = 1024
# Payload bytes of results a client may have before it says that it took them.
RESULTS_WINDOW_BYTES = 32 << 20


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
    next_number: int = 1

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
        else:
            self._send(engine, outcomes)

    def _send(self, engine: int, outcomes: list[Outcome]) -> None:
        size = sum([len(outcome.payload) for outcome in outcomes])
        results = Results(self.next_number, engine, outcomes)
        self.next_number += 1
        self.sent.append((results, size))
        self.sent_bytes += size
        if self.connected:
            self.outbox.append(results)

    def on_ack(self, number: int) -> None:
        while self.sent and self.sent[0][0].number <= number:
            self.sent_bytes -= self.sent.popleft()[1]
        while self.waiting and self.sent_bytes <= RESULTS_WINDOW_BYTES:
            self._send(*self.waiting.popleft())

    def resume(self) -> None:
        """After a reconnect: everything that was sent and not taken, again."""
        self.connected = True
        self.outbox = [results for results, _ in self.sent]
