"""One client's connection to one controller: what was sent, what came, who waits.

The tables are in `calls` (tasks that have not ended) and `outbox` (what waits to be
sent); `pump` moves the frames. This class puts them together, and its lock guards the
tables for a few microseconds at a time. Nothing here unpickles: a result's bytes stay
as they came until somebody asks for the value.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from ipcluster.client import bulk
from ipcluster.client.calls import Call, CallTable
from ipcluster.client.door import knock, new_session
from ipcluster.client.engines import Roster
from ipcluster.client.inbox import Inbox
from ipcluster.client.lifeline import Lifeline
from ipcluster.client.outbox import BATCH_TASKS, Outbox
from ipcluster.client.pump import Piece, Pump, Ready
from ipcluster.client.questions import Question
from ipcluster.client.watchers import Watchers
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack_body
from ipcluster.wire.errors import (
    ClusterError,
    ConnectionLost,
    ForkError,
    TimeoutError,  # noqa: A004 - the name users know
)
from ipcluster.wire.numbered import NumberedFrames
from ipcluster.wire.segments import Hold
from ipcluster.wire.serialize import Packed, load
from ipcluster.wire.tickets import Ticket


class _Here:
    """Which process this is: asked at every call, so not of the system."""

    def __init__(self) -> None:
        self.pid = 0
        self.look()

    def look(self) -> None:
        self.pid = os.getpid()


_here = _Here()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_here.look)


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
        self.pid = _here.pid
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
        self.watchers = Watchers()
        self.outbox = Outbox(welcome.window_tasks, welcome.window_bytes)
        self._base = welcome.client << m.SEQUENCE_BITS
        self._sequence = 0
        self.lock = threading.Lock()
        self._urgent: list[Struct | Piece] = []
        self.questions: dict[int, Question] = {}
        self._asked = 0
        self._released: deque[str] = deque()
        self._loading = threading.RLock()
        self.lifeline = Lifeline(self)
        self.inbox = Inbox(self)
        self.finish = self.inbox.finish
        self.on_connected = self.lifeline.on_connected
        self.on_disconnected = self.lifeline.on_disconnected
        folders = [Path(welcome.segment_folder), Path(welcome.segment_fallback)]
        self.stores = bulk.Stores(self, folders)
        try:
            self._pump = Pump(door.transport, self)
        except OSError as error:
            door.transport.close(0)
            raise ClusterError(f"cannot connect: {error.strerror}") from error
        _open.add(self)

    # --- what users of the connection do ---------------------------------------------

    def check(self) -> None:
        """Raise if nothing can be sent any more.

        Raises:
            ForkError: this is a forked child of the process that connected.
            ClusterError: closed, or the controller has gone.
        """
        if self.pid != _here.pid:
            raise ForkError(
                f"this Client was made by process {self.pid}, of which this one (pid "
                f"{_here.pid}) is a fork: make a new Client here"
            )
        if self.failure is not None:
            raise self.failure

    def introduce(self, function: m.NewFunction) -> bytes:
        """The name of a function that has segments; it is sent if it is not known.

        If it is, nobody needs this copy of it.
        """
        with self.lock:
            is_new = self.outbox.needs(function.digest)
            if is_new:
                self.outbox.add_function(function)
        if not is_new:
            self.stores.give_back(function.segments)
        return function.digest

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
        payload, segments, spilled = packed
        self._check_or_give_back(segments)
        outbox = self.outbox
        call.size_bytes = len(payload)
        with self.lock:
            digest = self._name(function)
            self._sequence = sequence = self._sequence + 1
            call.task = task = self._base | sequence
            outbox.add(digest, mode, options, m.Item(task, payload, segments, spilled))
            self.calls.outstanding[task] = call
            urgent = now and outbox.is_urgent
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
        try:
            for call, (payload, segments, spilled) in zip(calls, packed, strict=True):
                call.size_bytes = len(payload)
                with self.lock:
                    digest = self._name(function)
                    self._sequence = sequence = self._sequence + 1
                    call.task = task = self._base | sequence
                    item = m.Item(task, payload, segments, spilled)
                    outbox.add(digest, mode, options, item)
                    self.calls.outstanding[task] = call
                if outbox.tasks >= BATCH_TASKS and outbox.is_urgent:
                    self._pump.send()
        except BaseException:
            # Half of it is of use to nobody: one item could not be pickled.
            self.cancel([call for call in calls if call.task], interrupt=True)
            raise
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
        payload, segments, spilled = packed
        self._check_or_give_back(segments)
        targets: list[int] = []
        for call in calls:
            call.size_bytes = len(payload)
            assert call.target is not None
            targets.append(call.target)
        with self.lock:
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
        with self.lock:
            unsent = self.outbox.withdraw(tasks)
            if unsent.late:
                late = m.Cancel(sorted(unsent.late), interrupt)
                self.outbox.cancel_late(late)
            if rest := sorted(tasks - unsent.tasks - unsent.late):
                self._urgent.append(m.Cancel(rest, interrupt))
        self._pump.send()
        self.stores.give_back(unsent.segments)
        self._abort(unsent.tasks)

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
        number = self.put(question, verb, body)
        try:
            done = self._pump.wait(question.is_answered, timeout)
        finally:
            self.questions.pop(number, None)
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
        if self.pid != _here.pid:
            self.check()
        return self._pump.wait(ready, timeout, on_press)

    def put(self, question: Question, verb: str, body: dict[str, Any] | None) -> int:
        """Note a question to be sent with what is sent next; its number."""
        with self.lock:
            self._asked = number = self._asked + 1
            self.questions[number] = question
            self._urgent.append(m.Ask(number, verb, pack_body(body or {})))
        return number

    def post(self, message: Struct | Piece) -> None:
        """Send one message that is neither task nor question, at once."""
        with self.lock:
            self._urgent.append(message)
        self._pump.send()

    @property
    def last_sequence(self) -> int:
        """How many tasks were submitted so far."""
        return self._sequence

    def notify(self) -> None:
        """Something that a thread waits for has changed, not by a message."""
        self._pump.notify()

    def send(self) -> None:
        """Send what may go now."""
        self._pump.send()

    @property
    def numbered(self) -> NumberedFrames:
        """What was sent and received, over all connections."""
        return self._pump.numbered

    def send_plain(self, frame: bytes) -> None:
        """Send a frame that has no number."""
        self._pump.send_plain(frame)

    def send_again(self) -> None:
        """Send what did not come in over a connection that broke."""
        self._pump.send_again()

    def release(self, name: str) -> None:
        """A segment is no longer mapped here. Called by finalizers: takes no lock."""
        self._released.append(name)
        if not self.closed:
            self._pump.wake()

    def hold(self, segments: Iterable[m.Segment]) -> list[Hold]:
        """These were brought here, once each: what lets go of them in the end."""
        return [Hold(segment.name, self.release) for segment in segments]

    def load(self, outcome: m.Outcome, holds: list[Hold]) -> Any:
        """The value of a result: unpickled, large buffers mapped or fetched."""
        if not outcome.segments:
            return load(outcome.payload, (), outcome.spilled)
        try:
            if self.is_local:
                with self._loading:
                    buffers = self.stores.map(outcome.segments, holds)
                    return load(outcome.payload, buffers, outcome.spilled)
            # Without the lock: what brings the bytes may be a thread that waits for it.
            buffers = self.stores.fetch(outcome.segments)
            return load(outcome.payload, buffers, outcome.spilled)
        finally:
            holds.clear()

    def close(self, linger: float = 1.0) -> None:
        """Send what waits, for at most `linger` seconds, and disconnect."""
        if self.closed:
            return
        self.closed = True
        _open.discard(self)
        if self.pid != _here.pid:
            return
        if self.failure is None:
            for typed in self.calls.unanswered():
                self.post(typed)
            self._pump.wait(self._is_drained, linger)
        self.fail(ConnectionLost("this Client is closed"))
        self._pump.close(linger)
        self.stores.close()

    # --- what the pump asks ----------------------------------------------------------

    def fill(self) -> list[Struct | Piece]:
        """Messages for about one frame."""
        with self.lock:
            if self.lifeline.is_lost:
                return []
            messages = self._urgent
            self._urgent = []
            if (ack := self.inbox.acknowledge()) is not None:
                messages.append(ack)
            if self._released:
                names: list[str] = []
                while self._released:
                    names.append(self._released.popleft())
                messages.append(m.Released(names))
            messages.extend(self.outbox.take())
            if not messages and self.numbered.is_owed:
                messages.append(self.numbered.said())
            return messages

    def deliver(self, frame: bytes, attached: Callable[[], bytes]) -> None:
        """Take in one frame: nothing in here waits, but callbacks of the user's may."""
        if self.inbox.deliver(frame, attached):
            self._pump.send()

    @property
    def is_quiet(self) -> bool:
        """Whether at most one task is under way."""
        return len(self.calls.outstanding) < 2

    @property
    def is_over(self) -> bool:
        """Whether nothing will ever come again."""
        return self.failure is not None

    def tick(self) -> float:
        """See to what is due; seconds until the next time."""
        patience = 1.0
        now = time.monotonic()
        if (left := self.inbox.acknowledge_in(now)) is not None:
            if left <= 0:
                self._pump.send()
            else:
                patience = left
        if self._released:
            self._pump.send()
        if (left := self.lifeline.look(now)) is not None:
            patience = min(patience, left)
        return patience

    # --- the rest --------------------------------------------------------------------

    def _check_or_give_back(self, segments: Sequence[m.Segment]) -> None:
        """As `check`; if nothing can be sent, nobody will ever hear of these."""
        try:
            self.check()
        except ClusterError:
            self.stores.give_back(segments)
            raise

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

    def fail(self, error: ClusterError) -> None:
        """Nothing will come any more: end all that waits."""
        with self.lock:
            if self.failure is not None:
                return
            self.failure = error
            self.outbox.clear()
            self._urgent.clear()
            questions = list(self.questions.values())
            calls = self.calls.on_lost(error, time.time())
        for question in questions:
            question.fail(error)
        for call in calls:
            call.end()
        self._pump.notify()

    def forget(self) -> None:
        """This is a forked child: leave the connection to the parent."""
        self._pump.forget()


_open: weakref.WeakSet[Connection] = weakref.WeakSet()


def _forget_all() -> None:
    for connection in list(_open):
        connection.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def _close_all() -> None:
    for connection in list(_open):
        connection.close(0.5)


atexit.register(_close_all)
