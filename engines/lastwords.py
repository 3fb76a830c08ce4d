"""What an engine said last on stderr, as an error quotes it."""

from __future__ import annotations

import os

LINES = 12

# faulthandler's headline; what follows explains it.
_CRASH = "Fatal Python error"
_OURS = f'  File "{os.path.dirname(os.path.abspath(__file__))}{os.sep}'
_RUNPY = '  File "<frozen runpy>"'


def last_words(tail: bytes) -> str:
    """The last lines, or from a crash on its first ones; without our own frames."""
    lines = [
        line
        for line in tail.decode("utf-8", "replace").splitlines()
        if line.strip() and not line.startswith((_OURS, _RUNPY))
    ]
    for at, line in enumerate(lines):
        if line.startswith(_CRASH):
            return "\n".join(lines[max(0, at - 2) : at + LINES - 2])
    return "\n".join(lines[-LINES:])
