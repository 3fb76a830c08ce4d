"""What waits for a peer goes out: many messages to a frame, then chunks by credit.

Numbered frames are kept until they have come in, so they outlive a broken connection.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from ipcluster.controller.doors import Doors
from ipcluster.controller.peers import Peer
from ipcluster.controller.transfers import Transfers
from ipcluster.wire.codec import pack
from ipcluster.wire.lines import Line
from ipcluster.wire.messages import Answer, Output, Results, Seen, Shown, ToEngine

log = logging.getLogger(__name__)

# Bytes of small messages after which a frame to one peer is closed.
BATCH_BYTES = 1 << 20


class Sending:
    """From outboxes to sockets."""

    def __init__(self, doors: Doors, transfers: Transfers) -> None:
        self._doors = doors
        self._transfers = transfers
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._send = self._put
        if log.isEnabledFor(logging.DEBUG):
            self._send = self._put_logged

    def flush(self, peer: Peer) -> None:
        """Send what waits for a peer, in frames of about `BATCH_BYTES`."""
        if not peer.is_reachable:
            peer.outbox.clear()
            return
        messages, peer.outbox = peer.outbox, []
        batch: list[msgspec.Struct] = []
        size = 0
        for message in messages:
            batch.append(message)
            size += _size(message)
            if size > BATCH_BYTES:
                self._send(peer, batch)
                batch, size = [], 0
        if batch:
            self._send(peer, batch)
        for chunk, data in self._transfers.take(peer):
            self._send(peer, [chunk], data)
        numbered = peer.numbered
        if numbered is not None and numbered.is_owed and peer.connected:
            self._doors.send(peer.door, peer.route, [pack([numbered.said()])])

    def _put_logged(
        self, peer: Peer, messages: list[msgspec.Struct], data: bytes | None = None
    ) -> None:
        for message in messages:
            log.debug("to %s %d: %s", peer.kind, peer.number, Line(message))
        self._put(peer, messages, data)

    def _put(
        self, peer: Peer, messages: list[msgspec.Struct], data: bytes | None = None
    ) -> None:
        frames: Sequence[bytes | memoryview]
        if peer.numbered is None:
            frames = [pack(messages)] if data is None else [pack(messages), data]
        else:
            frames = peer.numbered.pack(messages, data)
        if peer.connected:
            self._doors.send(peer.door, peer.route, frames)

    def send_again(self, peer: Peer, taken: int) -> None:
        """A peer is back and has had so many of our frames: the others again."""
        if peer.numbered is not None:
            for frames in peer.numbered.again(taken):
                self._doors.send(peer.door, peer.route, frames)


def _size(message: msgspec.Struct) -> int:
    match message:
        case Results(outcomes=outcomes):
            return sum([len(outcome.payload) for outcome in outcomes])
        case Output(text=text):
            return len(text)
        case Shown(event=event) | Seen(event=event):
            return len(event)
        case Answer(body=body):
            return len(body)
        case ToEngine(frame=frame):
            return len(frame)
        case _:
            return 0
