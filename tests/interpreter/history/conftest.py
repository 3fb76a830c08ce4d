"""Shells whose history is kept in a file of the test's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a profile's history is."""
    return tmp_path / "profile" / "history.sqlite"


@pytest.fixture
def open_shell(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., InteractiveShell]]:
    """A function that opens one more shell of the profile."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    shells: list[InteractiveShell] = []

    def start(**options: Any) -> InteractiveShell:
        options.setdefault("hist_file", str(file))
        shell = InteractiveShell(
            RecordingFrontEnd(), config={"HistoryManager": options}
        )
        shell.activate()
        shells.append(shell)
        return shell

    yield start
    for shell in reversed(shells):
        shell.close()


@pytest.fixture
def kept(open_shell: Callable[..., InteractiveShell]) -> InteractiveShell:
    """A shell that keeps its history."""
    return open_shell()


@pytest.fixture
def rows(file: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """What another program finds in the file now."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute(query).fetchall()

    return ask
