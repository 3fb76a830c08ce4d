"""Making a history file smaller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.history.trimming import clear, trim
from ipcluster.engines.interpreter.shell import InteractiveShell

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def running(open_shell: Callable[..., InteractiveShell]) -> InteractiveShell:
    """A session with two inputs, after one with three."""
    first = open_shell(db_log_output=True)
    for cell in ("1", "2", "3"):
        first.run_cell(cell, store_history=True)
    first.history_manager.end_session()
    second = open_shell(db_log_output=True)
    for cell in ("4", "5"):
        second.run_cell(cell, store_history=True)
    second.history_manager.writeout_cache()
    return second


def texts(rows: Rows) -> list[str]:
    return [text for (text,) in rows("SELECT source_raw FROM history ORDER BY rowid")]


def test_the_last_inputs_stay(
    running: InteractiveShell, file: Path, rows: Rows
) -> None:
    assert trim(str(file), 3) == 2
    assert trim(str(file), 3) == 0

    assert texts(rows) == ["3", "4", "5"]
    assert rows("SELECT output FROM output_history") == [("3",), ("4",), ("5",)]
    assert rows("SELECT count(*) FROM ipshell_cells") == [(3,)]
    assert len(rows("SELECT * FROM sessions")) == 2


def test_a_session_that_runs_goes_on(
    running: InteractiveShell, file: Path, rows: Rows
) -> None:
    assert clear(str(file)) == 5
    running.run_cell("6", store_history=True)

    assert rows("SELECT session, line, source_raw FROM history") == [(2, 3, "6")]
    assert rows("SELECT session FROM sessions") == [(2,)]


def test_a_new_session_does_not_get_an_old_number(
    running: InteractiveShell,
    open_shell: Callable[..., InteractiveShell],
    file: Path,
) -> None:
    running.history_manager.end_session()
    clear(str(file))

    assert open_shell().history_manager.session_number == 3
