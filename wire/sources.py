"""The source lines of functions that were typed at a prompt or in a notebook.

No file has them: on the client they are in `linecache`, where its shell put them. They
travel with the function's code and go to `linecache` on the engine, so that tracebacks
there show the line that failed, and `inspect.getsource` works.

Lines of functions from files do not travel: an engine reads the file if it has it.
"""

from __future__ import annotations

import linecache
from functools import lru_cache
from types import CodeType
from typing import TypeAlias

Source: TypeAlias = tuple[int, list[str]]
"""The number of the first line, and the lines."""

# Longer functions go without.
LIMIT = 2000

# Cells whose lines are kept in one process: the lines of older ones are dropped.
KEPT = 1000

_kept: dict[str, None] = {}


def source_of(code: CodeType) -> Source | None:
    """The lines of a function that no file has; None if a file may have them."""
    entry = linecache.cache.get(code.co_filename)
    # What shells put there has no modification time, so that `checkcache` leaves it.
    if entry is None or len(entry) != 4 or entry[1] is not None:
        return None
    first, last = code.co_firstlineno, _last_line(code)
    if first < 1 or last - first >= LIMIT:
        return None
    lines = entry[2][first - 1 : last]
    return (first, lines) if lines else None


@lru_cache(maxsize=4096)
def _last_line(code: CodeType) -> int:
    """The last line of the code, and of all code nested in it."""
    last = code.co_firstlineno
    for _, end, _, _ in code.co_positions():
        if end is not None and end > last:
            last = end
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            last = max(last, _last_line(constant))
    return last


def keep(filename: str, source: Source) -> None:
    """Have `linecache` know these lines; what it knows otherwise goes first."""
    first, lines = source
    known: list[str] = []
    if filename in linecache.cache:
        if filename not in _kept:
            return
        known = list(linecache.cache[filename][2])  # type: ignore[misc]  # ours have 4
    end = first - 1 + len(lines)
    known += ["\n"] * (end - len(known))
    before = known[first - 1 : end]
    if any(a not in ("\n", b) for a, b in zip(before, lines, strict=True)):
        # Another session's cell of the same name: better no line than a wrong one.
        known = ["\n"] * end
    known[first - 1 : end] = lines
    put(filename, known)


def put(filename: str, lines: list[str]) -> None:
    """Have `linecache` know all lines of this file, which is none."""
    _kept.pop(filename, None)
    _kept[filename] = None
    size = sum(map(len, lines))
    linecache.cache[filename] = (size, None, lines, filename)
    while len(_kept) > KEPT:
        oldest = next(iter(_kept))
        del _kept[oldest]
        linecache.cache.pop(oldest, None)
