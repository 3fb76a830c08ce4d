"""What has been told and not been shown yet: bounded, so a flood waits where it begins.

Whoever tells waits while there is too much, unless it is the thread that shows, which
now and then receives for all (`client/pump.py`). A press of Ctrl-C is taken in any
case, also in a signal's handler: `SimpleQueue.put` may be called there.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipcluster.shell.console.remote import Told

# So many events or texts may wait. A text has some thousand characters as a rule, at
# most a quarter of a million.
MOST = 200


class Backlog:
    """A queue from the threads that tell to the one that shows."""

    def __init__(self, most: int = MOST) -> None:
        self._queue: queue.SimpleQueue[tuple[Told, bool]] = queue.SimpleQueue()
        self._room = threading.Semaphore(most)
        self._is_closed = False
        self._shows = threading.get_ident()

    def put(self, told: Told) -> None:
        """Add it, when there is room."""
        if self._is_closed or threading.get_ident() == self._shows:
            self.put_at_once(told)
            return
        self._room.acquire()
        if self._is_closed:
            self._room.release()  # for the next that waits
        self._queue.put((told, True))

    def put_at_once(self, told: Told) -> None:
        """Add it whatever waits."""
        self._queue.put((told, False))

    def get(self) -> Told:
        """The next; waits for it."""
        return self._taken(*self._queue.get())

    def get_nowait(self) -> Told | None:
        """The next; None: nothing waits."""
        try:
            return self._taken(*self._queue.get_nowait())
        except queue.Empty:
            return None

    def _taken(self, told: Told, counts: bool) -> Told:
        if counts:
            self._room.release()
        return told

    def close(self) -> None:
        """Nobody takes any more: nobody shall wait either."""
        self._is_closed = True
        self._room.release()
