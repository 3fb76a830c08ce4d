"""What a hook is told while it runs, and polling for toolkits that know no `fileno`."""

from __future__ import annotations

import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Waits(Protocol):
        """Whoever waits, as hooks see it."""

        def input_is_ready(self) -> bool: ...
        def fileno(self) -> int: ...

    Hook = Callable[[Any], object]

# Seconds between two looks at a toolkit that has to be polled: 60 pictures a second.
POLL_EVERY = 1 / 60


class Waiting:
    """Tells a hook whether the wait is over: `fd` is readable, or `is_over` says so."""

    def __init__(self, fd: int, is_over: Callable[[], bool] | None = None) -> None:
        self._fd = fd
        self._is_over = is_over

    def input_is_ready(self) -> bool:
        if self._is_over is not None and self._is_over():
            return True
        return pause(self, 0)

    def fileno(self) -> int:
        return self._fd


def pause(waiting: Waits, seconds: float) -> bool:
    """Wait so long at most; whether there is something to do elsewhere."""
    return bool(select.select([waiting.fileno()], [], [], seconds)[0])


def poll(waiting: Waits, step: Callable[[], object], every: float = POLL_EVERY) -> None:
    """Let a toolkit take a step, again and again, until the wait is over."""
    while not waiting.input_is_ready():
        step()
        pause(waiting, every)


def need_display(toolkit: str, *variables: str) -> None:
    """Refuse where windows cannot be: some toolkits end the process there.

    Raises:
        ImportError: no display; as for a toolkit that is not installed.
    """
    import sys

    names = (*variables, "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, names)):
        raise ImportError(
            f"{toolkit} needs a display, and none of {', '.join(names)} is set"
        )
