"""What came from the controller, handled in order, by whoever serves the socket.

A callback of the user's may wait for another result: then it comes here again, from
within, and goes on where the outer call is. So everything waits in two queues, and no
loop holds on to a part of it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ipcluster.client.calls import Call
from ipcluster.wire import messages as m
from ipcluster.wire.codec import unpack_body, unpack_to_client
from ipcluster.wire.errors import decode_info, to_error
from ipcluster.wire.lines import Line

if TYPE_CHECKING:
    from ipcluster.client.connection import Connection

log = logging.getLogger(__name__)

# `Results` messages, bytes of them, and seconds, after which they are acknowledged.
ACK_MESSAGES = 8
ACK_BYTES = 1 << 20
ACK_AFTER = 0.05


class Inbox:
    """Messages of one connection, and which of them are to be acknowledged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._messages: deque[Struct] = deque()
        self._ended: deque[Call] = deque()
        self._number = 0
        self._unacked = 0
        self._unacked_bytes = 0
        self._unacked_since = 0.0
        lifeline = connection.lifeline
        self._handlers: dict[type, Callable[[Any], None]] = {
            m.Results: self._on_results,
            m.Output: self._on_output,
            m.Shown: self._on_shown,
            m.Seen: self._on_seen,
            m.Answer: self._on_answer,
            m.Engines: self._on_engines,
            m.FreeSegments: self._on_free,
            m.ChunkCredit: self._on_credit,
            m.ChunkRefused: self._on_chunk_refused,
            m.Welcome: lifeline.on_welcome,
            m.Refused: lifeline.on_refused,
            m.Stop: lifeline.on_stop,
        }
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._unpack = unpack_to_client
        if log.isEnabledFor(logging.DEBUG):
            self._unpack = _unpack_logged

    def deliver(self, frame: bytes, attached: Callable[[], bytes]) -> bool:
        """Take in one frame; whether something should be sent now."""
        connection = self._connection
        messages = self._unpack(frame)
        is_new = True
        if messages and isinstance(first := messages[0], m.Numbered):
            is_new = connection.numbered.take(first)
            del messages[0]
        for message in messages:
            if isinstance(message, m.Chunk):
                data = attached()
                if is_new:
                    connection.stores.on_chunk(message, data)
            elif is_new:
                self._messages.append(message)
        self.finish()
        if not self._unacked:
            return connection.numbered.is_owed
        self._unacked_bytes += len(frame)
        if self._unacked >= ACK_MESSAGES or self._unacked_bytes >= ACK_BYTES:
            return True
        outbox = connection.outbox
        return bool(outbox.tasks and outbox.is_open)

    def finish(self) -> bool:
        """Handle what has come; whether there was anything."""
        ended, messages = self._ended, self._messages
        if not ended and not messages:
            return False
        while ended or messages:
            if ended:
                ended.popleft().end()
                continue
            message = messages.popleft()
            handler = self._handlers.get(type(message))
            if handler is None:
                log.warning("a %s is not for a client", type(message).__name__)
            else:
                handler(message)
        return True

    def acknowledge(self) -> m.Ack | None:
        """What to say about the results that have come, if that was not said yet."""
        if not self._unacked:
            return None
        self._unacked = self._unacked_bytes = 0
        return m.Ack(self._number)

    def acknowledge_in(self, now: float) -> float | None:
        """Seconds until that should be said at the latest; None: nothing to say."""
        return self._unacked_since + ACK_AFTER - now if self._unacked else None

    # --- messages --------------------------------------------------------------------

    def _on_results(self, message: m.Results) -> None:
        connection = self._connection
        if message.number <= self._number:
            # Sent again after a reconnect: only our acknowledgement was lost.
            self._unacked += 1
            return
        ended, strange = connection.calls.on_results(
            message.engine, message.outcomes, time.time()
        )
        size = 0
        for call in ended:
            size += call.size_bytes
            if call.outcome is not None and call.outcome.segments:
                call.holds = connection.hold(call.outcome.segments)
        with connection.lock:
            connection.outbox.ended(len(ended), size)
            self._number = message.number
            if not self._unacked:
                self._unacked_since = time.monotonic()
            self._unacked += 1
        self._ended.extend(ended)
        for outcome in strange:
            for segment in outcome.segments:
                connection.release(segment.name)

    def _on_output(self, message: m.Output) -> None:
        self._connection.calls.on_output(message.task, message.stream, message.text)

    def _on_shown(self, message: m.Shown) -> None:
        event = unpack_body(message.event)
        if isinstance(event, list) and event:
            self._connection.calls.on_shown(message.task, event, message.wish)

    def _on_seen(self, message: m.Seen) -> None:
        event = unpack_body(message.event) if message.event else None
        self._connection.watchers.tell(message, event)

    def _on_answer(self, message: m.Answer) -> None:
        question = self._connection.questions.pop(message.request, None)
        if question is None:
            return
        if message.error:
            question.fail(to_error(decode_info(message.body)))
        else:
            question.answer(unpack_body(message.body))

    def _on_engines(self, message: m.Engines) -> None:
        self._connection.roster.on_engines(message.joined, message.left)

    def _on_free(self, message: m.FreeSegments) -> None:
        self._connection.stores.free(message.names)

    def _on_credit(self, message: m.ChunkCredit) -> None:
        self._connection.stores.on_credit(message)

    def _on_chunk_refused(self, message: m.ChunkRefused) -> None:
        self._connection.stores.on_chunk_refused(message)


def _unpack_logged(frame: bytes | memoryview) -> list[m.ToClient]:
    messages = unpack_to_client(frame)
    for message in messages:
        log.debug("from the controller: %s", Line(message))
    return messages
