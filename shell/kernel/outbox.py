"""What waits to leave through iopub, bounded in bytes.

    any thread --put--> Outbox --I/O thread--> XPUB --> a queue for each client

Clients that read slowly make the kernel wait for them, as a terminal would: whoever
prints is held up (`throttle`) while too much waits here. A client that does not read
at all is waited for once, for `PATIENCE` seconds. From then on it misses messages;
those too large to keep for it others miss as well, until the system has cut it off
(`GONE_AFTER`). What was missed can be asked for (journal.py).

How many bytes libzmq holds for its clients is known from those of its frames that it
has not let go of.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import zmq

from ipcluster.shell.kernel.notes import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ipcluster.shell.kernel.messages import Frame

# Bytes that may wait here before whoever shows something is held up.
WAITING = 32 << 20
# Bytes that libzmq may hold for all clients together.
IN_FLIGHT = 128 << 20
# Frames of more bytes than this are not copied, and watched until they have left.
WATCHED = 4096
# Messages that libzmq may hold for one client: some 20 MB of small ones, which are not
# watched.
WATERMARK = 20_000
# Seconds that a client which does not read is waited for.
PATIENCE = 10.0
# Milliseconds after which the system ends a connection on which nothing can be sent.
GONE_AFTER = 30_000
# Seconds between looks at whether clients read again.
LOOK = 0.005


class Outbox:
    """Messages for one XPUB socket."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._room = threading.Event()
        self._room.set()
        self._waiting: deque[tuple[list[Frame], int]] = deque()
        self._size = 0
        self._in_flight: deque[tuple[zmq.MessageTracker, int]] = deque()
        self._flying = 0
        self._stuck_since: float | None = None
        self._given_up = False
        self._next_look = 0.0
        self._socket: Any = None

    def use(self, socket: zmq.Socket[Any]) -> None:
        """Set a new socket up for this."""
        socket.sndhwm = WATERMARK
        socket.copy_threshold = WATCHED
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        if hasattr(zmq, "TCP_MAXRT"):
            socket.setsockopt(zmq.TCP_MAXRT, GONE_AFTER)
        self._socket = socket

    # --- any thread -------------------------------------------------------------------

    def put(self, frames: list[Frame]) -> None:
        size = sum(len(frame) for frame in frames)
        with self._lock:
            self._waiting.append((frames, size))
            self._size += size
            if self._size > WAITING:
                self._room.clear()

    def throttle(self) -> None:
        """Return when there is room; not to be called in the I/O thread."""
        while not self._room.wait(1.0):
            pass

    def __bool__(self) -> bool:
        return bool(self._waiting)

    # --- the I/O thread ---------------------------------------------------------------

    def send(self, now: Callable[[], float] = time.monotonic) -> float | None:
        """Send what can be sent; seconds until it should be tried again, if ever."""
        while self._waiting:
            frames, size = self._waiting[0]
            if not self._send_one(frames, now()):
                return LOOK
            with self._lock:
                self._waiting.popleft()
                self._size -= size
                if self._size < WAITING // 2:
                    self._room.set()
        return None

    def _send_one(self, frames: Sequence[Frame], now: float) -> bool:
        """Send a message, or give it up; False: not yet."""
        if self._flying > IN_FLIGHT:
            self._land()
        if self._flying > IN_FLIGHT:
            if self._waits(now):
                return False
            if any(len(frame) > WATCHED for frame in frames):
                return True  # missed by all: there is no memory for it
        try:
            tracker = self._socket.send_multipart(
                frames, zmq.NOBLOCK, copy=False, track=True
            )
        except zmq.Again:  # some client's queue is full
            if self._waits(now):
                return False
            self._send_to_the_others(frames)
            return True
        if self._flying <= IN_FLIGHT:
            self._stuck_since, self._given_up = None, False
        if not tracker.done:
            size = sum(len(frame) for frame in frames)
            self._in_flight.append((tracker, size))
            self._flying += size
        return True

    def _waits(self, now: float) -> bool:
        """Whether it is too early to give up those that do not read."""
        if self._given_up:
            return False
        if self._stuck_since is None:
            self._stuck_since = now
        if now - self._stuck_since < self._patience:
            return True
        self._given_up = True
        note(f"a client has not read for {self._patience:g} s: it misses messages")
        return False

    def _send_to_the_others(self, frames: Sequence[Frame]) -> None:
        socket = self._socket
        socket.setsockopt(zmq.XPUB_NODROP, 0)
        try:
            socket.send_multipart(frames, zmq.NOBLOCK, copy=True)
        except zmq.ZMQError as error:
            note(f"a message on iopub could not be sent: {error}")
        finally:
            socket.setsockopt(zmq.XPUB_NODROP, 1)

    def _land(self) -> None:
        """Forget what has left. Clients differ: the first is not always done first."""
        flying = [one for one in self._in_flight if not one[0].done]
        if self._stuck_since is not None and len(flying) < len(self._in_flight):
            self._stuck_since = None  # slow, but it reads
        self._in_flight = deque(flying)
        self._flying = sum(size for _, size in flying)

    def open_up(self) -> None:
        """At the end: hold nobody up any more."""
        self._room.set()
