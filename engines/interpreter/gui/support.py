"""What programs ask that start loops themselves: is one kept alive here already?

app = get_app_qt()
...
start_event_loop_qt(app)    # does nothing where the shell runs it
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _is_kept(name: str) -> bool:
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    return shell is not None and str(shell.active_eventloop).startswith(name)


# --- Qt -------------------------------------------------------------------------------


def get_app_qt(*args: Any, **kwargs: Any) -> Any:
    """The application object, made if there is none."""
    from ipcluster.engines.interpreter.gui import qt

    qt.start("qt")
    return qt._app


def is_event_loop_running_qt(app: Any = None) -> bool:
    """Whether Qt's loop runs, or is run by the shell while it waits."""
    return _is_kept("qt") or bool(getattr(app or get_app_qt(), "_in_event_loop", False))


def start_event_loop_qt(app: Any = None) -> None:
    """Run Qt's loop until it ends, unless somebody runs it already."""
    app = app or get_app_qt()
    if not is_event_loop_running_qt(app):
        app._in_event_loop = True
        (getattr(app, "exec", None) or app.exec_)()
        app._in_event_loop = False


# --- wx -------------------------------------------------------------------------------


def get_app_wx(*args: Any, **kwargs: Any) -> Any:
    """The application object, made if there is none."""
    wx: Any = import_module("wx")
    kwargs.setdefault("redirect", False)
    return wx.GetApp() or wx.App(*args, **kwargs)


def is_event_loop_running_wx(app: Any = None) -> bool:
    """Whether wx's loop runs, or is run by the shell while it waits."""
    if _is_kept("wx"):
        return True
    app = app or get_app_wx()
    return bool(app.IsMainLoopRunning())


def start_event_loop_wx(app: Any = None) -> None:
    """Run wx's loop until it ends, unless somebody runs it already."""
    app = app or get_app_wx()
    if not is_event_loop_running_wx(app):
        app.MainLoop()
