"""Frames between a peer and its controller that survive a broken connection.

A peer that begins with a `Numbered` behind its `Hello` has such a connection. Each side
numbers its frames and keeps them until the other has said that they came in, which is
said in every frame that goes the other way. When a new connection replaces one that
broke, each says how many it has, the other sends the rest again, and what comes twice
is passed over. So nothing between the two is lost, doubled or out of order, whatever
it is: a task, an outcome, an engine's end, a chunk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ipcluster.wire.codec import pack
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Numbered

# Frames that may come in before it is said.
SILENT_FRAMES = 16


Buffer = bytes | memoryview


class _Sent(NamedTuple):
    number: int
    frames: list[Buffer]
    size_bytes: int


class NumberedFrames:
    """Both directions of one connection, over all its reconnects."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._number = 0
        self._told = 0
        self.taken = 0
        """How many of the other's frames have come in."""
        self.size_bytes = 0
        """What was sent and is not known to have come in."""

    def pack(
        self, messages: Sequence[msgspec.Struct], data: Buffer | None = None
    ) -> list[Buffer]:
        """The next frame, to be sent; it is kept. `data`: a chunk's bytes."""
        self._number += 1
        frames: list[Buffer] = [pack([Numbered(self._number, self.taken), *messages])]
        if data is not None:
            frames.append(data)
        size = sum(map(len, frames))
        self._told = self.taken
        self._sent.append(_Sent(self._number, frames, size))
        self.size_bytes += size
        return frames

    def take(self, message: Numbered) -> bool:
        """Whether the frame that begins with this is new, and so to be handled.

        Raises:
            ProtocolError: a frame before it is missing.
        """
        self.on_taken(message.taken)
        if not message.number:
            return True  # not numbered: it only said what came in
        if message.number <= self.taken:
            return False
        if message.number != self.taken + 1:
            raise ProtocolError(
                f"frame {message.number} came after frame {self.taken}: one was lost"
            )
        self.taken = message.number
        return True

    def on_taken(self, taken: int) -> None:
        """So many of ours have come in."""
        while self._sent and self._sent[0].number <= taken:
            self.size_bytes -= self._sent.popleft().size_bytes

    def again(self, taken: int) -> list[list[Buffer]]:
        """After a reconnect: the frames to send again, of which `taken` came in."""
        self.on_taken(taken)
        return [sent.frames for sent in self._sent]

    @property
    def is_owed(self) -> bool:
        """Whether to say how many came in, even if there is nothing else to say."""
        return self.taken - self._told >= SILENT_FRAMES

    def said(self) -> Numbered:
        """How many came in, in a message by itself."""
        self._told = self.taken
        return Numbered(0, self.taken)
