"""Ctrl-C at a safe moment.

KeyboardInterrupt may come between any two bytecodes. In the middle of a send that
would leave a connection half changed, so while the main thread sends or waits, a
press is only counted, and acted on where nothing is half done.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

# A press that nobody acts on for so many more is raised at once: the main thread is
# stuck in a callback of the user's, and the user wants out.
LAST_RESORT = 3

# The interpreter's own functions: those in `signal` turn what they give into enums,
# which takes ten times as long, and these are called for every task that is waited for.
_raw = sys.modules.get("_signal", signal)
_signal: Callable[..., Any] = _raw.signal
_getsignal: Callable[..., Any] = _raw.getsignal
_SIGINT = int(signal.SIGINT)


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
        if threading.get_ident() != threading.main_thread().ident:
            return self
        previous = _getsignal(_SIGINT)
        # An inner one defers to the outer one: that has the whole operation in view.
        if callable(previous) and not _is_ours(previous):
            self._previous = previous
            _signal(_SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if (previous := self._previous) is None:
            return
        _signal(_SIGINT, previous)
        self._previous = None
        if self.count > self.taken and error is None:
            self.taken = self.count
            previous(_SIGINT, None)

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
        previous(_SIGINT, None)

    def _note(self, _signum: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count - self.taken >= LAST_RESORT:
            raise KeyboardInterrupt
        if self._on_press is not None:
            self._on_press()


def _is_ours(handler: Any) -> bool:
    return isinstance(getattr(handler, "__self__", None), Presses)
