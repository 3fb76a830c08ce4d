"""The source of a frame: its lines, as they are shown, and where in them it stands.

Cells are shown as they were typed, `%magic` lines and all, though what runs is the
Python that was made of them (`Typed`). Lines are made fit to be shown: tabs become
spaces, control characters become `?`, and of a line of 10 MB the part around the
column is left. Files are read through `linecache`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType
    from typing import Any

    TypedSource = Callable[[str], str | None]
    """A cell's file name to what was typed into it; None: it is no cell's."""

# Characters of a line that are shown, and of a source that is coloured at once.
WIDEST = 240
COLOURED = 20_000
# Lines before the shown ones that are looked at to colour a long string right.
LEAD = 100
# Lines of one statement that are shown beyond the context.
STATEMENT = 12

Positions = tuple[int, int, int, int]
"""First line, last line, first column, end column; columns in characters, from 0."""


class Excerpt:
    """Some lines of a source, one of which is the current one."""

    __slots__ = ("columns", "current", "first", "last_of_statement", "lead", "lines")

    def __init__(self, first: int, current: int, lines: list[str]) -> None:
        self.first = first
        self.current = current
        self.lines = lines
        self.lead: list[str] = []
        self.columns: tuple[int, int] | None = None
        self.last_of_statement = current

    @property
    def statement(self) -> list[str]:
        """The lines of what was being executed."""
        start = self.current - self.first
        return self.lines[start : self.last_of_statement - self.first + 1]


def lines_of(filename: str, names: dict[str, Any] | None = None) -> Sequence[str]:
    """All lines of a file; empty where it cannot be read."""
    import linecache

    try:
        linecache.checkcache(filename)
        return linecache.getlines(filename, names)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a loader of the user's may do anything
        return []


def positions_of(code: CodeType, lasti: int) -> tuple[int | None, ...] | None:
    """Lines and byte columns of the instruction that was being executed."""
    if lasti < 0:
        return None
    from itertools import islice

    return next(islice(code.co_positions(), lasti // 2, None), None)


def scope_of(code: CodeType) -> tuple[int, int | None]:
    """The first and the last line of a function; of a module there is no last one."""
    if code.co_name == "<module>":
        return 1, None
    last = code.co_firstlineno
    codes = [code]
    while codes:
        one = codes.pop()
        last = max([last, *(line for _, _, line in one.co_lines() if line)])
        codes += [const for const in one.co_consts if isinstance(const, type(code))]
    return code.co_firstlineno, last


def excerpt_of(
    frame: FrameType,
    lineno: int,
    lasti: int,
    context: int,
    typed: TypedSource,
) -> Excerpt | None:
    """The lines around the current one; None where there is no source."""
    code = frame.f_code
    lines = lines_of(code.co_filename, frame.f_globals)
    if not 0 < lineno <= len(lines):
        return None
    positions = positions_of(code, lasti)
    last = lineno
    columns: tuple[int | None, int | None] = (None, None)
    if positions is not None and positions[0] == lineno:
        end = positions[1] or lineno
        last = min(max(lineno, end), len(lines), lineno + STATEMENT)
        text = lines[lineno - 1]
        start_column = character(text, positions[2])
        end_column = character(text, positions[3]) if end == lineno else len(text)
        columns = (start_column, end_column)
    source = typed(code.co_filename)
    if source is not None:
        from ipcluster.engines.interpreter.tracebacks.typed import Typed

        as_typed = Typed(lines, source)
        if as_typed.differs:
            lineno, columns = as_typed.place(lineno, columns)
            last = max(lineno, as_typed.line(last))
            lines = as_typed.lines
    first, end_of_scope = scope_of(code)
    return _cut(
        lines, lineno, last, columns, context, (first, end_of_scope or len(lines))
    )


def _cut(
    lines: Sequence[str],
    lineno: int,
    last: int,
    columns: tuple[int | None, int | None],
    context: int,
    scope: tuple[int, int],
) -> Excerpt:
    before = max(0, context // 2)
    after = max(0, context - 1 - before)
    top = max(min(scope[0], lineno), lineno - before, 1)
    bottom = min(max(scope[1], last), max(lineno + after, last), len(lines))
    while top < lineno and not lines[top - 1].strip():
        top += 1
    while bottom > last and not lines[bottom - 1].strip():
        bottom -= 1
    start, end = columns
    text, shift = fit(lines[lineno - 1], start or 0)
    chosen = [
        text if number == lineno else fit(lines[number - 1])[0]
        for number in range(top, bottom + 1)
    ]
    excerpt = Excerpt(top, lineno, chosen)
    excerpt.last_of_statement = last
    if start is not None and end is not None:
        left, right = shift(start), min(shift(end), len(text))
        if left < right:
            excerpt.columns = (left, right)
    lead_from = max(1, min(scope[0], top), top - LEAD)
    excerpt.lead = _lead(lines[lead_from - 1 : top - 1])
    return excerpt


def _lead(lines: Sequence[str]) -> list[str]:
    """Lines before an excerpt, for the lexer alone; none where they are long."""
    if sum(map(len, lines)) > COLOURED:
        return []
    return [fit(line)[0] for line in lines]


# --- lines and columns ----------------------------------------------------------------


def character(line: str, byte_column: int | None) -> int | None:
    """A column in bytes of UTF-8, as the compiler counts, in characters."""
    if byte_column is None or line.isascii():
        return byte_column
    return len(line.encode("utf-8", "replace")[:byte_column].decode("utf-8", "replace"))


_UNPRINTABLE = {code: "?" for code in (*range(32), *range(127, 160)) if code != 9}


def fit(line: str, column: int = 0) -> tuple[str, Callable[[int], int]]:
    """A line fit to be shown, and a function from its columns to the new ones.

    Of a long line the part around `column` is left.
    """
    line = line.rstrip("\r\n")
    cut = 0
    ends = ("", "")
    if len(line) > WIDEST:
        cut = max(0, min(column - WIDEST // 3, len(line) - WIDEST))
        ends = ("…" if cut else "", "…" if cut + WIDEST < len(line) else "")
        line = line[cut : cut + WIDEST]
    piece = line.translate(_UNPRINTABLE)
    text = f"{ends[0]}{piece.expandtabs(4)}{ends[1]}"

    def shift(column: int) -> int:
        inside = max(0, column - cut)
        return len(piece[:inside].expandtabs(4)) + len(ends[0])

    return text, shift


def width_of(text: str) -> int:
    """Columns that a text takes on a screen."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )
