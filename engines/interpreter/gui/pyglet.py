"""pyglet: its clock and the events of its windows, a step at a time."""

from __future__ import annotations

from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

_pyglet: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import it.

    Raises:
        ImportError: it is not installed.
    """
    global _pyglet
    _pyglet = import_module("pyglet")
    import_module("pyglet.app")
    import_module("pyglet.clock")
    return name


def hook(waiting: Waits) -> None:
    """Take steps of pyglet's loop until the wait is over."""
    poll(waiting, _step)


def _step() -> None:
    _pyglet.clock.tick()
    for window in list(_pyglet.app.windows):
        window.switch_to()
        window.dispatch_events()
        if window not in _pyglet.app.windows:  # closed by an event
            continue
        window.dispatch_event("on_draw")
        window.flip()
