"""The engine: a Python you can talk to. One link, one thread, the user's code in it.

It reads `Run` frames from its link, runs the tasks in order, and answers `Done`. It
knows no network and decides nothing. What makes it more than a loop:

- Outcomes of tasks that take microseconds are sent many to a frame; an outcome waits
  only while tasks that are known to be quick follow it. The doorbell (SIGURG, rung
  through the keeper) makes a busy engine look at its link and send what it holds
  between two bytecodes of the user's.
- An interrupt is a ring, too: it names its task in the state page, and is dropped when
  that task no longer runs. SIGINT from anywhere else interrupts whatever runs.
- Signal handlers act only while the user's code runs (`link.busy` is 0 there and
  nowhere else in this thread).
- Outcomes are kept until the other end says how many it has taken, so a replaced link
  loses nothing.

Nothing heavy is imported: the keeper imports this module once and every engine shares
its pages.
"""

from __future__ import annotations

import os
import platform
import select
import signal
import sys
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from ipcluster.engines.calls import Calls
from ipcluster.engines.events import pack_event
from ipcluster.engines.interrupts import PAUSE
from ipcluster.engines.link import Link, LinkLost
from ipcluster.engines.wishes import Wishes
from ipcluster.wire.codec import pack_stream, unpack_body, unpack_to_link
from ipcluster.wire.messages import (
    Aside,
    Done,
    Dropped,
    Forget,
    FreeSegments,
    Item,
    NewFunction,
    Outcome,
    Ready,
    Recall,
    Released,
    Run,
    Shown,
    Stop,
    Typed,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import FrameType

    from ipcluster.engines.output import LinkStream, Pipes
    from ipcluster.engines.page import StatePage

# Seconds of run time below which a function counts as quick: its outcomes may wait for
# others.
QUICK = 100e-6
# Seconds an outcome may wait behind quick tasks before it is sent.
HOLD = 500e-6
HOLD_OUTCOMES = 64
HOLD_BYTES = 1 << 18
# Seconds after one KeyboardInterrupt in which a SIGINT from elsewhere raises no second:
# a terminal may send one to each of a group of processes that pass it on.
INTERRUPT_PAUSE = PAUSE
# Seconds between looks for a line that somebody is to type.
LOOK_AGAIN = 0.25


class Engine:
    """The main loop of an engine process."""

    def __init__(
        self,
        link: Link,
        page: StatePage,
        calls: Calls,
        pipes: Pipes,
        new_link: Callable[[bool], socket.socket | None],
    ) -> None:
        self.link = link
        self.page = page
        self.calls = calls
        self.pipes = pipes
        self.streams: list[LinkStream] = []
        self.running = 0
        self._function = b""  # of the task that was begun last
        self.uuid = uuid.uuid4().hex
        self._new_link = new_link
        self._queue: deque[tuple[Run, Item]] = deque()
        self._outcomes: list[Outcome] = []
        self._held_bytes = 0
        self._flushed = 0.0
        self._kept: deque[Outcome] = deque()
        self._taken = 0
        self._lent: set[str] = set()  # segments of outcomes that were taken
        self._unshown: deque[Shown] = deque()
        self._wishes = Wishes()
        # Told of requests to the debugger, in the midst of anything: once there is one.
        self.on_debug: Callable[[str, dict[str, Any]], None] | None = None
        self._stopping = False
        self._waiting = False
        self._rung = False
        self._interrupted = 0
        # The last KeyboardInterrupt: in which task, and when.
        self._raised = (0, 0.0)
        self._heard = 0  # interrupts of the task that runs, as the keeper counts them
        self._pid = os.getpid()
        self._started = time.time()
        link.on_idle = self._after_busy

    # --- the loop ---------------------------------------------------------------------

    def serve(self) -> None:
        """Run until told to stop, or until the keeper has gone."""
        self.link.busy = 1
        self._introduce()
        while not self._stopping:
            try:
                self._step()
            except LinkLost:
                if not self._relink():
                    return
        self._flush()

    def _step(self) -> None:
        if not self._queue:
            self._flush()
            self._read(wait=True)
            return
        run, item = self._queue[0]
        if self._outcomes and self.calls.mean(run.function) > QUICK:
            self._flush()  # may find the link lost: nothing is taken out before
        self._queue.popleft()
        self._keep(self._run(run, item))

    def _run(self, run: Run, item: Item) -> Outcome:
        task = item.task
        # First, or an interrupt that comes in between would find nothing to interrupt.
        self.running = task
        self._function = run.function
        self._heard = 0
        self._wishes.begin(task)
        self.page.begin(task)
        started = time.time()
        begin = time.perf_counter()
        try:
            self.link.leave()  # what was asked for meanwhile is done here
            status, packed = self.calls.run(run, item)
            self.link.busy = 1
        except KeyboardInterrupt as error:  # after the end of the user's code
            self.link.busy = 1
            status, packed = self.calls.failure(error, task)
        duration = time.perf_counter() - begin
        if item.segments:
            self.calls.drop(item)  # in case it was interrupted before it used them
        self._send_output()
        self.running = 0
        self._interrupted = 0
        self.page.end()
        self.calls.note(run.function, duration)
        payload, segments, spilled = packed
        return Outcome(task, status, payload, started, duration, segments, spilled)

    def _keep(self, outcome: Outcome) -> None:
        """Hold an outcome for the next frame, or send it with those held."""
        self._outcomes.append(outcome)
        self._held_bytes += len(outcome.payload)
        now = time.perf_counter()
        if (
            not self._queue
            or now - self._flushed > HOLD
            or len(self._outcomes) >= HOLD_OUTCOMES
            or self._held_bytes > HOLD_BYTES
        ):
            self._flush()

    def _send_output(self) -> None:
        """What the running task has written and nobody has sent: before its outcome."""
        for stream in self.streams:
            if stream.held:
                stream.flush_all()
        if self.pipes.waiting():
            self.link.acquire()
            try:
                output = self.pipes.drain(self.running)
                if output:
                    self.link.write(pack_stream(output))
            except LinkLost:
                pass  # the outcome meets it again
            finally:
                self.link.release()

    def _flush(self) -> None:
        """Send the outcomes held, and the names of segments let go."""
        self._flushed = time.perf_counter()
        outcomes, self._outcomes = self._outcomes, []
        self._held_bytes = 0
        self._kept.extend(outcomes)
        messages: list[Any] = [Done(outcomes)] if outcomes else []
        released = self.calls.released()
        if released:
            messages.append(Released(released))
        if messages:
            self.link.send(messages)

    # --- conversations ----------------------------------------------------------------

    def show(
        self,
        event: list[Any],
        wish: int = 0,
        *,
        private: bool = False,
        common: bool = False,
    ) -> None:
        """Send an event of the running cell, after what it has written so far.

        A `private` one is for whoever runs the cell, and not for those who watch; a
        `common` one for all of them, also where no cell runs.
        """
        shown = Shown(self.running, pack_event(event), wish, private, common)
        self._unshown.append(shown)
        if self.link.is_mine:
            return  # from a handler in the middle of a frame: the next one takes it
        self._send_output()
        self.link.acquire()
        try:
            while self._unshown:
                self.link.write(pack_stream([self._unshown.popleft()]))
        except LinkLost:
            pass  # the main loop meets it again; an event for nobody is lost
        finally:
            self.link.release()

    def ask_for_line(
        self,
        event: list[Any],
        complete: Callable[[str, int], list[Any]] = lambda _text, _cursor: [],
    ) -> str | None:
        """Show the running task's wish for a line; the line, or None: nobody types.

        `complete(text, cursor)` gives the event that says what could stand there.

        Between two looks at the link the user's own signal handlers may act, and a
        ring may bring another link. A child that the task has forked has no link.
        """
        task = self.running
        if not task or os.getpid() != self._pid:
            return None
        wish = self._wishes.ask()
        self.show(event, wish, private=True)
        while self.running == task and not self._stopping:
            answered, text = self._wishes.take(wish)
            if answered:
                return text
            while (tab := self._wishes.take_tab(wish)) is not None:
                self.show(complete(*tab), private=True)
            self._look_for_lines()
        return None

    def _look_for_lines(self) -> None:
        """Read what has come, or wait for it for a moment."""
        if not self.link.is_main:
            # Only the main thread reads, whatever it does now.
            signal.pthread_kill(self.link.main, signal.SIGURG)
            time.sleep(LOOK_AGAIN)
            return
        # A ring's handler may read the line before we wait: so not for ever.
        _wait_for_bytes(self.link, LOOK_AGAIN)
        self.link.enter()
        try:
            self._read(wait=False)
        except LinkLost:
            time.sleep(LOOK_AGAIN)
        finally:
            self.link.leave()

    # --- messages ---------------------------------------------------------------------

    def _read(self, *, wait: bool) -> None:
        self._waiting = wait
        try:
            frames = self.link.receive(wait=wait) if not self._stopping else []
        finally:
            self._waiting = False
        for frame in frames:
            for message in unpack_to_link(frame):
                self._on_message(message)

    def _on_message(self, message: Any) -> None:
        match message:
            case Run():
                self._take(message.taken)
                self._queue.extend([(message, item) for item in message.items])
                for item in message.items:
                    if item.segments:
                        self.calls.take(item)
            case NewFunction():
                self.calls.add_function(message, self._needed)
            case Recall():
                self._recall(message.tasks)
            case FreeSegments():
                self._free(message.names)
            case Forget():
                self.calls.forget(message.digests)
            case Typed():
                self._wishes.on_typed(message)
            case Aside():
                self._on_aside(message)
            case Stop():
                self._stopping = True

    def _on_aside(self, aside: Aside) -> None:
        kind, *fields = unpack_body(aside.body)
        if kind == "tab":
            self._wishes.on_tab(aside, *fields)
        elif kind == "debug" and self.on_debug is not None:
            self.on_debug(*fields)
        elif kind == "debug":  # nobody has asked for a debugger yet
            self.show(["debug_reply", fields[0], None], common=True)

    def _needed(self) -> set[bytes]:
        """The functions of tasks that wait here, or are about to begin."""
        return {self._function, *[run.function for run, _ in self._queue]}

    def _recall(self, tasks: list[int]) -> None:
        """Give back what has not been begun, and what has never come here."""
        ended = {outcome.task for outcome in (*self._kept, *self._outcomes)}
        begun = ended | {self.running}
        waiting = {item.task for _, item in self._queue}
        dropped = [task for task in tasks if task in waiting or task not in begun]
        gone = set(dropped)
        kept: deque[tuple[Run, Item]] = deque()
        for run, item in self._queue:
            if item.task in gone:
                self.calls.drop(item)
                self.calls.touch(run.function)  # the sender has just counted on it
            else:
                kept.append((run, item))
        self._queue = kept
        self.link.send([Dropped(dropped)])

    def _take(self, taken: int) -> None:
        """The other end has `taken` of our outcomes: those need not be kept."""
        for _ in range(min(taken - self._taken, len(self._kept))):
            self._forget_first()
        self._taken = max(taken, self._taken)

    def _forget_first(self) -> None:
        outcome = self._kept.popleft()
        self._lent.update([segment.name for segment in outcome.segments])

    def _free(self, names: list[str]) -> None:
        """Nobody maps these results any more, so their outcomes have been taken."""
        freed = set(names)
        for at in reversed(range(len(self._kept))):
            if any(segment.name in freed for segment in self._kept[at].segments):
                for _ in range(at + 1):
                    self._forget_first()
                self._taken += at + 1
                break
        self._lent -= freed
        self.calls.free(names)

    # --- signals ----------------------------------------------------------------------

    def on_interrupt(self, _signum: int, _frame: FrameType | None) -> None:
        """SIGINT: raise in whatever runs."""
        __tracebackhide__ = True  # what the user's code did is of interest
        if not self.running:
            return
        if self.link.busy:
            self._interrupted = self.running
            return
        self._raise_interrupt()

    def _raise_interrupt(self) -> None:
        __tracebackhide__ = True
        now = time.monotonic()
        task, when = self._raised
        if task != self.running or now - when > INTERRUPT_PAUSE:
            self._raised = self.running, now
            raise KeyboardInterrupt

    def on_terminate(self, _signum: int, _frame: FrameType | None) -> None:
        """SIGTERM: end, after what is being sent.

        Out of the user's code by SystemExit, so that it can clean up.
        """
        self._stopping = True
        if not self.link.busy or self._waiting:
            raise SystemExit(0)

    def on_ring(self, _signum: int, _frame: FrameType | None) -> None:
        """SIGURG: the keeper wants something, now or when what goes on is over."""
        __tracebackhide__ = True
        if self.link.busy:
            self._rung = True
            return
        self._answer_ring()

    def _answer_ring(self) -> None:
        __tracebackhide__ = True
        self._rung = False
        if not self.running:
            return  # between tasks the loop itself looks
        interrupt = self._take_interrupt()
        self.link.enter()
        try:
            self._adopt_link()
            self._read(wait=False)
            self._flush()
        except LinkLost:
            pass  # the main loop meets it again, between tasks
        finally:
            # Not a plain decrement: an interrupt may have come meanwhile.
            self.link.leave()
        if interrupt:
            # As from a keyboard: the user's code may have a handler of its own.
            signal.raise_signal(signal.SIGINT)

    def _take_interrupt(self) -> bool:
        """Whether what runs is to be interrupted, for the first time or once more.

        The same one is heard at every ring; to raise it again would hit the task while
        it cleans up.
        """
        task, number = self.page.interrupted()
        if task != self.running or number <= self._heard:
            return False
        self._heard = number
        self.page.hear(number, time.monotonic())
        self._raised = (0, 0.0)  # the keeper has seen to the pause
        return True

    def _after_busy(self) -> None:
        __tracebackhide__ = True
        if self._stopping and self.running:
            raise SystemExit(0)
        if self._rung:
            self._answer_ring()
        if self._interrupted:
            task, self._interrupted = self._interrupted, 0
            if task == self.running:
                self._raise_interrupt()

    # --- another link -----------------------------------------------------------------

    def _introduce(self) -> None:
        held = [outcome.task for outcome in (*self._kept, *self._outcomes)]
        held += [item.task for _, item in self._queue]
        if self.running:
            held.append(self.running)
        version = sys.version_info
        self.link.send(
            [
                Ready(
                    self.uuid,
                    self._pid,
                    platform.node(),
                    (version.major, version.minor),
                    self._started,
                    held,
                    self.calls.held(),
                    sorted(self._lent),
                )
            ]
        )

    def _adopt_link(self) -> bool:
        """Take the keeper's newest socket, if it has sent one.

        Say who we are and what nobody has taken.
        """
        return self._go_on_with(self._new_link(False))

    def _relink(self) -> bool:
        """Wait for the keeper's next socket. False: the keeper has gone."""
        while True:
            try:
                self._waiting = True
                sock = self._new_link(True)
                self._waiting = False
                return self._go_on_with(sock)
            except LinkLost:
                continue

    def _go_on_with(self, sock: socket.socket | None) -> bool:
        if sock is None:
            return False
        self.link.replace(sock)
        self._taken = 0
        self._introduce()
        kept = list(self._kept)
        for at in range(0, len(kept), HOLD_OUTCOMES):
            self.link.send([Done(kept[at : at + HOLD_OUTCOMES])])
        return True


def _wait_for_bytes(link: Link, seconds: float) -> None:
    """Whatever number its descriptor has: `select.select` takes no large ones."""
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    waiting.poll(seconds * 1000)
