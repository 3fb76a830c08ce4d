"""Ctrl-C while a task of the user's holds up the loop that the prompt waits on.

At the prompt the terminal gives us Ctrl-C as a key, which nobody reads while a callback
sleeps or computes on our loop. So while there are such tasks, a thread looks whether
the loop still turns; when it does not, Ctrl-C is made a signal again, and interrupts
whatever it is that does not give way. A signal while the loop turns (the press was
late, or somebody has sent it) is the key that it would have been.
"""

from __future__ import annotations

import signal
import sys
import threading
from functools import partial

from ipcluster.shell.terminal.presses import keep_press, take_press

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from types import FrameType
    from typing import Any

    from prompt_toolkit import PromptSession

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# Seconds that the loop may take for a turn before Ctrl-C becomes a signal.
PATIENCE = 0.4


class StuckWatch:
    """Watches a loop while it is entered, if somebody else has work there."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, shell: TerminalInteractiveShell
    ) -> None:
        self.loop = loop
        self.shell = shell
        self._turned = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_stuck = False

    def __enter__(self) -> None:
        import asyncio

        if asyncio.all_tasks(self.loop) or self.shell.inputhook is not None:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def __exit__(self, *_error: object) -> None:
        if self._thread is not None:
            self._over.set()
            self._turned.set()  # it need not wait on
            self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self._turned.clear()
            self.loop.call_soon_threadsafe(self._tell_turn)
            turns = self._turned.wait(PATIENCE)
            if self._over.is_set():
                break
            if not turns and not self.is_stuck:
                self.is_stuck = _make_signal(on=True)
            elif turns and self.is_stuck:
                self.is_stuck = False
                # By the loop's own thread, which sets the terminal's modes otherwise.
                self.loop.call_soon_threadsafe(partial(_make_signal, on=False))
            if turns:
                self._over.wait(PATIENCE)

    def _tell_turn(self) -> None:
        """Called by the loop; being ours, it is not interrupted (`Interrupts`)."""
        self._turned.set()


class Interrupts:
    """While it is entered, SIGINT interrupts tasks of the user's, and is else a key.

    An exception in the midst of the loop's own work would lose a callback, and whoever
    waits for it would wait for ever. So it is raised only within what is not ours.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, session: PromptSession[str]
    ) -> None:
        self.loop = loop
        self.session = session
        self._before: Any = None
        self.is_over = False  # the prompt has been answered

    def __enter__(self) -> Interrupts:
        take_press()  # it came before there was a prompt
        try:
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        except ValueError:  # not the main thread, which alone hears of it
            self._before = None
        return self

    def __exit__(self, *_error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        if _is_in_users_code(frame):
            raise KeyboardInterrupt
        if self.is_over or self.session.app.is_done:
            keep_press()
        else:
            self.loop.call_soon_threadsafe(self._press)

    def _press(self) -> None:
        app = self.session.app
        if app.is_running and not app.is_done:
            app.key_processor.send_sigint()


# What a callback of the loop's may begin with that is not the user's.
_OURS = ("asyncio", "concurrent", "ipcluster", "prompt_toolkit", "threading")
# The module that calls the loop of a GUI while asyncio waits.
_HOOKING = "ipcluster.engines.interpreter.gui.hooking"


def _is_in_users_code(frame: FrameType | None) -> bool:
    """Whether the loop was running something of the user's: a task, or a GUI's loop.

    That is told by the outermost frame above the loop's own.
    """
    above: FrameType | None = None
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name == "asyncio.events" and frame.f_code.co_name == "_run":
            break
        if name == _HOOKING:
            return above is not None and frame.f_code.co_name == "_call"
        if name.partition(".")[0] != "asyncio":
            above = frame
        frame = frame.f_back
    if frame is None or above is None:
        return False
    package = str(above.f_globals.get("__name__", "")).partition(".")[0]
    return package not in _OURS


def _make_signal(*, on: bool) -> bool:
    """Let the terminal send SIGINT for Ctrl-C, or give it to us as a key.

    Returns whether it was done: where the terminal gives whole lines, the prompt has
    not begun, or lets somebody print; then Ctrl-C is a signal, and stays one.
    """
    import termios

    try:
        assert sys.__stdin__ is not None
        fd = sys.__stdin__.fileno()
        modes = termios.tcgetattr(fd)
        if modes[3] & termios.ICANON:
            return False
        # And what is shown of a press that came before is not thrown away for it.
        ours = termios.ISIG | termios.NOFLSH
        modes[3] = modes[3] | ours if on else modes[3] & ~ours
        termios.tcsetattr(fd, termios.TCSANOW, modes)
    except (termios.error, OSError, ValueError):  # no terminal any more
        return False
    return True
