"""Ctrl-C raises in cells and in plain lines, and nowhere else.

Between a cell and a prompt a `KeyboardInterrupt` would break off the session's own
work: at best a prompt too many, at worst the end of the shell. Who holds the keys down
presses thirty times a second, so it does come there; it is dropped. But what comes
behind Enter is meant for the cell, which has not begun: it is kept until it has.

    prompt (looping.py: a key)  |  kept  |  cell: KeyboardInterrupt  |  dropped
                              Enter    begins                       ends

A handler that a cell has set is left to it, and so is a shell whose parent has it
ignore SIGINT. That of `asyncio.run` steps back while a shell is embedded in a
coroutine: it would cancel the program's main task, and let the cell run on.
"""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


_is_kept = False


def _drop(_number: int, _frame: Any) -> None:
    """What SIGINT does between cells: nothing, unless one is about to begin."""
    keep_press()


def keep_press() -> None:
    """There was one that is meant for the cell which is about to begin."""
    global _is_kept
    _is_kept = True


def take_press() -> bool:
    """Whether there was one; it is forgotten."""
    global _is_kept
    was, _is_kept = _is_kept, False
    return was


class DroppedPresses:
    """While it is entered, SIGINT does nothing, but after `hear_presses`."""

    def __enter__(self) -> None:
        self._asyncios = signal.getsignal(signal.SIGINT)
        if _is_asyncios(self._asyncios):
            _exchange(self._asyncios, signal.default_int_handler)
        drop_presses()

    def __exit__(self, *_error: object) -> None:
        _exchange(_drop, signal.default_int_handler)
        if _is_asyncios(self._asyncios):
            _exchange(signal.default_int_handler, self._asyncios)


def _is_asyncios(handler: Any) -> bool:
    """Whether it is the one that `asyncio.run` sets, and compares with at its end."""
    bound = getattr(handler, "func", None)
    return (
        getattr(bound, "__module__", "") == "asyncio.runners"
        and getattr(bound, "__name__", "") == "_on_sigint"
    )


def hear_presses() -> None:
    """From here on SIGINT raises KeyboardInterrupt, if it has been dropped."""
    _exchange(_drop, signal.default_int_handler)


def drop_presses() -> None:
    """From here on SIGINT does nothing, if it has raised KeyboardInterrupt."""
    while True:
        try:
            _exchange(signal.default_int_handler, _drop)
            return
        except KeyboardInterrupt:  # the last one
            continue


def _exchange(old: Any, new: Any) -> None:
    """Put one handler in the place of another, if that is there."""
    try:
        if signal.getsignal(signal.SIGINT) is old:
            signal.signal(signal.SIGINT, new)
    except ValueError:  # not the main thread, which alone hears of it
        pass
