"""GTK 3 and 4: the main context of GLib."""

from __future__ import annotations

import sys
from importlib import import_module

from ipcluster.engines.interpreter.gui.waiting import need_display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Waits

_glib: Any = None


def start(name: str, _shell: Any = None) -> str:
    """Import it: `gtk3`, `gtk4`, or with `gtk` the one that is loaded or there.

    Raises:
        ImportError: it is not installed, or there is no display.
    """
    global _glib
    need_display("GTK", "GDK_BACKEND")
    gi: Any = import_module("gi")
    versions = ["3.0", "4.0"] if name == "gtk" else [f"{name[-1]}.0"]
    loaded = "gi.repository.Gtk" in sys.modules
    for version in versions:
        try:
            if not (loaded and name == "gtk"):
                gi.require_version("Gtk", version)
            import_module("gi.repository.Gtk")
        except (ValueError, ImportError) as error:
            if version == versions[-1]:
                raise ImportError(f"{name} cannot be used: {error}") from None
        else:
            break
    _glib = import_module("gi.repository.GLib")
    return name


def hook(waiting: Waits) -> None:
    """Run GLib's loop until the wait is over."""
    context = _glib.MainContext.default()
    is_over = False

    def stop(*_args: object) -> bool:
        nonlocal is_over
        is_over = True
        return False  # once

    watch = _glib.io_add_watch(
        waiting.fileno(), _glib.PRIORITY_DEFAULT, _glib.IO_IN, stop
    )
    try:
        while not is_over and not waiting.input_is_ready():
            context.iteration(True)
    finally:
        if not is_over:
            _glib.source_remove(watch)
