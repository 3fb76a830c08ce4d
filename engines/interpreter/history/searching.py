"""What is looked for in the history.

In SQL for what lies in the file, and in Python for this session's inputs, which are in
memory. Both give the same answers.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Keys of this session's inputs are above all of the file's.
NOW = 1 << 62

OK, FAILED, UNFINISHED = "ok", "failed", "unfinished"
STATUSES = (OK, FAILED, UNFINISHED)


class Cell:
    """One input, and what is known of how it ran.

    `key` grows with time. `error` is the class of what the cell raised, "" if it raised
    nothing, None if it has not ended or nothing is known of it (another shell wrote it:
    then `started` is None as well). `exit_code` is that of its last shell command.
    """

    __slots__ = (
        "cwd",
        "duration",
        "error",
        "exit_code",
        "key",
        "line",
        "output",
        "raw",
        "session",
        "source",
        "started",
    )

    def __init__(
        self,
        key: int,
        session: int,
        line: int,
        source: str,
        raw: str,
        output: str | None = None,
        started: float | None = None,
        duration: float | None = None,
        error: str | None = None,
        exit_code: int | None = None,
        cwd: str | None = None,
    ) -> None:
        self.key = key
        self.session = session
        self.line = line
        self.source = source
        self.raw = raw
        self.output = output
        self.started = started
        self.duration = duration
        self.error = error
        self.exit_code = exit_code
        self.cwd = cwd

    @property
    def status(self) -> str | None:
        """How it ended: one of `STATUSES`; None: nobody knows."""
        if self.started is None:
            return None
        if self.error is None:
            return UNFINISHED
        return FAILED if self.error or self.exit_code else OK

    def __repr__(self) -> str:
        return f"<Cell {self.session}/{self.line}: {self.raw[:40]!r}>"


class Wanted:
    """Which inputs are looked for: all those that fit everything that is said.

    Args:
        session: of this session alone.
        start: from this line on.
        stop: before this line.
        pattern: a glob over the whole text of the input.
        prefix: how the input begins.
        in_raw: whether both look at what was typed, not at what it was made into.
        status: how it ended.
        longer: that took more seconds than this.
        cwd: that ran in this folder, or below it.
        before: whose key is below this one.
    """

    def __init__(
        self,
        *,
        session: int | None = None,
        start: int | None = None,
        stop: int | None = None,
        pattern: str | None = None,
        prefix: str = "",
        in_raw: bool = True,
        status: str | None = None,
        longer: float | None = None,
        cwd: str | None = None,
        before: int | None = None,
    ) -> None:
        self.session = session
        self.start = start
        self.stop = stop
        self.pattern = None if pattern is None or not pattern.strip("*") else pattern
        self.prefix = prefix
        self.in_raw = in_raw
        self.status = status
        self.longer = longer
        self.cwd = None if cwd is None else cwd.rstrip("/") or "/"
        self.before = before

    @property
    def needs_facts(self) -> bool:
        """Whether it asks for more than IPython writes down."""
        return not (self.status is None and self.longer is None and self.cwd is None)

    # --- in the file ------------------------------------------------------------------

    def sql(self) -> tuple[str, list[Any]]:
        """A condition for a WHERE, and its parameters; `h` is the history, `c` ours."""
        text = "h.source_raw" if self.in_raw else "h.source"
        parts: list[str] = []
        values: list[Any] = []
        for condition, value in (
            ("h.session = ?", self.session),
            ("h.line >= ?", self.start),
            ("h.line < ?", self.stop),
            ("h.rowid < ?", self.before),
            (f"{text} GLOB ?", self.pattern),
            ("c.duration > ?", self.longer),
        ):
            if value is not None:
                parts.append(condition)
                values.append(value)
        if self.prefix:
            parts.append(f"{text} >= ? AND {text} < ?")
            values += [self.prefix, self.prefix + "\U0010ffff"]
        if self.cwd is not None:
            below = self.cwd.rstrip("/") + "/"
            parts.append("(c.cwd = ? OR substr(c.cwd, 1, ?) = ?)")
            values += [self.cwd, len(below), below]
        if self.status is not None:
            parts.append(_STATUS_SQL[self.status])
        return " AND ".join(parts) or "1", values

    # --- in memory --------------------------------------------------------------------

    def fits(self) -> Callable[[Cell], bool]:
        """A function that says whether a cell of this session's is looked for."""
        match = None if self.pattern is None else _glob(self.pattern)

        def test(cell: Cell) -> bool:
            text = cell.raw if self.in_raw else cell.source
            return (
                (self.session is None or cell.session == self.session)
                and (self.start is None or cell.line >= self.start)
                and (self.stop is None or cell.line < self.stop)
                and (self.before is None or cell.key < self.before)
                and text.startswith(self.prefix)
                and (match is None or match(text))
                and (self.longer is None or (cell.duration or 0) > self.longer)
                and (self.cwd is None or self._is_below(cell.cwd))
                and (self.status is None or cell.status == self.status)
            )

        return test

    def _is_below(self, folder: str | None) -> bool:
        assert self.cwd is not None
        return folder is not None and (
            folder == self.cwd or folder.startswith(self.cwd.rstrip("/") + "/")
        )


_STATUS_SQL = {
    OK: "c.error = '' AND ifnull(c.exit_code, 0) = 0",
    FAILED: "(c.error > '' OR (c.error = '' AND c.exit_code != 0))",
    UNFINISHED: "c.started IS NOT NULL AND c.error IS NULL",
}


def _glob(pattern: str) -> Callable[[str], bool]:
    """What SQLite's GLOB finds: `*`, `?`, `[a-z]`, `[^a-z]`; cases count."""
    import fnmatch
    import re

    match = re.compile(fnmatch.translate(pattern.replace("[^", "[!"))).match
    return lambda text: match(text) is not None
