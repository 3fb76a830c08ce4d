"""What a client may send, beyond what its grant says: its own, and not too much.

Grants say which kinds of messages a peer may send (`wire/grants.py`). Here is checked
what a message names: tasks of the sender's own numbers, segments of its own making,
and no more than the windows that a client is told of when it is let in. A client that
keeps to the protocol never meets any of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ipcluster.controller.peers import Peer
from ipcluster.wire.chunks import checked_name
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.grants import Object
from ipcluster.wire.messages import (
    SEQUENCE_BITS,
    Aside,
    Cancel,
    Direct,
    Fetch,
    Item,
    NewFunction,
    Segment,
    Submit,
    ToController,
    Typed,
)

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

# Windows that a client may fill: what it has not heard of the end of may have ended.
PATIENCE = 4
# Bytes of results that wait here, beyond the window that a client has, until it takes
# these; from the first on it is held back, with the second it is put out.
HELD_BYTES = 16 << 20
MOST_WAITING_BYTES = 512 << 20


class Conduct:
    """The checks, from what the server knows."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def object_of(self, peer: Peer, message: ToController) -> Object | None:
        """What a message touches; None: the sender's own, and no engine."""
        match message:
            case Direct(targets=targets):
                return Object(engines=frozenset(targets))
            case Submit(options=options):
                return Object(engines=options.targets)
            case Cancel(tasks=tasks):
                number = peer.number
                if tasks and any(t >> SEQUENCE_BITS != number for t in tasks):
                    return Object(own=False)
            case Typed(task=task):
                if task >> SEQUENCE_BITS != peer.number:
                    return Object(own=False)
            case Aside(engine=engine):
                return Object(engines=frozenset({engine}))
            case Fetch(segment=segment):
                party = (peer.kind, number := peer.number)
                if not self._server.holds.is_held(party, segment.name):
                    return Object(own=False)
            case _:
                pass
        return None

    def check(self, peer: Peer, message: Submit | Direct) -> str | None:
        """Why these tasks cannot be taken, for their owner to read; None: they can.

        Raises:
            ProtocolError: they are not the sender's, which no honest client does.
        """
        if isinstance(message, Submit):
            items, first = message.items, [item.task for item in message.items]
        else:
            task = message.item.task
            items, first = [message.item], [task, task + len(message.targets) - 1]
        if any(task >> SEQUENCE_BITS != peer.number for task in first):
            raise ProtocolError("task ids of another client")
        return self._beyond_window(peer) or self._missing(peer, items)

    def _beyond_window(self, peer: Peer) -> str | None:
        config, table = self._server.config, self._server.table
        tasks, size = table.unfinished(peer.number)
        if tasks <= PATIENCE * config.window_tasks and (
            size <= PATIENCE * config.window_bytes
        ):
            return None
        return (
            f"{tasks:,} tasks of this client with {size:,} bytes of arguments have not "
            f"ended: it does not keep to its window of {config.window_tasks:,} tasks"
        )

    def _missing(self, peer: Peer, items: Iterable[Item]) -> str | None:
        for item in items:
            if item.segments:
                reason = self.missing_segment(peer, item.segments)
                if reason is not None:
                    return f"an argument did not reach the controller: {reason}"
        return None

    def missing_segment(self, peer: Peer, segments: Iterable[Segment]) -> str | None:
        """Why one of these is not here; None: all are.

        Raises:
            ProtocolError: one is not of the peer's making.
        """
        uploaded, written = f"{peer.session}-", f"c{peer.number}-{peer.session}-"
        transfers = self._server.transfers
        for segment in segments:
            name = checked_name(segment.name)
            if name.startswith(uploaded):
                if not transfers.has(name):
                    return transfers.reason(name)
            elif not name.startswith(written):
                raise ProtocolError("a segment of another's making")
        return None

    def check_function(self, peer: Peer, message: NewFunction) -> None:
        """As `check`, for a function.

        Raises:
            ProtocolError: its segments are not the sender's, or not here.
        """
        reason = self.missing_segment(peer, message.segments)
        if reason is not None:
            raise ProtocolError(f"a function did not reach the controller: {reason}")

    def look_at_results(self, peer: Peer) -> None:
        """Hold a client back that does not take its results, or put it out at last.

        Held, no more of its balanced tasks are run. What it has named engines for is,
        since others may wait behind these tasks.
        """
        held = peer.waiting_bytes > HELD_BYTES
        if held != peer.held:
            peer.held = held
            self._server.table.on_client_held(peer.number, held)
        most = PATIENCE * self._server.config.window_tasks
        if peer.waiting_tasks > most or peer.waiting_bytes > MOST_WAITING_BYTES:
            self._server.reception.put_out(peer)
