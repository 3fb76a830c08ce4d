"""The asyncio loop of a shell, which lets a GUI's loop run whenever it waits.

The prompt, a kernel between two requests, and a cell that awaits all wait here. So a
window stays live in all three, and tasks of asyncio go on while it does.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import sys
import threading

from ipcluster.engines.interpreter.asynchrony import LoopRunner
from ipcluster.engines.interpreter.gui.waiting import Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Seconds to wait for asyncio when a hook has returned early: it is called again then.
_AGAIN = 0.05


class HookedLoop(LoopRunner):
    """Runs coroutines on a loop that knows of hooks."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if not self.has_loop and _is_main() and sys.platform != "win32":
            self._loop = _Loop(HookedSelector(self.shell))
        return super().loop


class HookedSelector(selectors.BaseSelector):
    """A selector that calls the shell's `inputhook`, if it has one, while it waits."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.inner = selectors.DefaultSelector()
        self.is_in_hook = False
        self._bell: _Bell | None = None

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        return self.inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> Any:
        return self.inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        return self.inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, Any]:
        return self.inner.get_map()

    def close(self) -> None:
        if self._bell is not None:
            self._bell.close()
        self.inner.close()

    def select(self, timeout: float | None = None) -> Any:
        hook = self.shell.inputhook
        fd = getattr(self.inner, "fileno", lambda: -1)()
        is_main = threading.current_thread() is threading.main_thread()
        if (
            hook is None
            or fd < 0
            or not is_main
            or (timeout is not None and not timeout)
        ):
            return self._without_bell(self.inner.select(timeout))
        if self._bell is None:
            self._bell = _Bell()
            self.inner.register(self._bell.ear, selectors.EVENT_READ, _Bell)
        with self._bell.ringing_after(timeout):
            waiting = Waiting(fd)
            self._call(hook, waiting)
            left = 0 if waiting.input_is_ready() else _AGAIN
            if timeout is not None:
                left = min(left, timeout)
            found = self.inner.select(left)
        return self._without_bell(found)

    def _without_bell(self, found: list[Any]) -> list[Any]:
        """What asyncio is to hear of. A bell may ring late, when no hook runs."""
        if self._bell is None:
            return found
        heard = [one for one in found if one[0].data is not _Bell]
        if len(heard) < len(found):
            self._bell.hush()
        return heard

    def _call(self, hook: Callable[[Waiting], object], waiting: Waiting) -> None:
        self.is_in_hook = True
        try:
            hook(waiting)
        except Exception as error:  # it would fail again, for ever
            self.shell.inputhook = self.shell.active_eventloop = None
            print(
                "The loop of the GUI has failed, and is given up: "
                f"{type(error).__name__}: {error}",
                file=sys.stderr,
            )
        finally:
            self.is_in_hook = False

    def ring(self) -> None:
        """End the hook: there is something to do for asyncio."""
        if self._bell is not None:
            self._bell.ring()


def _is_main() -> bool:
    """Toolkits have their windows in the main thread, and signals come there."""
    return threading.current_thread() is threading.main_thread()


class _Bell:
    """A file descriptor that becomes readable when a hook has to end.

    That is after some seconds, when somebody rings, or at a signal: the toolkit is in C
    code, and Python's handlers of signals wait for the next line of Python.
    """

    def __init__(self) -> None:
        self.ear, self.button = os.pipe()
        for end in (self.ear, self.button):
            os.set_blocking(end, False)
        self._seconds: float | None = None
        self._timer: threading.Timer | None = None
        self._wakeup = -1

    def ring(self) -> None:
        try:
            os.write(self.button, b"!")
        except (BlockingIOError, OSError):
            pass  # full of rings, or closed

    def ringing_after(self, seconds: float | None) -> _Bell:
        self._seconds = seconds
        return self

    def __enter__(self) -> None:
        self.hush()
        self._wakeup = signal.set_wakeup_fd(self.button, warn_on_full_buffer=False)
        if self._wakeup != -1:  # asyncio's own, which ends the hook as well
            signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        if self._seconds is not None:
            self._timer = threading.Timer(self._seconds, self.ring)
            self._timer.daemon = True
            self._timer.start()

    def __exit__(self, *_error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._wakeup == -1:
            signal.set_wakeup_fd(-1)
        self.hush()

    def hush(self) -> None:
        try:
            while os.read(self.ear, 4096):
                pass
        except (BlockingIOError, OSError):
            pass

    def close(self) -> None:
        os.close(self.ear)
        os.close(self.button)


class _Loop(asyncio.SelectorEventLoop):
    """A loop that is woken by what a callback of a GUI schedules on it."""

    _selector: HookedSelector

    def call_soon(self, *args: Any, **keywords: Any) -> Any:  # type: ignore[override]  # passed on
        handle = super().call_soon(*args, **keywords)
        if self._selector.is_in_hook:
            self._selector.ring()
        return handle

    def call_at(self, *args: Any, **keywords: Any) -> Any:  # type: ignore[override]  # passed on
        handle = super().call_at(*args, **keywords)
        if self._selector.is_in_hook:
            self._selector.ring()
        return handle
