"""Tk: the loop of Tcl, which is one for all windows of a thread."""

from __future__ import annotations

from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

# An interpreter of Tcl's without a window. Whose loop is run: that of the thread, and
# so of all windows that the user makes, the last and the first.
_tcl: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import it.

    Raises:
        ImportError: this Python has no Tk.
    """
    global _tcl
    if _tcl is None:
        _tcl = import_module("tkinter").Tcl().tk
    return name


def hook(waiting: Waits) -> None:
    """Run Tk's loop until the wait is over."""
    if not hasattr(_tcl, "createfilehandler"):  # Windows
        poll(waiting, _step)
        return
    is_over = False

    def stop(*_args: object) -> None:
        nonlocal is_over
        is_over = True

    readable = import_module("tkinter").READABLE
    _tcl.createfilehandler(waiting.fileno(), readable, stop)
    try:
        while not is_over and not waiting.input_is_ready():
            _tcl.dooneevent(0)
    finally:
        _tcl.deletefilehandler(waiting.fileno())


def _step() -> None:
    dont_wait = import_module("tkinter")._tkinter.DONT_WAIT
    while _tcl.dooneevent(dont_wait):
        pass
