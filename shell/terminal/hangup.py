"""The terminal is closed, or somebody ends us: the history is kept, then we go.

Python would die at once. The signal becomes a `SystemExit` in the main thread instead,
so a cell ends, files are closed, and the session leaves its loop.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

_SIGNALS = (signal.SIGHUP, signal.SIGTERM)

# Seconds that a cell gets to end after its terminal has gone.
_PATIENCE = 10.0


class Hangups:
    """While it is entered, both signals end the session of `shell`."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self.pid = os.getpid()
        self.status: int | None = None  # to end with, if a signal came
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Hangups:
        for number in _SIGNALS:
            try:
                if signal.getsignal(number) == signal.SIG_DFL:
                    self._before[number] = signal.signal(number, self._on_signal)
            except ValueError:  # not the main thread
                break
        return self

    def __exit__(self, *_error: object) -> None:
        if self.status is not None and os.getpid() == self.pid:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._on_signal:
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: Any) -> None:
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != self.pid:  # a child of a cell's: it is told itself
            os.kill(os.getpid(), number)
            return
        self.shell.exit_now = True
        self.status = 128 + number
        # A cell that takes no notice, of this or of SIGALRM, is the kernel's to end.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
        raise SystemExit(self.status)
