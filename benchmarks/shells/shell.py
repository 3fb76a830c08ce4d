"""What is asked of every shell that is measured."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from benchmarks.shells.terminal import Terminal
from benchmarks.systems.system import NotOffered, System


class Shell(System):
    """A shell, as a person starts it. What it does not offer it leaves out."""

    prompt: ClassVar[bytes]
    """What its first prompt shows."""
    has_menu: ClassVar[bool] = True
    """Whether one Tab shows completions."""

    def command(self) -> Sequence[str]:
        """How it is started."""
        raise NotOffered

    def cell_command(self, code: str) -> Sequence[str]:
        """How it runs code and ends."""
        raise NotOffered

    def modules(self) -> int:
        """How many modules are imported at the first prompt: asked there."""
        with self.at_prompt() as terminal:
            terminal.type(b"import sys; print('modules', len(sys.modules), 'there')\r")
            terminal.wait_for(b" there\r\n")
            return int(terminal.text.rpartition(b"modules ")[2].split()[0])

    def run_cells(self, number: int) -> float:
        """Seconds for running the cell `pass` so often, each as if it were typed."""
        raise NotOffered

    def fill_history(self, number: int) -> None:
        """Have so many inputs in the history, before it is started."""
        raise NotOffered

    @contextmanager
    def at_prompt(self) -> Iterator[Terminal]:
        """The shell at a terminal, at its first prompt."""
        terminal = Terminal(self.command(), environment())
        try:
            terminal.wait_for(self.prompt)
            yield terminal
        finally:
            terminal.close()


def environment() -> dict[str, str]:
    """A home of its own, and nothing of ours on the path."""
    folder = Path(tempfile.gettempdir())
    for name in ("IPYTHONDIR", "IPCLUSTER_DIR"):
        if name in os.environ:  # beside the folders that the row has given
            folder = Path(os.environ[name]).parent
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {
        **kept,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "TERM": "xterm-256color",
        "PYTHON_BASIC_REPL": "",
    }


def script(name: str) -> str:
    """The path of a command that is installed beside this Python."""
    return str(Path(sys.executable).parent / name)


def cpu_of(command: Sequence[str]) -> float:
    """Processor seconds of a command from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, check=True, env=environment(), stdout=subprocess.DEVNULL, timeout=60
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def fill_sqlite(path: Path, number: int) -> None:
    """A history of so many inputs, in the tables that IPython and we have."""
    import sqlite3

    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    database.executescript(
        """
        CREATE TABLE IF NOT EXISTS sessions (
            session integer PRIMARY KEY AUTOINCREMENT,
            start timestamp, "end" timestamp, num_cmds integer, remark text);
        CREATE TABLE IF NOT EXISTS history (session integer, line integer, source text,
            source_raw text, PRIMARY KEY (session, line));
        CREATE TABLE IF NOT EXISTS output_history (session integer, line integer,
            output text, PRIMARY KEY (session, line));
        """
    )
    begun, ended = "2026-01-01 00:00:00", "2026-01-01 01:00:00"
    sessions = [
        (session, begun, ended, 100, "") for session in range(1, number // 100 + 1)
    ]
    insert = "INSERT OR REPLACE INTO"
    database.executemany(f"{insert} sessions VALUES (?, ?, ?, ?, ?)", sessions)
    inputs = (
        (session[0], line, f"value_{line} = function({line})", "x = 1")
        for session in sessions
        for line in range(1, 101)
    )
    database.executemany(f"{insert} history VALUES (?, ?, ?, ?)", inputs)
    database.commit()
    database.close()
