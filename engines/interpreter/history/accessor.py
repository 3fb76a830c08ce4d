"""Reading a history file: this session's, another profile's, or IPython's own.

Nothing is read before somebody asks, and then no more than was asked for. The file is
in the order in which inputs were typed, so the last ones are at its end: the last
thousand of 100,000 take a millisecond, and a look through all for a rare beginning 10
to 20. An index would make that faster, and every input slower to write.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Configurable, Option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from sqlite3 import Connection
    from typing import Any

    from ipcluster.engines.interpreter.history.searching import Cell, Wanted

    Entry = tuple[int, int, Any]
    """(session, line, input), or (session, line, (input, output))."""

MEMORY = ":memory:"


class FileOption(Option[str]):
    """A path; where none is set, the one that the instance finds."""

    def __get__(self, instance: Any, owner: type) -> Any:
        value = super().__get__(instance, owner)
        return value if instance is None or value else instance._default_file()


def _path(value: Any) -> str:
    from os import path

    return path.expanduser(value) if value != MEMORY else MEMORY


class HistoryAccessor(Configurable):
    """Answers questions about what was typed in a profile's sessions.

    Args:
        profile: the name of the profile.
        hist_file: the file itself, in the place of a profile's.
    """

    hist_file = FileOption(
        "", "The file that keeps inputs; ':memory:' keeps none.", check=_path
    )
    enabled = Option(True, "Keep inputs from session to session.")
    connection_options = Option[dict[str, "Any"]](
        {}, "More arguments for `sqlite3.connect`."
    )

    def __init__(
        self, profile: str = "default", hist_file: str = "", **options: Any
    ) -> None:
        self._profile = profile
        self._reader: Connection | None = None
        # Why the last question got no answer; "": it got one.
        self.read_error = ""
        super().__init__(options.pop("config", None))
        if hist_file:
            self.hist_file = hist_file
        for name, value in options.items():
            self.set_option(name, value)

    def _default_file(self) -> str:
        from ipcluster.engines.interpreter.configuration import profiles

        name = self._profile or "default"
        return profiles.find(name, profiles.shell_root()).history_file

    def on_option(self, name: str, old: Any, new: Any) -> None:
        if name in ("hist_file", "enabled"):
            self.close()

    # --- the file ---------------------------------------------------------------------

    @property
    def db(self) -> Connection | None:
        """A connection for queries of one's own; None where there is no file."""
        if self._reader is None and self.enabled and self.hist_file != MEMORY:
            from ipcluster.engines.interpreter.history.database import open_for_reading

            self._reader = open_for_reading(self.hist_file, self.connection_options)
        return self._reader

    def close(self) -> None:
        """Let go of the file."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _ask(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        """Rows; none where the file cannot be read: then `read_error` says why.

        Each question opens the file anew, which takes a third of a millisecond: any
        thread may ask, a forked child too, and a file that was replaced is no matter.
        """
        self.read_error = ""
        if not self.enabled or self.hist_file == MEMORY:
            return []
        try:
            import sqlite3
        except ImportError:
            self.read_error = "this Python has no sqlite3"
            return []
        from ipcluster.engines.interpreter.history.database import open_for_reading

        try:
            connection = open_for_reading(self.hist_file, self.connection_options)
            if connection is None:
                return []
            try:
                return connection.execute(query, tuple(values)).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            self.read_error = f"{self.hist_file} cannot be read: {error}"
        except UnicodeEncodeError:  # half a character: nothing that is written has it
            pass
        return []

    # --- looking for inputs -----------------------------------------------------------

    def find(
        self,
        wanted: Wanted,
        n: int | None = None,
        *,
        unique: bool = False,
        output: bool = False,
        facts: bool = False,
    ) -> list[Cell]:
        """The last `n` inputs that fit, or all of them; the oldest first.

        Args:
            wanted: what is looked for.
            n: how many, at most.
            unique: of equal texts the last one alone.
            output: with what they showed.
            facts: with how they ran.
        """
        found: list[Cell] = []
        seen: set[str] = set()
        for cell in self._newest_first(
            wanted, None if unique else n, output=output, facts=facts
        ):
            if n is not None and len(found) >= n:
                break
            if unique:
                text = cell.raw if wanted.in_raw else cell.source
                if text in seen:
                    continue
                seen.add(text)
            found.append(cell)
        found.reverse()
        return found

    def _newest_first(
        self, wanted: Wanted, n: int | None, *, output: bool, facts: bool
    ) -> Iterable[Cell]:
        return self._in_file(wanted, n, output=output, facts=facts)

    def _in_file(
        self,
        wanted: Wanted,
        n: int | None,
        *,
        output: bool = False,
        facts: bool = False,
        but: int = 0,
    ) -> Iterator[Cell]:
        """Cells of the file, the newest first; those of session `but` left out."""
        from ipcluster.engines.interpreter.history.searching import Cell

        facts = facts or wanted.needs_facts
        if facts and not self._has_facts():
            if wanted.needs_facts:
                return
            facts = False
        condition, values = wanted.sql()
        query = "SELECT h.rowid, h.session, h.line, h.source, h.source_raw"
        query += ", o.output" if output else ", NULL"
        if facts:
            query += ", c.started, c.duration, c.error, c.exit_code, c.cwd"
        query += " FROM history h"
        same = "USING (session, line)"
        if output:
            query += f" LEFT JOIN output_history o {same}"
        if facts:
            query += f" LEFT JOIN ipshell_cells c {same}"
        query += f" WHERE {condition}"
        if but:
            query += " AND h.session != ?"
            values.append(but)
        query += " ORDER BY h.rowid DESC"
        if n is not None:
            query += " LIMIT ?"
            values.append(n)
        for row in self._ask(query, values):
            yield Cell(row[0], row[1], row[2], row[3] or "", row[4] or "", *row[5:])

    def _has_facts(self) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE name = 'ipshell_cells'"
        return bool(self._ask(query))

    def recent(
        self,
        n: int = 100,
        *,
        before: int | None = None,
        prefix: str = "",
        raw: bool = True,
    ) -> list[tuple[int, str]]:
        """Texts of the last inputs that begin with `prefix`, the newest first.

        Each with its key: the lowest one, given as `before`, gets those before them. So
        a prompt reads as far back as somebody scrolls.
        """
        from ipcluster.engines.interpreter.history.searching import Wanted

        found = self.find(Wanted(prefix=prefix, in_raw=raw, before=before), n)
        return [(cell.key, cell.raw if raw else cell.source) for cell in found[::-1]]

    # --- as IPython has it ------------------------------------------------------------

    def search(
        self,
        pattern: str = "*",
        raw: bool = True,
        search_raw: bool = True,
        output: bool = False,
        n: int | None = None,
        unique: bool = False,
    ) -> Iterator[Entry]:
        """Inputs that match a glob, from all sessions.

        Args:
            pattern: with `*`, `?` and `[...]`; it has to match the whole input.
            raw: give what was typed; else the Python that it was made into.
            search_raw: look at what was typed.
            output: give `(input, output)` pairs.
            n: the last so many alone.
            unique: of equal inputs the last alone.
        """
        from ipcluster.engines.interpreter.history.searching import Wanted

        wanted = Wanted(pattern=pattern, in_raw=search_raw)
        for cell in self.find(wanted, n, unique=unique, output=output):
            yield entry(cell, raw, output)

    def get_tail(
        self,
        n: int | None = 10,
        raw: bool = True,
        output: bool = False,
        include_latest: bool = False,
    ) -> Iterator[Entry]:
        """The last `n` inputs of all sessions, the oldest first.

        Args:
            n: how many; None: all.
            raw: what was typed; else the Python that it was made into.
            output: give `(input, output)` pairs.
            include_latest: with the very last, which mostly is the cell that asks.
        """
        from ipcluster.engines.interpreter.history.searching import Wanted

        more = 0 if include_latest else 1
        found = self.find(Wanted(), None if n is None else n + more, output=output)
        for cell in found[: len(found) - more]:
            yield entry(cell, raw, output)

    def get_range(
        self,
        session: int,
        start: int = 1,
        stop: int | None = None,
        raw: bool = True,
        output: bool = False,
    ) -> Iterator[Entry]:
        """Inputs of a session, from line `start` to before `stop`.

        A negative session is counted back: -1 is the last one, if this is the
        history of no running shell.
        """
        from ipcluster.engines.interpreter.history.searching import Wanted

        number = self.absolute(session)
        if number is None:
            return
        found = self.find(Wanted(session=number, start=start, stop=stop), output=output)
        for cell in sorted(found, key=lambda one: one.line):
            yield entry(cell, raw, output)

    def get_range_by_str(
        self, rangestr: str, raw: bool = True, output: bool = False
    ) -> Iterator[Entry]:
        """Inputs by ranges as in `%history`: `1-5 ~2/3`."""
        from ipcluster.engines.interpreter.history.ranges import extract_hist_ranges

        for session, start, stop in extract_hist_ranges(rangestr):
            yield from self.get_range(session, start, stop, raw=raw, output=output)

    def absolute(self, session: int) -> int | None:
        """The number of a session that may be counted back; None: there is no such."""
        if session > 0:
            return session
        return self._back(-session, None)

    def _back(self, many: int, current: int | None) -> int | None:
        """The session that is `many` before the current one; empty ones do not count.

        Where there is no current one, 1 is the last and so is 0.
        """
        query = "SELECT DISTINCT session FROM history WHERE session < ?"
        query += " ORDER BY session DESC LIMIT 1 OFFSET ?"
        rows = self._ask(query, (current or 1 << 62, max(0, many - 1)))
        return rows[0][0] if rows else None

    def get_last_session_id(self) -> int | None:
        """The number of the last session in the file."""
        rows = self._ask("SELECT max(session) FROM sessions")
        return rows[0][0] if rows else None

    def get_session_info(
        self, session: int
    ) -> tuple[int, datetime | None, datetime | None, int | None, str]:
        """`(session, start, end, how many inputs, remark)`; None for what is unknown.

        Raises:
            ValueError: there is no such session.
        """
        query = "SELECT session, CAST(start AS text), CAST(end AS text), num_cmds,"
        query += " remark FROM sessions WHERE session = ?"
        rows = self._ask(query, (self.absolute(session) or 0,))
        if not rows:
            raise ValueError(f"there is no session {session} in {self.hist_file}")
        number, start, end, many, remark = rows[0]
        return number, _time(start), _time(end), many, remark or ""

    def writeout_cache(self) -> None:
        """Nothing waits here to be written."""


def entry(cell: Cell, raw: bool, output: bool) -> Entry:
    """A cell as IPython's methods give it."""
    text = cell.raw if raw else cell.source
    return cell.session, cell.line, (text, cell.output) if output else text


def _time(text: str | None) -> datetime | None:
    from datetime import datetime

    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
