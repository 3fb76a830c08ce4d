"""An interrupt that waits while a child is started, and what reads from it.

Between the start of a child and the block that sees to its end, a KeyboardInterrupt
would leave it running, and nobody would know of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


class HeldInterrupts:
    """While it is entered, an interrupt waits; `let_go` delivers it, in a better place.

    In a thread that hears of no signals there is nothing to hold.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._has_come = False

    def __enter__(self) -> HeldInterrupts:
        import signal
        import threading

        handler = signal.getsignal(signal.SIGINT)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self._before = handler
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        self.let_go()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._has_come = True

    def let_go(self) -> None:
        """From here on they come at once, and first the one that has come.

        Raises:
            KeyboardInterrupt: what most handlers do.
        """
        import signal
        import sys

        if self._before is None:
            return
        before, self._before = self._before, None
        signal.signal(signal.SIGINT, before)
        if self._has_come:
            self._has_come = False
            before(signal.SIGINT, sys._getframe())
