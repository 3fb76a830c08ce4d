"""Moves frames between the transport and whoever has them: the client's one hot loop.

Who touches the transport holds `_lock`, for one send or one receive. Who receives and
delivers holds `_serving` as well, so that messages are delivered in their order. Nobody
holds either while waiting: waiting is a poll of the transport's descriptor, which needs
no lock.

A thread that waits for a result serves the transport itself, for everybody, so that a
blocking call costs no switch between threads:

    waiting thread                         I/O thread
    takes `_serving`, rings once     ->    stands aside, looks again after 5 ms
    sends, polls, receives, delivers       sends what is due, acknowledges
    leaves                                 nobody waited for 5 ms: serves again

The descriptor of a ZeroMQ socket signals *changes*: whoever sends may swallow the
signal of a message that came. So whoever has sent looks, and rings for the receiver;
also when not all could be sent, and the receiver is to see when there is room.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec import Struct

from ipcluster.client.bell import Bell, Ears
from ipcluster.client.interrupts import Presses
from ipcluster.client.transports import Change, Transport
from ipcluster.wire.lines import Line
from ipcluster.wire.messages import Chunk
from ipcluster.wire.numbered import NumberedFrames
from ipcluster.wire.spin import Spin

log = logging.getLogger(__name__)

# Seconds the I/O thread keeps away after the last blocking call.
ASIDE = 0.005
# Seconds that a small batch may wait for more.
HOLD = 0.001
# Seconds that the I/O thread looks by itself for what is due, once it was asked to: so
# a stream of small calls need not ring for each batch, which costs a thread switch.
BRISK = 0.02
# Seconds between looks at what is due, when nothing else wakes the I/O thread.
IDLE = 1.0
# Seconds after which a waiting thread that does not serve looks for itself, should a
# wake-up have been lost to a signal.
STANDBY = 0.1

Ready = Callable[[], bool]


class Piece(NamedTuple):
    """A chunk of a segment: a message alone in its frame, and the bytes behind it."""

    chunk: Chunk
    data: bytes | memoryview


class Ends(Protocol):
    """What the pump works for."""

    def fill(self) -> list[Struct | Piece]:
        """Messages for one frame; none when there is nothing to send now."""

    def deliver(self, frame: bytes, attached: Callable[[], bytes]) -> None:
        """A frame came. `attached` gives the raw bytes that come with a chunk."""

    def finish(self) -> bool:
        """Deliver what a callback that waits has kept from delivery, if anything."""

    @property
    def is_quiet(self) -> bool:
        """Whether at most one task is under way."""

    @property
    def is_over(self) -> bool:
        """Whether nothing will ever be sent or received again."""

    def tick(self) -> float:
        """Look at what is due; seconds until it should be asked again."""

    def on_connected(self) -> None:
        """The connection stands (again)."""

    def on_disconnected(self) -> None:
        """The connection broke; it is tried again."""


class Pump:
    """Sends and receives for one connection, from any thread."""

    def __init__(self, transport: Transport, ends: Ends) -> None:
        self._transport = transport
        self._ends = ends
        self.numbered = NumberedFrames()
        self._lock = threading.Lock()
        self._serving = threading.Lock()
        self._changed = threading.Condition()
        self._standing = 0
        self._io_bell = Bell()
        try:
            self._bell = Bell()
        except OSError:
            self._io_bell.close()
            raise
        self._listening = False
        self._driving = False
        self._drives = 0
        self._server = 0
        self._long_aside = False
        self._due = 0.0
        self._brisk_until = 0.0
        self._stopping = False
        self._fd, watch_fd = transport.fd, transport.watch_fd
        self._ears = Ears([self._fd, self._bell.fileno()])
        self._io_ears = Ears([self._fd, self._io_bell.fileno(), watch_fd])
        self._aside_ears = Ears([self._io_bell.fileno(), watch_fd])
        self._writing = False
        self._bell_fd = self._bell.fileno()
        self._spin = Spin()
        self._main = threading.main_thread().ident
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._fill = ends.fill
        if log.isEnabledFor(logging.DEBUG):
            self._fill = self._fill_logged
        self._thread = threading.Thread(
            target=self._run, name="ipcluster client I/O", daemon=True
        )
        self._thread.start()

    # --- sending ---------------------------------------------------------------------

    def send(self) -> None:
        """Send all that may go now."""
        if threading.get_ident() == self._main:
            with Presses():
                self._send()
        else:
            self._send()

    def send_soon(self) -> None:
        """Let the I/O thread send in a millisecond, with what else comes until then."""
        if self._due:
            return
        self._due = time.monotonic() + HOLD
        # Read again: the I/O thread may have gone to sleep between the two.
        now = time.monotonic()
        if now >= self._brisk_until - HOLD:
            self._brisk_until = now + BRISK
            self._io_bell.ring()

    def wake(self) -> None:
        """Let the I/O thread look at what is due. Safe in finalizers and handlers."""
        self._io_bell.ring()

    def _send(self) -> bool:
        """Send; whether there is something to receive."""
        self._due = 0.0
        with self._lock:
            if self._stopping and self._transport.closed:
                return False
            while messages := self._fill():
                self._put(messages)
            has_more = self._has_more()
        self._pass_on(has_more)
        return has_more

    def _has_more(self) -> bool:
        """Whether there is something to do that no poll would tell of.

        The lock is held.
        """
        transport = self._transport
        if transport.wants_to_write is not self._writing:
            self._writing = transport.wants_to_write
            for ears in (self._ears, self._io_ears):
                ears.hear_writable(self._fd, self._writing)
            return self._writing or transport.has_more
        return transport.has_more

    def _pass_on(self, has_more: bool) -> None:
        """Whoever polls does not know what has to be done: say so."""
        if has_more and self._server != threading.get_ident():
            (self._bell if self._driving else self._io_bell).ring()

    def _fill_logged(self) -> list[Struct | Piece]:
        messages = self._ends.fill()
        for message in messages:
            told = message.chunk if isinstance(message, Piece) else message
            log.debug("to the controller: %s", Line(told))
        return messages

    def _put(self, messages: list[Struct | Piece]) -> None:
        send, pack = self._transport.send, self.numbered.pack
        plain: list[Struct] = []
        for message in messages:
            if not isinstance(message, Piece):
                plain.append(message)
                continue
            if plain:
                send(pack(plain))
                plain = []
            send(pack([message.chunk], message.data))
        if plain:
            send(pack(plain))

    def send_plain(self, frame: bytes) -> None:
        """Send a frame that has no number: the first on a new connection."""
        with self._lock:
            if self._transport.closed:
                return
            self._transport.send([frame])
            has_more = self._has_more()
        self._pass_on(has_more)

    def send_again(self) -> None:
        """Send what did not come in over a connection that broke."""
        with self._lock:
            if self._transport.closed:
                return
            for frames in self.numbered.again(0):
                self._transport.send(frames)
            has_more = self._has_more()
        self._pass_on(has_more)

    # --- waiting ---------------------------------------------------------------------

    def wait(
        self,
        ready: Ready,
        timeout: float | None = None,
        on_press: Callable[[int], bool] | None = None,
    ) -> bool:
        """Serve the transport, or let another thread do it, until `ready`.

        Args:
            ready: cheap and without side effects; it is asked often.
            timeout: seconds; None waits for ever.
            on_press: told how often Ctrl-C was pressed; True goes on waiting.

        Returns:
            False when the time is over.
        """
        if ready():
            return True
        deadline = None if timeout is None else time.monotonic() + timeout
        with Presses(self._bell.ring) as presses:
            while True:
                if self._server == threading.get_ident():
                    # In a callback of the user's, called while we deliver.
                    self._serve(ready, deadline, presses)
                elif self._serving.acquire(blocking=False):
                    self._drive(ready, deadline, presses)
                else:
                    self._stand_by(ready, deadline, presses)
                if ready():
                    return True
                if presses.waiting:
                    count = presses.take()
                    if on_press is None or not on_press(count):
                        presses.give_back()
                elif deadline is not None and time.monotonic() >= deadline:
                    return False

    def _drive(self, ready: Ready, deadline: float | None, presses: Presses) -> None:
        """Serve the transport; `_serving` is held, and released at the end."""
        self._drives += 1
        self._driving = True
        self._server = threading.get_ident()
        try:
            if self._listening:
                self._io_bell.ring()
            self._serve(ready, deadline, presses)
        finally:
            self._driving = False
            self._server = 0
            self._serving.release()
            if self._long_aside:
                self._io_bell.ring()
            self._notify()

    def _serve(self, ready: Ready, deadline: float | None, presses: Presses) -> None:
        more = self._send() or self._ends.finish()
        while not ready() and not presses.waiting and not self._stopping:
            if more:
                more = self._receive()
                continue
            more = True
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return
            heard = self._spin.wait(self._ears.wait, left, awake=self._ends.is_quiet)
            if self._bell_fd in heard:
                self._bell.hush()

    def _stand_by(self, ready: Ready, deadline: float | None, presses: Presses) -> None:
        """Wait while another thread serves."""
        self._send()
        with self._changed:
            self._standing += 1
            try:
                while not ready() and self._serving.locked() and not presses.waiting:
                    left = STANDBY
                    if deadline is not None:
                        left = min(left, deadline - time.monotonic())
                        if left <= 0:
                            return
                    self._changed.wait(left)
            finally:
                self._standing -= 1

    def notify(self) -> None:
        """Something that a waiting thread may be waiting for has changed."""
        self._bell.ring()
        self._notify()

    def _notify(self) -> None:
        if self._standing:
            with self._changed:
                self._changed.notify_all()

    def _receive(self) -> bool:
        """Receive one frame and deliver it; `_serving` is held."""
        if self._ends.finish():
            return True
        with self._lock:
            if self._stopping:
                return False
            frame = self._transport.receive()
            if self._writing and not self._transport.wants_to_write:
                self._has_more()
        if frame is None:
            return False
        try:
            self._ends.deliver(frame, self._attached)
        except Exception:
            log.exception("a message from the controller could not be used")
        self._notify()
        return True

    def _attached(self) -> bytes:
        """The second part of the message whose first part was received last."""
        with self._lock:
            return self._transport.attached()

    # --- the I/O thread --------------------------------------------------------------

    def _run(self) -> None:
        seen = -1
        patience = 0.0
        try:
            while not self._stopping:
                drives = self._drives
                if self._driving or drives != seen:
                    heard = self._stand_aside(drives == seen, patience)
                    seen = drives
                else:
                    heard = self._listen(patience)
                if self._io_bell.fileno() in heard:
                    self._io_bell.hush()
                self._look_at_watch()
                patience = self._do_due()
        except Exception:
            if not self._stopping:
                log.exception("the client's I/O thread has failed")
                self._ends.on_disconnected()
        finally:
            self._listening = False

    def _stand_aside(self, is_long: bool, patience: float) -> list[int]:
        """Keep away from the transport: another thread serves it, or just did."""
        self._listening = False
        if not is_long:
            return self._aside_ears.wait(min(ASIDE, patience))
        # It has served for more than 5 ms: let it ring when it leaves.
        self._long_aside = True
        try:
            return self._aside_ears.wait(patience) if self._driving else []
        finally:
            self._long_aside = False

    def _listen(self, patience: float) -> list[int]:
        """Serve the transport until it is empty, then wait for more."""
        self._listening = True
        if self._driving:
            return []
        if self._serving.acquire(blocking=False):
            self._server = threading.get_ident()
            try:
                while not self._stopping and self._receive():
                    pass
            finally:
                self._server = 0
                self._serving.release()
                self._notify()
        return self._io_ears.wait(patience)

    def _do_due(self) -> float:
        """Send what is due; seconds until something else is."""
        now = time.monotonic()
        if self._due and now >= self._due:
            self._send()
        patience = min(IDLE, self._ends.tick())
        if now < self._brisk_until:
            patience = min(patience, HOLD)
        if self._due:
            patience = min(patience, max(0.0, self._due - now))
        return patience

    def _look_at_watch(self) -> None:
        with self._lock:
            again = not self._ends.is_over
            changes = [] if self._stopping else self._transport.look(again=again)
        for change in changes:
            if change is Change.BROKEN:
                self._ends.on_disconnected()
            else:
                self._ends.on_connected()
        if changes and self._driving:
            self._bell.ring()  # what it polls may be another connection now

    # --- the end ---------------------------------------------------------------------

    def close(self, linger: float) -> None:
        """Stop, give the transport `linger` seconds for what waits, and close it."""
        if self._stopping:
            return
        self._stopping = True
        self._io_bell.ring()
        self.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join(5)
        served = self._serving.acquire(timeout=1)
        try:
            with self._lock:
                self._transport.close(linger)
        finally:
            if served:
                self._serving.release()
        self._io_bell.close()
        self._bell.close()
        self._notify()

    def forget(self) -> None:
        """In a forked child: the connection is the parent's."""
        self._stopping = True
        self._transport.forget()
