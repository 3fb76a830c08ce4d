"""Ctrl-C at a safe moment.

KeyboardInterrupt may come between any two bytecodes. In the middle of a send that
would leave a connection half changed, so while the main thread sends or waits, a
press is only counted, and acted on where nothing is half done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

# A press that nobody acts on for so many more is raised at once: the main thread is
# stuck in a callback of the user's, and the user wants out.
LAST_RESORT = 3


class Presses:
    """Counts presses of Ctrl-C for as long as it is entered (main thread only).

    When it ends, presses that nobody has taken go to the handler that was there.
    """

    def __init__(self, on_press: Callable[[], None] | None = None) -> None:
        self.count = 0
        self.taken = 0
        self._on_press = on_press
        self._previous: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> Presses:
        if threading.current_thread() is not threading.main_thread():
            return self
        previous = signal.getsignal(signal.SIGINT)
        # An inner one defers to the outer one: that has the whole operation in view.
        if callable(previous) and not _is_ours(previous):
            self._previous = previous
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if (previous := self._previous) is None:
            return
        signal.signal(signal.SIGINT, previous)
        self._previous = None
        if self.count > self.taken and error is None:
            self.taken = self.count
            previous(signal.SIGINT, None)

    @property
    def waiting(self) -> bool:
        """A press that nobody has taken."""
        return self.count > self.taken

    def take(self) -> int:
        """Take the presses so far; how many there were in all."""
        self.taken = self.count
        return self.count

    def give_back(self) -> None:
        """Let the handler that was there have the last press, now."""
        previous = self._previous
        if previous is None:
            raise KeyboardInterrupt
        previous(signal.SIGINT, None)

    def _note(self, _signum: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count - self.taken >= LAST_RESORT:
            raise KeyboardInterrupt
        if self._on_press is not None:
            self._on_press()


def _is_ours(handler: Any) -> bool:
    return isinstance(getattr(handler, "__self__", None), Presses)
