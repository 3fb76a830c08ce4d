"""What the kernel says of itself: to the stderr that it was started with.

File descriptor 2 is captured for clients later (streams.py); what is said here goes to
whoever started the kernel, a server's log mostly, and never to a notebook.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_stream: TextIO | None = None


def keep_stderr() -> None:
    """Remember the stderr of now, before it is captured."""
    global _stream
    if _stream is None:
        try:
            own = os.dup(2)
            _stream = os.fdopen(own, "w", encoding="utf-8", errors="replace")
        except OSError:  # started without one
            _stream = None


def note(text: str) -> None:
    """One line for the log."""
    stream = _stream or sys.__stderr__
    if stream is None:
        return
    try:
        print(f"[ipshell kernel {time.strftime('%H:%M:%S')}] {text}", file=stream)
        stream.flush()
    except (OSError, ValueError):
        pass  # nobody reads it any more


def note_error() -> None:
    """The exception that is being handled, for the log."""
    import traceback

    note(traceback.format_exc().rstrip())
