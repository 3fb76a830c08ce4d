"""Frames that a debugger does not stop in, and does not show.

    tbhide             they have set `__tracebackhide__`
    ipython_internal   they are this shell's own
    debuggerskip       they have a variable `__debuggerskip__`: decorators and wrappers;
                       what they call while it is true is skipped too
    event_loop         they are asyncio's: a step out of a coroutine is not one into
                       the machinery that runs it, nor into what that calls
    readonly           their files cannot be written: libraries (off at first)

Each can be turned on and off by its name: `skip_predicates readonly true`.
"""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.tracebacks.places import (
    LIBRARY,
    OURS,
    kind_of,
)
from ipcluster.engines.interpreter.tracebacks.stack import is_hidden

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

MARK = "__debuggerskip__"
# The file name of code that was typed at the debugger's prompt.
TYPED = "<debugged>"
_ASYNCIO = os.path.join(os.path.dirname(os.__file__), "asyncio", "")


class Skipped:
    """Which frames are skipped."""

    def __init__(self) -> None:
        self.is_on = True
        self.predicates = {
            "tbhide": True,
            "ipython_internal": True,
            "debuggerskip": True,
            "event_loop": True,
            "readonly": False,
        }
        self.modules: set[str] = set()
        self._readonly: dict[str, bool] = {}

    def hides(self, frame: FrameType) -> bool:
        """Whether a frame is left out of stacks."""
        if not self.is_on:
            return False
        on = self.predicates
        filename = frame.f_code.co_filename
        return (
            (on["ipython_internal"] and kind_of(filename) is OURS)
            or (on["event_loop"] and filename.startswith(_ASYNCIO))
            or (on["tbhide"] and is_hidden(frame))
            or (on["readonly"] and self._is_readonly(filename))
        )

    def passes(self, frame: FrameType, bottom: FrameType | None) -> bool:
        """Whether a step goes past a frame; `bottom` is where debugging began."""
        if self.modules and self._is_ignored(frame):
            return True
        if self.hides(frame) or self._serves_hidden(frame):
            return True
        if not (self.is_on and self.predicates["debuggerskip"]):
            return False
        if MARK in frame.f_code.co_varnames:
            return True
        caller = frame.f_back
        while caller is not None and caller is not bottom:
            if MARK in caller.f_code.co_varnames and caller.f_locals.get(MARK):
                return True
            caller = caller.f_back
        return False

    def _serves_hidden(self, frame: FrameType) -> bool:
        """Whether a library's frame is there for one that is hidden, not for a user's.

        The selector of an event loop for one. Python itself calls such as well.
        """
        above: FrameType | None = frame
        while above is not None and self._is_library(above):
            above = above.f_back
            if above is not None and self.hides(above):
                return True
        return False

    def _is_library(self, frame: FrameType) -> bool:
        filename, names = frame.f_code.co_filename, frame.f_globals
        if filename == TYPED:
            return False
        if filename.startswith("<") and "__file__" not in names:
            # Generated, as the methods of a named tuple: whose, its caller tells.
            return names.get("__name__") != "__main__"
        return kind_of(filename, names) is LIBRARY

    def _is_ignored(self, frame: FrameType) -> bool:
        from fnmatch import fnmatchcase

        name = frame.f_globals.get("__name__")
        return isinstance(name, str) and any(
            fnmatchcase(name, pattern) for pattern in self.modules
        )

    def _is_readonly(self, filename: str) -> bool:
        if filename not in self._readonly:
            is_there = os.path.exists(filename)
            self._readonly[filename] = is_there and not os.access(filename, os.W_OK)
        return self._readonly[filename]
