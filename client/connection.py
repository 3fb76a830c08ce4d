"""One client's connection to one controller: what was sent, what came, who waits.

The tables are in `calls` (tasks that have not ended) and `outbox` (what waits to be
sent); `pump` moves the frames. This class puts them together, and its lock guards the
tables for a few microseconds at a time. Nothing here unpickles: a result's bytes stay
as they came until somebody asks for the value.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from ipcluster.client import bulk
from ipcluster.client.calls import Call, CallTable
from ipcluster.client.door import hello, knock, new_session
from ipcluster.client.engines import Roster
from ipcluster.client.outbox import Outbox
from ipcluster.client.pump import Piece, Pump, Ready
from ipcluster.client.questions import Question
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack_body, unpack_body, unpack_to_client
from ipcluster.wire.errors import (
    ClusterError,
    ConnectionLost,
    ForkError,
    TimeoutError,  # noqa: A004 - the name users know
    decode_info,
    to_error,
)
from ipcluster.wire.places import is_alive
from ipcluster.wire.serialize import Packed, load
from ipcluster.wire.tickets import Ticket

log = logging.getLogger(__name__)

# With fewer tasks unfinished, engines may be idle: each task is sent at once.
HUNGRY = 64
# So many tasks, or bytes, are sent without waiting for more.
BATCH_TASKS = 64
BATCH_BYTES = 64 << 10
# `Results` messages, bytes of them, and seconds, after which they are acknowledged.
ACK_MESSAGES = 8
ACK_BYTES = 1 << 20
ACK_AFTER = 0.05
# Seconds between looks whether the controller lives, once the connection is broken,
# and for how long a controller on another host may stay away.
LOST_CHECK = 0.05
LOST_AFTER = 30.0


class Connection:
    """Sends tasks and questions, delivers what comes. Safe to use from any thread."""

    def __init__(
        self,
        ticket: Ticket,
        *,
        transport: str | None = None,
        timeout: float | None = 10.0,
    ) -> None:
        self.ticket = ticket
        self.session = new_session()
        self.pid = os.getpid()
        door = knock(ticket, self.session, transport, timeout)
        welcome = door.welcome
        self.address = door.address
        self.client = welcome.client
        self.epoch = welcome.epoch
        self.cluster = welcome.cluster
        self.is_local = door.is_local
        self.failure: ClusterError | None = None
        self.closed = False
        self.roster = Roster(welcome.engines)
        self.calls = CallTable()
        self.outbox = Outbox(welcome.window_tasks, welcome.window_bytes)
        self._base = welcome.client << m.SEQUENCE_BITS
        self._sequence = 0
        self._lock = threading.Lock()
        self._urgent: list[Struct | Piece] = []
        self._questions: dict[int, Question] = {}
        self._asked = 0
        self._number = 0
        self._unacked = 0
        self._unacked_bytes = 0
        self._unacked_since = 0.0
        self._released: deque[str] = deque()
        self._inbox: deque[Struct] = deque()
        self._ending: deque[Call] = deque()
        self._lost_since = 0.0
        self._loading = threading.RLock()
        self._handlers: dict[type, Callable[[Any], None]] = {
            m.Results: self._on_results,
            m.Output: self._on_output,
            m.Answer: self._on_answer,
            m.Engines: self._on_engines,
            m.FreeSegments: self._on_free,
            m.Welcome: self._on_welcome,
            m.Refused: self._on_refused,
            m.Stop: self._on_stop,
            m.ChunkCredit: self._on_credit,
        }
        self.stores = bulk.Stores(self, welcome.segment_folder)
        self._pump = Pump(door, self)
        _open.add(self)

    # --- what users of the connection do ---------------------------------------------

    def check(self) -> None:
        """Raise if nothing can be sent any more.

        Raises:
            ForkError: this is a forked child of the process that connected.
            ClusterError: closed, or the controller has gone.
        """
        if os.getpid() != self.pid:
            raise ForkError(
                f"this Client was made by process {self.pid}, of which this one (pid "
                f"{os.getpid()}) is a fork: make a new Client here"
            )
        if self.failure is not None:
            raise self.failure

    def submit(
        self,
        function: bytes | m.NewFunction,
        mode: int,
        options: m.Options,
        packed: Packed,
        call: Call,
        *,
        now: bool = True,
    ) -> None:
        """Run a task on any engine. With `now` False the caller is about to wait."""
        self.check()
        outbox = self.outbox
        payload, segments, spilled = packed
        call.size_bytes = len(payload)
        with self._lock:
            digest = self._name(function)
            self._sequence = sequence = self._sequence + 1
            call.task = task = self._base | sequence
            outbox.add(digest, mode, options, m.Item(task, payload, segments, spilled))
            self.calls.outstanding[task] = call
            full = outbox.tasks >= BATCH_TASKS or outbox.size_bytes >= BATCH_BYTES
            urgent = now and (full or outbox.sent_tasks < HUNGRY) and outbox.is_open
        if urgent:
            self._pump.send()
        elif now:
            self._pump.send_soon()

    def submit_many(
        self,
        function: bytes | m.NewFunction,
        mode: int,
        options: m.Options,
        packed: Iterable[Packed],
        calls: Sequence[Call],
    ) -> None:
        """Run a task for each of `packed` on any engine; they are sent as they come."""
        self.check()
        outbox = self.outbox
        for call, (payload, segments, spilled) in zip(calls, packed, strict=True):
            call.size_bytes = len(payload)
            with self._lock:
                digest = self._name(function)
                self._sequence = sequence = self._sequence + 1
                call.task = task = self._base | sequence
                item = m.Item(task, payload, segments, spilled)
                outbox.add(digest, mode, options, item)
                self.calls.outstanding[task] = call
                full = outbox.tasks >= BATCH_TASKS or outbox.size_bytes >= BATCH_BYTES
            if full and outbox.is_open:
                self._pump.send()
        self._pump.send()

    def direct(
        self,
        function: bytes | m.NewFunction,
        mode: int,
        options: m.Options,
        packed: Packed,
        calls: Sequence[Call],
        *,
        now: bool = True,
    ) -> None:
        """Run a task on the target of each call."""
        self.check()
        payload, segments, spilled = packed
        targets: list[int] = []
        for call in calls:
            call.size_bytes = len(payload)
            assert call.target is not None
            targets.append(call.target)
        with self._lock:
            digest = self._name(function)
            first = self._base | (self._sequence + 1)
            self._sequence += len(targets)
            item = m.Item(first, payload, segments, spilled)
            self.outbox.add_direct(m.Direct(digest, mode, options, targets, item))
            for task, call in enumerate(calls, first):
                call.task = task
                self.calls.outstanding[task] = call
        if now:
            self._pump.send()

    def cancel(self, calls: Iterable[Call], *, interrupt: bool) -> None:
        """Take tasks back; with `interrupt`, also those that run."""
        self.check()
        tasks = {call.task for call in calls if not call.done}
        if not tasks:
            return
        with self._lock:
            unsent = self.outbox.withdraw(tasks)
            if rest := sorted(tasks - unsent):
                self._urgent.append(m.Cancel(rest, interrupt))
        self._pump.send()
        self._abort(unsent)

    def ask(
        self,
        verb: str,
        body: dict[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The controller's answer to a question.

        Raises:
            ClusterError: its answer is an error, or it has gone.
            TimeoutError: no answer in time.
        """
        self.check()
        question = Question()
        with self._lock:
            self._asked = number = self._asked + 1
            self._questions[number] = question
            self._urgent.append(m.Ask(number, verb, pack_body(body or {})))
        try:
            done = self._pump.wait(question.is_answered, timeout)
        finally:
            self._questions.pop(number, None)
        if not done:
            raise TimeoutError(f"no answer to {verb!r} within {timeout:g} s")
        return question.result()

    def wait(
        self,
        ready: Ready,
        timeout: float | None = None,
        on_press: Callable[[int], bool] | None = None,
    ) -> bool:
        """Serve the connection until `ready` (cheap, asked often); False: too late."""
        if ready():
            return True
        if os.getpid() != self.pid:
            self.check()
        return self._pump.wait(ready, timeout, on_press)

    def post(self, message: Struct | Piece) -> None:
        """Send one message that is neither task nor question, at once."""
        with self._lock:
            self._urgent.append(message)
        self._pump.send()

    @property
    def last_sequence(self) -> int:
        """How many tasks were submitted so far."""
        return self._sequence

    def notify(self) -> None:
        """Something that a thread waits for has changed, not by a message."""
        self._pump.notify()

    def release(self, name: str) -> None:
        """A segment is no longer mapped here. Called by finalizers: takes no lock."""
        self._released.append(name)
        if not self.closed:
            self._pump.wake()

    def load(self, outcome: m.Outcome) -> Any:
        """The value of a result: unpickled, large buffers mapped or fetched."""
        if not outcome.segments:
            return load(outcome.payload, (), outcome.spilled)
        with self._loading:
            buffers = [self.stores.map(segment) for segment in outcome.segments]
            return load(outcome.payload, buffers, outcome.spilled)

    def close(self, linger: float = 1.0) -> None:
        """Send what waits, for at most `linger` seconds, and disconnect."""
        if self.closed:
            return
        self.closed = True
        _open.discard(self)
        if os.getpid() != self.pid:
            self._pump.forget()
            return
        if self.failure is None:
            self._pump.wait(self._is_drained, linger)
        self._fail(ConnectionLost("this Client is closed"))
        self._pump.close(linger)
        self.stores.close()

    # --- what the pump asks ----------------------------------------------------------

    def fill(self) -> list[Struct | Piece]:
        """Messages for about one frame."""
        with self._lock:
            messages = self._urgent
            self._urgent = []
            if self._unacked:
                messages.append(m.Ack(self._number))
                self._unacked = self._unacked_bytes = 0
            if self._released:
                names: list[str] = []
                while self._released:
                    names.append(self._released.popleft())
                messages.append(m.Released(names))
            messages.extend(self.outbox.take())
            return messages

    def deliver(self, frame: bytes, attached: Callable[[], bytes]) -> None:
        """Take in one frame: nothing in here waits, but callbacks of the user's may."""
        for message in unpack_to_client(frame):
            if isinstance(message, m.Chunk):
                self.stores.on_chunk(message, attached())
            else:
                self._inbox.append(message)
        self.finish()
        if (
            self._unacked >= ACK_MESSAGES
            or self._unacked_bytes + len(frame) >= ACK_BYTES
        ):
            self._pump.send()
        elif self._unacked:
            self._unacked_bytes += len(frame)
            if self.outbox.tasks and self.outbox.is_open:
                self._pump.send()

    def finish(self) -> bool:
        """Handle what was received, in order. A callback that waits comes here too."""
        ending, inbox = self._ending, self._inbox
        if not ending and not inbox:
            return False
        while ending or inbox:
            if ending:
                ending.popleft().end()
                continue
            message = inbox.popleft()
            handler = self._handlers.get(type(message))
            if handler is None:
                log.warning("a %s is not for a client", type(message).__name__)
            else:
                handler(message)
        return True

    def tick(self) -> float:
        """See to what is due; seconds until the next time."""
        patience = 1.0
        now = time.monotonic()
        if self._unacked:
            left = self._unacked_since + ACK_AFTER - now
            if left <= 0:
                self._pump.send()
            else:
                patience = left
        if self._released:
            self._pump.send()
        if self._lost_since:
            self._look_for_controller(now)
            patience = min(patience, LOST_CHECK)
        return patience

    def on_connected(self) -> None:
        """Introduce ourselves again when the connection was broken."""
        if self._lost_since:
            self.post(hello(self.ticket, self.session))

    def on_disconnected(self) -> None:
        if not self._lost_since and not self.closed:
            self._lost_since = time.monotonic()
            self._look_for_controller(self._lost_since)

    # --- messages --------------------------------------------------------------------

    def _on_results(self, message: m.Results) -> None:
        ended, strange = self.calls.on_results(
            message.engine, message.outcomes, time.time()
        )
        size = 0
        for call in ended:
            size += call.size_bytes
        with self._lock:
            self.outbox.ended(len(ended), size)
            self._number = message.number
            if not self._unacked:
                self._unacked_since = time.monotonic()
            self._unacked += 1
        self._ending.extend(ended)
        for outcome in strange:
            for segment in outcome.segments:
                self.release(segment.name)

    def _on_output(self, message: m.Output) -> None:
        self.calls.on_output(message.task, message.stream, message.text)

    def _on_answer(self, message: m.Answer) -> None:
        question = self._questions.pop(message.request, None)
        if question is None:
            return
        if message.error:
            question.fail(to_error(decode_info(message.body)))
        else:
            question.answer(unpack_body(message.body))

    def _on_engines(self, message: m.Engines) -> None:
        self.roster.on_engines(message.joined, message.left)

    def _on_free(self, message: m.FreeSegments) -> None:
        self.stores.free(message.names)

    def _on_credit(self, message: m.ChunkCredit) -> None:
        self.stores.on_credit(message)

    def _on_welcome(self, message: m.Welcome) -> None:
        """Let in again after the connection was broken."""
        if message.epoch != self.epoch or message.client != self.client:
            self._fail(
                ConnectionLost(
                    "the controller was started again and does not know this Client's "
                    "tasks: make a new Client"
                )
            )
            return
        self._lost_since = 0.0
        self.roster.on_welcome(message.engines)

    def _on_refused(self, message: m.Refused) -> None:
        self._fail(ConnectionLost(f"the controller refused: {message.reason}"))

    def _on_stop(self, _message: m.Stop) -> None:
        self._fail(
            ConnectionLost(
                f"the controller (pid {self.ticket.pid} on {self.ticket.host}) was "
                "stopped"
            )
        )

    # --- the rest --------------------------------------------------------------------

    def _name(self, function: bytes | m.NewFunction) -> bytes:
        """A function's digest; the function itself is sent first if need be."""
        if isinstance(function, bytes):
            return function
        if self.outbox.needs(function.digest):
            self.outbox.add_function(function)
        return function.digest

    def _abort(self, tasks: set[int]) -> None:
        """These were taken back before they were sent."""
        payload = bulk.ABORTED
        now = time.time()
        outcomes = [m.Outcome(task, m.Status.ABORTED, payload) for task in tasks]
        ended, _ = self.calls.on_results(-1, outcomes, now)
        for call in ended:
            call.end()
        if ended:
            self._pump.notify()

    def _is_drained(self) -> bool:
        return self.failure is not None or not (self._urgent or self.outbox.tasks)

    def _look_for_controller(self, now: float) -> None:
        ticket = self.ticket
        where = f"the controller (pid {ticket.pid} on {ticket.host})"
        if self.is_local:
            if not is_alive(ticket.pid, ticket.pid_started):
                self._fail(ConnectionLost(f"{where} has ended"))
        elif now - self._lost_since > LOST_AFTER:
            self._fail(
                ConnectionLost(f"no connection to {where} for {LOST_AFTER:.0f} s")
            )

    def _fail(self, error: ClusterError) -> None:
        """Nothing will come any more: end all that waits."""
        with self._lock:
            if self.failure is not None:
                return
            self.failure = error
            self._lost_since = 0.0
            self.outbox.clear()
            self._urgent.clear()
            questions = list(self._questions.values())
            calls = self.calls.on_lost(error, time.time())
        for question in questions:
            question.fail(error)
        for call in calls:
            call.end()
        self._pump.notify()


_open: weakref.WeakSet[Connection] = weakref.WeakSet()


def _close_all() -> None:
    for connection in list(_open):
        connection.close(0.5)


atexit.register(_close_all)
