"""Errors and breakpoints that reach the process while a shell is its current one.

sys.excepthook        what else renders exceptions (a GUI's callbacks, `code.interact`)
                      shows them as the shell does. A hook of the user's that is put
                      there instead shows the errors of cells too; most of them call
                      the one they found, so ours is heard in the end.
threading.excepthook  an error in a thread looks like one in a cell, says whose it is,
                      and `%tb` and `%debug` look at it.
sys.breakpointhook    `breakpoint()` opens our debugger, unless PYTHONBREAKPOINT says
                      otherwise.
sys.unraisablehook    is left alone: what comes there (errors in `__del__`, at any
                      moment, with memory gone) is no place for as much code as ours.

Each is given back when the shell steps down, if nobody has replaced it since.
"""

from __future__ import annotations

import os
import sys
import threading

from ipcluster.engines.interpreter.showing import is_debuggers_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class Catcher:
    """Puts a shell's hooks into the process, and takes them out again."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._pid = 0
        self.is_asking = False  # whether the user's hook is showing a cell's error
        self._found: list[tuple[Any, str, Any, Any]] = []

    def install(self) -> None:
        if self._found:
            return
        self._pid = os.getpid()
        ours: tuple[tuple[Any, str, Any], ...] = (
            (sys, "excepthook", self.on_exception),
            (sys, "breakpointhook", self.on_breakpoint),
            (threading, "excepthook", self.on_thread),
        )
        for module, name, hook in ours:
            self._found.append((module, name, hook, getattr(module, name)))
            setattr(module, name, hook)

    def remove(self) -> None:
        for module, name, hook, before in self._found:
            if getattr(module, name) == hook:
                setattr(module, name, before)
        self._found.clear()

    def users_hook(self) -> Any:
        """The `sys.excepthook` that was put in the place of ours; None: nobody has."""
        current = sys.excepthook
        for module, name, hook, before in self._found:
            if module is sys and name == "excepthook":
                known = (hook, before, sys.__excepthook__)
                return None if current in known else current
        return None

    # --- the hooks --------------------------------------------------------------------

    def on_exception(self, kind: Any, value: Any, tb: Any) -> None:
        if os.getpid() != self._pid:  # a fork: the shell is its parent's
            sys.__excepthook__(kind, value, tb)
        elif self.is_asking:  # a cell's error, by way of the user's hook
            self.shell.show_as_ours(kind, value, tb)
        else:
            self.shell.remember_error(kind, value, tb)
            lines = self.shell.rendered(kind, value, tb)
            print(*lines, sep="\n", file=sys.stderr, flush=True)

    def on_thread(self, args: Any) -> None:
        kind, value, tb = args.exc_type, args.exc_value, args.exc_traceback
        if kind is SystemExit or is_debuggers_end(value):  # ways to end a thread
            return
        name = "a thread" if args.thread is None else args.thread.name
        self.shell.remember_error(kind, value, tb)
        lines = self.shell.rendered(kind, value, tb)
        print(f"Exception in {name}:", *lines, sep="\n", file=sys.stderr, flush=True)

    def on_breakpoint(self, *args: Any, **keywords: Any) -> Any:
        if os.environ.get("PYTHONBREAKPOINT"):
            return sys.__breakpointhook__(*args, **keywords)
        from ipcluster.engines.interpreter.debugger import set_trace

        return set_trace(self.shell, sys._getframe(1), **keywords)
