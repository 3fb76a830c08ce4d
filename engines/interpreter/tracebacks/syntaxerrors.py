"""Errors in source text: the line, as it was typed, with carets under what is wrong.

A `SyntaxError` is filled in by whoever raises it: the compiler, a transformer, a
library, a user with nothing but a message. So every field is looked at with distrust.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.tracebacks.sources import (
    fit,
    lines_of,
    width_of,
)
from ipcluster.engines.interpreter.tracebacks.values import attribute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.tracebacks.sources import TypedSource


class WrongSource:
    """What a `SyntaxError` says of its place, as far as that can be believed."""

    def __init__(self, value: BaseException, typed: TypedSource) -> None:
        filename = attribute(value, "filename")
        self.filename = filename if isinstance(filename, str) else None
        self.lineno = _number(attribute(value, "lineno"))
        text = attribute(value, "text")
        self.text = text if isinstance(text, str) and text.strip() else None
        self.start: int | None = None
        self.end: int | None = None
        offset = _number(attribute(value, "offset"))
        end = _number(attribute(value, "end_offset"))
        end_line = _number(attribute(value, "end_lineno"))
        if offset is not None:
            self.start = max(0, offset - 1)
            self.end = None if end is None or end < 1 else end - 1
            if end_line is not None and end_line != self.lineno:
                self.end = 10**9  # to the end of the line
        self._as_typed(typed)

    def _as_typed(self, typed: TypedSource) -> None:
        if self.filename is None or self.lineno is None:
            return
        source = typed(self.filename)
        python = lines_of(self.filename)
        if source is None:
            # The compiler keeps a line's text for files it has read alone.
            if self.text is None and 0 < self.lineno <= len(python):
                self.text = python[self.lineno - 1]
            return
        from ipcluster.engines.interpreter.tracebacks.typed import Typed

        as_typed = Typed(python, source)
        # Right behind the last line: something was left open at the end.
        lineno = min(self.lineno, max(1, len(python)))
        self.lineno, (self.start, self.end) = as_typed.place(
            lineno, (self.start, self.end)
        )
        if 0 < self.lineno <= len(as_typed.lines):
            self.text = as_typed.lines[self.lineno - 1] or self.text

    def lines(self) -> list[str]:
        """The line and the marks under it, without the line's indentation."""
        if self.text is None:
            return []
        first = self.text.split("\n")[0]
        line, shift = fit(first, self.start or 0)
        stripped = line.lstrip()
        if self.start is None or not stripped:
            return [stripped]
        margin = len(line) - len(stripped)
        start = shift(min(self.start, len(first)))
        end = start + 1
        if self.end is not None and self.end > self.start:
            end = max(end, min(shift(min(self.end, len(first))), len(line.rstrip())))
        before = line[margin : max(margin, start)]
        before += " " * max(0, start - len(line))
        marked = line[max(margin, start) : end]
        return [
            stripped.rstrip(),
            " " * width_of(before) + "^" * max(1, width_of(marked)),
        ]


def message_of_syntax_error(value: BaseException) -> str | None:
    """The message without the place, which is shown above it; None: ask `str`."""
    message = attribute(value, "msg")
    return message if isinstance(message, str) and message else None


def _number(value: Any) -> int | None:
    return value if type(value) is int else None
