"""What is printed while the prompt waits appears above it.

By threads, and by tasks that go on. Whole lines are printed; the beginning of a line
waits for its end, or for the end of the prompt, for the prompt begins where it ends.
"""

from __future__ import annotations

import sys
import threading

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.application.current import get_app_or_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, TextIO

# Seconds between two paintings: the prompt is drawn anew with each.
_PAUSE = 0.05


class AbovePrompt:
    """While it is entered, `sys.stdout` and `sys.stderr` print above the prompt."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.lock = threading.Lock()
        self.waiting: list[tuple[TextIO, str]] = []
        self._is_planned = False
        self._is_over = False
        self._streams: tuple[Any, Any] = (None, None)

    def __enter__(self) -> None:
        self._streams = (sys.stdout, sys.stderr)
        sys.stdout = _Stream(sys.stdout, self)
        sys.stderr = _Stream(sys.stderr, self)

    def __exit__(self, *_error: object) -> None:
        for name, stream in zip(("stdout", "stderr"), self._streams, strict=True):
            ours: Any = getattr(sys, name)
            if isinstance(ours, _Stream) and ours.owner is self:  # else the user's
                setattr(sys, name, stream)
        with self.lock:
            self._is_over = True
        self._print(whole=False)

    def take(self, stream: TextIO, text: str) -> None:
        """Print this when the loop has time; called in any thread."""
        with self.lock:
            self.waiting.append((stream, text))
            over = self._is_over
            planned, self._is_planned = self._is_planned, True
        if over:
            self._print(whole=False)
        elif not planned:
            self.loop.call_soon_threadsafe(self._paint)

    def _paint(self) -> None:
        app = get_app_or_none()
        with self.lock:
            has_line = any("\n" in text for _, text in self.waiting)
            self._is_planned = False
        if self._is_over or not has_line:
            return
        if app is None or not app.is_running:
            self._print(whole=False)
            return
        self._is_planned = True
        app.create_background_task(self._paint_above())

    async def _paint_above(self) -> None:
        import asyncio

        await run_in_terminal(lambda: self._print(whole=True))
        await asyncio.sleep(_PAUSE)
        self._paint()

    def _print(self, *, whole: bool) -> None:
        """Print what waits; with `whole`, up to the end of its last whole line."""
        with self.lock:
            texts, self.waiting = self.waiting, []
            if whole:
                texts, self.waiting = _whole_lines(texts)
        for stream, text in texts:
            try:
                stream.write(text)
                stream.flush()
            except (OSError, ValueError):  # it has gone
                return


def _whole_lines(texts: list[tuple[TextIO, str]]) -> tuple[Any, Any]:
    """What can be printed now, and what has to wait."""
    last = max(
        (number for number, (_, text) in enumerate(texts) if "\n" in text), default=-1
    )
    if last < 0:
        return [], texts
    stream, text = texts[last]
    line, _, rest = text.rpartition("\n")
    now = [*texts[:last], (stream, f"{line}\n")]
    later = [*([(stream, rest)] if rest else []), *texts[last + 1 :]]
    return now, later


class _Stream:
    """Like the stream it stands for, but that it prints above the prompt."""

    def __init__(self, stream: TextIO, owner: AbovePrompt) -> None:
        self._stream = stream
        self.owner = owner

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() wants a str, not {type(text).__name__}")
        self.owner.take(self._stream, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Lines are printed when they are whole."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
