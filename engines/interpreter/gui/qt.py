"""Qt, by PyQt6, PySide6, PyQt5 or PySide2: that which is loaded, or else installed."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import need_display, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

BINDINGS = {"PyQt6": "qt6", "PySide6": "qt6", "PyQt5": "qt5", "PySide2": "qt5"}

_core: Any = None
# It has to be held: who lets go of it ends it.
_app: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import a binding and make the application object, if there is none.

    Raises:
        ImportError: none is installed, or there is no display.
    """
    global _core, _app
    binding = _chosen(name)
    _core = import_module(f"{binding}.QtCore")
    widgets = import_module(f"{binding}.QtWidgets")
    app = _core.QCoreApplication.instance()
    if app is None:
        # Without a display Qt ends the process.
        need_display("Qt", "QT_QPA_PLATFORM")
        app = widgets.QApplication(["ipshell"])
        app.setQuitOnLastWindowClosed(False)
    _app = app
    return name if name == "qt" else BINDINGS[binding]


def _chosen(name: str) -> str:
    loaded = [one for one in BINDINGS if f"{one}.QtCore" in sys.modules]
    if loaded:
        if name not in ("qt", BINDINGS[loaded[0]]):
            print(f"{loaded[0]} is loaded already: going on with it, not with {name}.")
        return loaded[0]
    wanted = [one for one, version in BINDINGS.items() if name in ("qt", version)]
    asked = os.environ.get("QT_API", "").lower()
    wanted.sort(key=lambda one: one.lower() != asked)
    for binding in wanted:
        try:
            import_module(f"{binding}.QtCore")
        except ImportError:
            continue
        return binding
    raise ImportError(f"none of {', '.join(wanted)} is installed")


def hook(waiting: Waits) -> None:
    """Run Qt's loop until the wait is over."""
    loop = _core.QEventLoop(_app)
    kinds = _core.QSocketNotifier
    readable = kinds.Type.Read if hasattr(kinds, "Type") else kinds.Read
    notifier = kinds(waiting.fileno(), readable, loop)
    notifier.activated.connect(lambda *_: loop.quit())
    try:
        if not waiting.input_is_ready():
            run = getattr(loop, "exec", None) or loop.exec_
            run()
    finally:
        notifier.setEnabled(False)
    # Who has called `quit` of the application has ended all loops to come, too; events
    # are still handled.
    poll(waiting, _app.processEvents)
