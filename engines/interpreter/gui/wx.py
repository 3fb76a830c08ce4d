"""wxPython: a loop for each wait, and a timer that looks whether it is over."""

from __future__ import annotations

from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import POLL_EVERY, need_display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

_wx: Any = None
# It has to be held, and there can be only one.
_app: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import it and make the application object, if there is none.

    Raises:
        ImportError: it is not installed, or there is no display.
    """
    global _wx, _app
    _wx = import_module("wx")
    _app = _wx.GetApp()
    if _app is None:
        need_display("wxPython")
        _app = _wx.App(False)  # what is printed stays where it is
        _app.SetExitOnFrameDelete(False)
    return name


def hook(waiting: Waits) -> None:
    """Run wx's loop until the wait is over."""
    loop = _wx.GUIEventLoop()

    class Look(_wx.Timer):  # type: ignore[misc]  # known at run time only
        def Notify(self) -> None:
            if waiting.input_is_ready():
                loop.Exit()

    look = Look()
    activator = _wx.EventLoopActivator(loop)
    look.Start(int(POLL_EVERY * 1000))
    try:
        if not waiting.input_is_ready():
            loop.Run()
    finally:
        look.Stop()
        del activator  # the loop of before is the active one again
