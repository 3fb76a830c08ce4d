"""This session's inputs: `In`, `_i`, `_ii`, `_iii`, `_iN`, and who writes them down.

    store_inputs --> lists in memory --> [cell runs] --> end_cell, note_output
                 '-> writer.py (a thread, made for the first input) --> the file

A session that has a file (its profile's, or `HistoryManager.hist_file`) has written an
input before the cell runs. Questions are answered from memory for this session and from
the file for all others, so they are right even where nothing can be written. A session
gets its number from the file with its first input: one in which nothing was typed
leaves no trace.
"""

from __future__ import annotations

import os
import sys
from time import time

from ipcluster.engines.interpreter.configuration.options import Option
from ipcluster.engines.interpreter.history.accessor import (
    MEMORY,
    HistoryAccessor,
    entry,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import Any

    from ipcluster.engines.interpreter.events import Event
    from ipcluster.engines.interpreter.history.accessor import Entry
    from ipcluster.engines.interpreter.history.outputs import Outputs
    from ipcluster.engines.interpreter.history.searching import Cell, Wanted
    from ipcluster.engines.interpreter.history.sessionfile import SessionFile
    from ipcluster.engines.interpreter.shell import InteractiveShell

# `In` is filled up to a number that jumps ahead, unless it jumps further than this.
LONGEST_GAP = 10_000

# Kinds of events that are kept as a cell's outputs; see outputs.py.
KEPT = frozenset(("result", "display", "error", "clear"))

# Nobody looks for these again.
_LEAVES = frozenset(("exit", "quit", "exit()", "quit()", "%exit", "%quit"))


class HistoryManager(HistoryAccessor):
    """Keeps this session's inputs, and answers for all others."""

    db_log_output = Option(False, "Write down what cells show, too.")
    db_cache_size = Option(
        0, "Write inputs in bundles of so many; 0: each before it runs."
    )

    def __init__(
        self, shell: InteractiveShell, config: Any = None, **options: Any
    ) -> None:
        # Both lists are the same objects as long as the session lasts.
        self.input_hist_parsed: list[str] = [""]
        self.input_hist_raw: list[str] = [""]
        self.output_hist_reprs: dict[int, str] = {}
        self.shell = shell
        self._cells: dict[int, Cell] = {}
        self._running: dict[int, Cell] = {}  # several, in as many threads
        self._outputs: Outputs | None = None
        self._adopted: dict[int, Cell] = {}  # of a session that was restored
        self._recent = ["", "", ""]  # the last inputs, the latest first
        self._file: SessionFile | None = None
        self._name = ""
        config = shell.config if config is None else config
        super().__init__(config=config, **options)

    def _default_file(self) -> str:
        from ipcluster.engines.interpreter.configuration.profiles import path_in

        return path_in(self.shell.profile_dir, "history.sqlite") or MEMORY

    def on_option(self, name: str, old: Any, new: Any) -> None:
        super().on_option(name, old, new)
        if self._file is None:
            return
        if name in ("hist_file", "enabled"):
            self.end_session()
        else:
            self._file.with_outputs = self.db_log_output
            self._file.bundle = self.db_cache_size

    # --- cells of this session --------------------------------------------------------

    def store_inputs(
        self, line_num: int, source: str, source_raw: str | None = None
    ) -> None:
        """A cell is about to run; it is written down before it does."""
        from ipcluster.engines.interpreter.history.searching import NOW, Cell

        line_num = int(line_num)  # perhaps a number of numpy's
        source = source.rstrip("\n")
        raw = source if source_raw is None else source_raw.rstrip("\n")
        if line_num in self._running:
            return  # a cell within a cell, and under its number
        if line_num in self._cells:  # somebody has set the counter back
            self.new_session()
        cell = Cell(NOW + line_num, 0, line_num, source, raw, started=time())
        cell.cwd = _cwd()
        self._remember(cell)
        self._running[line_num] = cell
        file = self._open()
        if file is not None and raw.strip() not in _LEAVES:
            file.on_input(cell)

    def _put_in_lists(self, cell: Cell) -> None:
        line = cell.line
        for texts, text in (
            (self.input_hist_parsed, cell.source),
            (self.input_hist_raw, cell.raw),
        ):
            if 0 < line < len(texts):
                texts[line] = text
                continue
            if line <= len(texts) + LONGEST_GAP:
                texts += [""] * (line - len(texts))
            texts.append(text)
        self.shell.namespace.put(f"_i{line}", cell.raw)

    def _remember(self, cell: Cell) -> None:
        """Put an input into the lists and into the namespace."""
        self._put_in_lists(cell)
        self._cells[cell.line] = cell
        put = self.shell.namespace.put
        for name, text in zip(("_i", "_ii", "_iii"), self._recent, strict=True):
            put(name, text)
        self._recent = [cell.raw, *self._recent[:2]]

    def adopt(self, inputs: Iterable[tuple[int, str, str]]) -> None:
        """Take over the inputs of a saved session: number, Python, what was typed.

        They are in `In` and in ranges of this session; the file has them already, as
        the session's that they were typed in.
        """
        from ipcluster.engines.interpreter.history.searching import Cell

        for line, source, raw in inputs:
            cell = Cell(0, 0, line, source, raw, self.output_hist_reprs.get(line))
            self._put_in_lists(cell)
            self._adopted[line] = cell

    def end_cell(
        self, line_num: int, duration: float, error: BaseException | None
    ) -> None:
        """It took so many seconds, and ended in this error or in none."""
        cell = self._running.pop(line_num, None)
        if cell is None:
            return
        cell.duration = duration
        # Past the metaclass, which might have a `__name__` of its own that raises.
        cell.error = "" if error is None else _class_name(type(error))
        if self._file is not None:
            self._file.on_end(cell)

    @property
    def running(self) -> Cell | None:
        """The input that this thread runs now."""
        return self._running.get(self.shell.cells.count)

    def note_exit_status(self, status: int) -> None:
        """A shell command of the running cell has ended."""
        cell = self.running
        if cell is not None:
            cell.exit_code = status

    def note_output(self, line_num: int, data: dict[str, Any]) -> None:
        """A value was shown."""
        text = data.get("text/plain")
        if isinstance(text, str):
            self.output_hist_reprs[line_num] = text
            cell = self._cells.get(line_num)
            if cell is not None:
                cell.output = text
            self.store_output(line_num)

    def store_output(self, line_num: int) -> None:
        """Write down what a cell has shown, if `db_log_output` says so."""
        text = self.output_hist_reprs.get(line_num)
        if self._file is not None and text is not None:
            self._file.on_output(line_num, text)

    @property
    def outputs(self) -> Outputs:
        """All that cells have shown, by their numbers."""
        if self._outputs is None:
            from ipcluster.engines.interpreter.history.outputs import Outputs

            self._outputs = Outputs()
        return self._outputs

    def note_event(self, event: Event) -> None:
        """Something was shown."""
        if event.kind in KEPT and (count := self.shell.cells.count) in self._running:
            self.outputs.note(count, event)

    @property
    def output_hist(self) -> dict[int, Any]:
        return self.shell.outputs

    @property
    def dir_hist(self) -> list[str]:
        return self.shell.dir_history

    # --- in the file ------------------------------------------------------------------

    @property
    def is_kept(self) -> bool:
        """Whether this session's inputs go to a file."""
        return self.enabled and self.hist_file != MEMORY

    def _open(self) -> SessionFile | None:
        """This session's place in the file; None: it has none."""
        if self._file is None and self.is_kept:
            from ipcluster.engines.interpreter.history.sessionfile import SessionFile

            try:
                self._file = SessionFile(
                    self.hist_file,
                    self.connection_options,
                    self._cells.values,
                    with_outputs=self.db_log_output,
                    bundle=self.db_cache_size,
                )
            except RuntimeError as error:  # no more threads
                print(f"History is not kept: {error}.", file=sys.stderr)
                self.enabled = False
        return self._file

    def prepare(self) -> None:
        """Open the file now rather than with the first input; returns at once."""
        file = self._open()
        if file is not None:
            file.prepare()

    def writeout_cache(self, conn: Any = None) -> None:
        """Return when all inputs are written, or cannot be."""
        if self._file is not None:
            self._file.flush()

    @property
    def session_number(self) -> int:
        """This session's number in the file; 1 without a file, 0: not to be had."""
        file = self._open()
        return 1 if file is None else file.ask_number()

    @property
    def number(self) -> int:
        """The same, if it has one already, and else 0; costs nothing to ask."""
        if self._file is not None:
            return self._file.number
        return 0 if self.is_kept else 1

    def name_session(self, name: str) -> None:
        """Remark on this session, in the file."""
        self._name = name
        file = self._open()
        if file is not None:
            file.on_name(name)

    def new_session(self, conn: Any = None) -> None:
        """The inputs that follow are a session of their own."""
        if self._file is not None:
            self._file.on_new_session()
        self._cells.clear()
        self._adopted.clear()
        self._running.clear()

    def reset(self, new_session: bool = True) -> None:
        """Forget this session's inputs and outputs; what is in the file stays."""
        self.input_hist_parsed[:] = [""]
        self.input_hist_raw[:] = [""]
        self.output_hist_reprs.clear()
        self.shell.displayhook.flush()
        self.outputs.clear()
        here = _cwd()
        self.dir_hist[:] = [] if here is None else [here]
        if new_session:
            self.new_session()

    def end_session(self) -> None:
        """Nothing more comes: write what is left."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.end()
            except KeyboardInterrupt:  # in a hurry: what is not written yet is not
                pass
            self._cells.clear()
            self._running.clear()
        self.close()

    def get_session_info(
        self, session: int = 0
    ) -> tuple[int, datetime | None, datetime | None, int | None, str]:
        """`(session, start, end, how many inputs, remark)`; 0 is this session.

        Raises:
            ValueError: there is no such session.
        """
        if not self.is_kept and session in (0, 1):
            return 1, None, None, len(self._cells), self._name
        return super().get_session_info(session or self.session_number)

    def absolute(self, session: int) -> int | None:
        if session > 0:
            return session
        if session == 0:
            return self.number
        return self._back(-session, self.number)

    # --- looking for inputs -----------------------------------------------------------

    def _newest_first(
        self, wanted: Wanted, n: int | None, *, output: bool, facts: bool
    ) -> Iterable[Cell]:
        number = self.number
        fits = wanted.fits()
        found = 0
        cells = [*self._cells.values()]
        if wanted.session is not None:  # others are the file's, too
            cells = [*self._adopted.values(), *cells]
        for cell in reversed(cells):
            cell.session = number
            if fits(cell):
                found += 1
                yield cell
                if found == n:
                    return
        n = None if n is None else n - found
        yield from self._in_file(wanted, n, output=output, facts=facts, but=number)

    def get_range(
        self,
        session: int = 0,
        start: int = 1,
        stop: int | None = None,
        raw: bool = True,
        output: bool = False,
    ) -> Iterator[Entry]:
        """Inputs of a session, from line `start` to before `stop`; 0 is this session.

        A negative session is counted back from this one. In this session, negative
        lines are counted from the end.
        """
        if session and session != self.number:
            yield from super().get_range(session, start, stop, raw, output)
            return
        cells = {**self._cells, **self._adopted}
        end = max(cells, default=0) + 1
        if start < 0:
            start += end
        if stop is None:
            stop = end
        elif stop < 0:
            stop += end
        for line in range(max(start, 0), min(stop, end)):
            cell = cells.get(line)
            if cell is not None:
                yield 0, line, entry(cell, raw, output)[2]


_class_name = type.__dict__["__name__"].__get__


def _cwd() -> str | None:
    """The working folder; None where it has been deleted."""
    try:
        return os.getcwd()
    except OSError:
        return None
