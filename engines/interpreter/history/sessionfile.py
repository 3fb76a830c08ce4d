"""This session in the history file: its number, its jobs for the writer, its end.

Everything here runs in the main thread; the writing does not (writer.py).
"""

from __future__ import annotations

import atexit
import sys
import time

from ipcluster.engines.interpreter.history.writer import NEW_SESSION, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any

    from ipcluster.engines.interpreter.history.searching import Cell
    from ipcluster.engines.interpreter.history.writer import Job

# Seconds that the end of a session waits for its last inputs to be written.
LAST_WAIT = 5.0


class SessionFile:
    """Where one session's inputs go.

    Args:
        path: the file.
        options: for `sqlite3.connect`.
        cells: this session's, at any time.
        with_outputs: whether outputs are written, too.
        bundle: how many inputs are written at once; below 2, each before it runs.
    """

    def __init__(
        self,
        path: str,
        options: dict[str, Any],
        cells: Callable[[], Collection[Cell]],
        *,
        with_outputs: bool,
        bundle: int,
    ) -> None:
        self._cells = cells
        self.with_outputs = with_outputs
        self.bundle = bundle
        self._held: list[Job] = []
        self._name = ""
        self._writer = Writer(path, options, now(), self._everything)
        atexit.register(self.end)

    @property
    def number(self) -> int:
        """The session's number; 0 before its first input is written."""
        return self._writer.session

    def ask_number(self) -> int:
        """The session's number, taken now if need be; 0: it cannot be had."""
        if not self._writer.session:
            self._writer.put_and_wait(("named", (self._name,)), seconds=LAST_WAIT)
            self.tell()
        return self._writer.session

    # --- what happens -----------------------------------------------------------------

    def on_input(self, cell: Cell) -> None:
        """A cell is about to run."""
        self._send(_input_jobs(cell), wait=True)

    def on_end(self, cell: Cell) -> None:
        """It is over."""
        self._send([_ended_job(cell)])

    def on_output(self, line: int, text: str) -> None:
        """It has shown a value."""
        if self.with_outputs:
            self._send([("output", (line, text))])

    def on_name(self, name: str) -> None:
        """The user has remarked on the session."""
        self._name = name
        self._send([("named", (name,))], wait=True)

    def on_new_session(self) -> None:
        """What follows is a session of its own."""
        if self._cells():
            moment = now()
            jobs: list[Job] = [
                ("over", (moment, len(self._cells()))),
                (NEW_SESSION, (moment,)),
            ]
            self._name = ""
            self.flush(jobs)

    def prepare(self) -> None:
        """Open the file now rather than with the first input; returns at once."""
        self._writer.put()

    def flush(self, jobs: list[Job] | None = None) -> None:
        """Return when all is written, or cannot be."""
        held, self._held = [*self._held, *(jobs or [])], []
        self._writer.put_and_wait(*held, seconds=LAST_WAIT)
        self.tell()

    def end(self) -> None:
        """Nothing more comes: write what is left."""
        atexit.unregister(self.end)
        writer = self._writer
        if not writer.is_ours:
            return
        many = len(self._cells())
        jobs, self._held = self._held, []
        if many:
            writer.put(*jobs, ("over", (now(), many)))
        if not writer.close(LAST_WAIT) and not writer.is_safe:
            writer.tell_unwritten()
        self.tell()

    def tell(self) -> None:
        """Pass on what the writer has to say."""
        messages = self._writer.messages
        while messages:
            try:
                print(messages.pop(0), file=sys.stderr)
            except (OSError, ValueError):  # there is nobody left to tell
                pass

    def _send(self, jobs: list[Job], wait: bool = False) -> None:
        if self.bundle > 1:
            self._held += jobs
            if sum(name == "input" for name, _ in self._held) < self.bundle:
                return
            jobs, self._held = self._held, []
        if wait:
            self._writer.put_and_wait(*jobs)
        else:
            self._writer.put(*jobs)
        self.tell()

    def _everything(self) -> list[Job]:
        """All that this session has had, for a file that begins anew."""
        jobs: list[Job] = []
        for cell in list(self._cells()):
            jobs += _input_jobs(cell)
            if cell.error is not None:
                jobs.append(_ended_job(cell))
            if self.with_outputs and cell.output is not None:
                jobs.append(("output", (cell.line, cell.output)))
        return jobs


def _input_jobs(cell: Cell) -> list[Job]:
    return [
        ("input", (cell.line, cell.source, cell.raw)),
        ("began", (cell.line, cell.started, cell.cwd)),
    ]


def _ended_job(cell: Cell) -> Job:
    return "ended", (cell.line, cell.duration, cell.error, cell.exit_code)


def now() -> str:
    """The time as the file has it: local, to the microsecond."""
    moment = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
    return f"{stamp}.{int(moment % 1 * 1e6):06d}"
