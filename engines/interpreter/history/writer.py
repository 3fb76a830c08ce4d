"""Writes a session's history down, in a thread of its own.

    jobs --> [queue] --> one transaction for all that wait --> the file
                              | another program has it for long
                              v
                         spill.py: beside it; the next session puts it in

A cell waits until its input is written, for no longer than `WAIT`; then it runs, and
the thread goes on trying. So a kill loses nothing, a Ctrl-C hits no half-done
transaction (it only ever hits the main thread), and nobody who locks the file stops a
prompt.

What is to be told to the user waits in `messages`: a thread does not print into a
prompt.
"""

from __future__ import annotations

import os
import threading
from _queue import Empty, SimpleQueue  # `queue` has all the rest, too

from ipcluster.engines.interpreter.history import database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from sqlite3 import Connection
    from typing import Any

    Job = tuple[str, tuple[Any, ...]]
    """The name of a statement and its parameters behind the session."""

# Seconds a cell waits for its input to be written; the first waits for the opening too.
WAIT = 0.1
FIRST_WAIT = 1.0
# Seconds that what nobody waits for may lie: mostly it goes with the next input.
LINGER = 0.05
# Seconds between tries while somebody else has the file.
RETRY = 0.5

NEW_SESSION = "new session"
# `:session` is the session's number, `:a`, `:b`, ... are the job's parameters.
STATEMENTS = {
    "input": "INSERT OR IGNORE INTO history VALUES (:session, :a, :b, :c)",
    "began": "INSERT OR IGNORE INTO ipshell_cells (session, line, started, cwd)"
    " VALUES (:session, :a, :b, :c)",
    "ended": "UPDATE ipshell_cells SET duration = :b, error = :c, exit_code = :d"
    " WHERE session = :session AND line = :a",
    "output": "INSERT OR REPLACE INTO output_history VALUES (:session, :a, :b)",
    "named": "UPDATE sessions SET remark = :a WHERE session = :session",
    "over": "UPDATE sessions SET end = :a, num_cmds = :b WHERE session = :session",
}


class Writer:
    """Keeps one session's inputs.

    Args:
        path: the file.
        options: for `sqlite3.connect`.
        started: when the session began, as the file writes it.
        everything: the jobs of all that this session has had so far, for a new file
            in the place of a damaged one.
    """

    def __init__(
        self,
        path: str,
        options: dict[str, Any],
        started: str,
        everything: Callable[[], list[Job]],
    ) -> None:
        self.path = path
        self.session = 0
        self.messages: list[str] = []
        # Whether it gets nowhere for now: nobody waits then.
        self.is_behind = False
        self._options = options
        self._started = started
        self._everything = everything
        self._queue: SimpleQueue[tuple[tuple[Job, ...] | None, Any]] = SimpleQueue()
        self._connection: Connection | None = None
        self._damages = 0
        self._told: set[str] = set()
        self._pause: float | None = None
        self._spill = ""
        self._spilled = 0  # how many jobs lie there
        self._is_first = True
        self._pid = os.getpid()
        self._thread = threading.Thread(
            target=self._run, name="ipshell-history", daemon=True
        )
        self._thread.start()

    # --- from the main thread ---------------------------------------------------------

    def put(self, *jobs: Job) -> None:
        """Write this some time."""
        if self.is_ours:
            self._queue.put((jobs, None))

    def put_and_wait(self, *jobs: Job, seconds: float | None = None) -> bool:
        """Write this now; whether it is written when this returns."""
        if not self.is_ours or not self._thread.is_alive():
            return False
        if seconds is None:
            if self.is_behind:
                self._queue.put((jobs, None))
                return False
            seconds = FIRST_WAIT if self._is_first else WAIT
            self._is_first = False
        gate = threading.Lock()
        gate.acquire()
        self._queue.put((jobs, gate))
        return gate.acquire(timeout=seconds)

    def close(self, seconds: float) -> bool:
        """Write what is left, and end; whether that was done in time."""
        if not self.is_ours:
            return True
        self._queue.put((None, None))
        self._thread.join(seconds)
        return not self._thread.is_alive() and not self.is_behind

    @property
    def is_ours(self) -> bool:
        """False in a forked child: there is no thread there, and no file of its own."""
        return os.getpid() == self._pid

    @property
    def is_safe(self) -> bool:
        """Whether what is not written lies beside the file, for the next session."""
        return self._spilled > 0

    def tell_unwritten(self) -> None:
        """The session is over, and its last inputs are nowhere."""
        if "not-kept" in self._told or "no-sqlite" in self._told:
            return  # which has been said
        self._tell("end", f"The last inputs could not be written to {self.path}.")

    # --- in the thread ----------------------------------------------------------------

    def _run(self) -> None:
        waiting: list[Job] = []
        is_over = False
        while not is_over:
            jobs, gates, is_over = self._take(self._pause)
            waiting += jobs
            if is_over and not waiting:
                break
            self._pause = None
            done = self._write(waiting)
            self.is_behind = not done
            if done:
                waiting.clear()
                for gate in gates:
                    gate.release()
        if self._connection is not None:
            self._connection.close()

    def _take(self, timeout: float | None) -> tuple[list[Job], list[Any], bool]:
        """All that has been put since: jobs, locks of those who wait, is it the end."""
        taken: list[Job] = []
        gates: list[Any] = []
        linger = LINGER
        try:
            jobs, gate = self._queue.get(timeout=timeout)
            while True:
                if jobs is None:
                    return taken, gates, True
                taken += jobs
                if gate is not None:
                    gates.append(gate)
                jobs, gate = self._queue.get(timeout=0 if gates else linger)
                linger = 0.0
        except Empty:
            return taken, gates, False

    def _write(self, jobs: list[Job]) -> bool:
        """Write all of it, or nothing."""
        try:
            import sqlite3
        except ImportError:
            self._tell("no-sqlite", "History is not kept: this Python has no sqlite3.")
            return False
        try:
            if not jobs and self._connection is not None:
                return True
            if self._connection is None:
                self._open()
            if jobs:
                assert self._connection is not None
                self.session, self._started = transact(
                    self._connection, jobs, self.session, self._started
                )
        except sqlite3.Error as error:
            return self._recover(error, jobs)
        except Exception as error:  # a warning that the user has made an error, too
            self._let_go()
            self._tell_not_kept(getattr(error, "strerror", None) or str(error))
            return False
        if self._spilled:
            from ipcluster.engines.interpreter.history import spill

            spill.remove(self._spill)
            self._spilled = 0
        return True

    def _open(self) -> None:
        self._connection = database.open_for_writing(self.path, self._options)
        from ipcluster.engines.interpreter.history import spill

        if spill.left_behind(self.path):
            spill.put_in(self.path, self._connection, transact)

    def _recover(self, error: Any, jobs: list[Job]) -> bool:
        """What can be done about an error of the database's."""
        kind = database.kind_of(error)
        if kind == database.LOCKED:
            self._pause = RETRY
            self._put_beside(jobs)
            return False
        self._let_go()
        if kind == database.DAMAGED and self._damages < 2:
            self._damages += 1
            return self._begin_anew(error, jobs)
        if kind == database.FOREIGN:
            self._tell(
                "not-kept",
                f"History is not kept: {self.path} is not a history file ({error}).",
            )
        else:
            self._tell_not_kept(str(error))
        return False

    def _put_beside(self, jobs: list[Job]) -> None:
        """Another program has the file for long: put the jobs where nobody else is."""
        from ipcluster.engines.interpreter.history import spill

        if self._spilled == len(jobs):
            return
        self._spill = self._spill or spill.file_for(self.path)
        if spill.write(self._spill, self.session, self._started, jobs):
            self._spilled = len(jobs)
        else:
            self._tell(
                "locked",
                f"The history file {self.path} is locked by another program; "
                "inputs are written when it lets go.",
            )

    def _begin_anew(self, error: Any, jobs: list[Job]) -> bool:
        """The file is damaged: begin a new one, with all that this session has had."""
        try:
            target = database.set_aside(self.path, self._options)
        except OSError as failure:
            self._tell_not_kept(f"{error}, and it cannot be moved: {failure.strerror}")
            return False
        if target is not None:
            self._tell(
                "damaged",
                f"The history file {self.path} is damaged ({error}). It is now "
                f"{target}, and a new one has been begun.",
            )
        self.session = 0
        return self._write([*self._everything()])

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _tell_not_kept(self, why: str) -> None:
        self._tell("not-kept", f"History is not kept in {self.path}: {why}.")

    def _tell(self, what: str, message: str) -> None:
        """Say something to the user, once."""
        if what not in self._told:
            self._told.add(what)
            self.messages.append(message)


def transact(
    connection: Connection, jobs: Iterable[tuple[str, Any]], session: int, started: str
) -> tuple[int, str]:
    """Do all jobs of a session, or none; its number, and when it began.

    A session without a number gets one with its first job. Jobs may begin another.

    Raises:
        sqlite3.Error: the file cannot be written to.
        KeyError: there is no such job.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for name, values in jobs:
            if name == NEW_SESSION:
                session, started = 0, values[0]
                continue
            session = session or _begin(connection, started)
            execute(connection, session, name, values)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return session, started


def _begin(connection: Connection, started: str) -> int:
    """A new session's number: no two sessions get the same."""
    cursor = connection.execute(
        "INSERT INTO sessions VALUES (NULL, ?, NULL, NULL, '')", (started,)
    )
    return cursor.lastrowid or 0


def execute(
    connection: Connection, session: int, name: str, values: Iterable[Any]
) -> None:
    """Do a job.

    Raises:
        KeyError: there is no such job.
    """
    given = dict(zip("abcd", map(_clean, values), strict=False))
    connection.execute(STATEMENTS[name], {"session": session, **given})


def _clean(value: Any) -> Any:
    """Text that UTF-8 can hold: a lone surrogate is written as its escape."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
