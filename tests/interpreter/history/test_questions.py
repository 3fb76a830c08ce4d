"""Looking for inputs of all sessions, this one's among them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter import cells as cells_module
from ipcluster.engines.interpreter.history.accessor import HistoryAccessor
from ipcluster.engines.interpreter.history.searching import Wanted
from ipcluster.engines.interpreter.shell import InteractiveShell


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


class Clock:
    """Stands still but for cells that take a while."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def second(
    open_shell: Callable[..., InteractiveShell],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> InteractiveShell:
    """A shell with a session before it; the same cells in both."""
    clock = Clock()
    monkeypatch.setattr(cells_module, "time", clock)
    monkeypatch.setattr(builtins, "clock", clock, raising=False)
    cells = (
        "import os",
        "1/0",
        f"os.chdir({str(tmp_path)!r})",
        "clock.now += 0.5",
        "get_ipython().system('exit 1')",
        f"os.chdir({str(tmp_path / 'work')!r})",
    )
    first = open_shell()
    run(first, *cells)
    first.history_manager.end_session()
    shell = open_shell()
    run(shell, *cells)
    shell.history_manager.writeout_cache()
    return shell


@pytest.mark.parametrize(
    ("wanted", "lines"),
    [
        (Wanted(), [1, 2, 3, 4, 5, 6]),
        (Wanted(pattern="*os*"), [1, 3, 6]),
        (Wanted(pattern="[^io]*"), [2, 4, 5]),
        (Wanted(prefix="os."), [3, 6]),
        (Wanted(status="failed"), [2, 5]),
        (Wanted(status="ok"), [1, 3, 4, 6]),
        (Wanted(status="unfinished"), []),
        (Wanted(longer=0.02, start=3), [4]),
        (Wanted(status="failed", prefix="1"), [2]),
        (Wanted(start=2, stop=4), [2, 3]),
    ],
)
def test_the_file_and_the_memory_find_the_same(
    second: InteractiveShell, wanted: Wanted, lines: list[int]
) -> None:
    found = second.history_manager.find(wanted)

    assert [(cell.session, cell.line) for cell in found] == [
        *((1, line) for line in lines),
        *((2, line) for line in lines),
    ]


def test_inputs_of_a_folder_and_those_below_it(
    second: InteractiveShell, tmp_path: Path
) -> None:
    def lines(folder: Path) -> list[int]:
        found = second.history_manager.find(Wanted(cwd=str(folder)))
        half = len(found) // 2
        assert [one.line for one in found[:half]] == [one.line for one in found[half:]]
        return [one.line for one in found[half:]]

    assert lines(tmp_path) == [1, 2, 3, 4, 5, 6]
    assert lines(tmp_path / "work") == [1, 2, 3]
    assert lines(tmp_path / "wor") == []


def test_recent_inputs_come_in_pages(second: InteractiveShell) -> None:
    manager = second.history_manager
    key: int | None = None
    seen: list[str] = []
    while page := manager.recent(5, before=key):
        seen += [text for _, text in page]
        key = page[-1][0]

    expected = [text for _, _, text in manager.search()]
    assert seen == expected[::-1]
    assert len(seen) == 12


def test_recent_inputs_with_a_beginning(second: InteractiveShell) -> None:
    manager = second.history_manager

    [(key, text)] = manager.recent(1, prefix="1/")
    assert text == "1/0"
    [(older, text)] = manager.recent(1, prefix="1/", before=key)
    assert text == "1/0"
    assert manager.recent(1, prefix="1/", before=older) == []
    assert manager.recent(1, prefix="nothing\udc80") == []


def test_the_tail_goes_back_into_the_session_before(second: InteractiveShell) -> None:
    found = list(second.history_manager.get_tail(8, include_latest=True))

    assert [(session, line) for session, line, _ in found] == [
        (1, 5),
        (1, 6),
        *((2, line) for line in range(1, 7)),
    ]


def test_another_program_reads_while_the_session_goes_on(
    second: InteractiveShell, file: Path
) -> None:
    history = HistoryAccessor(hist_file=str(file))

    assert history.get_last_session_id() == 2
    assert [line for _, line, _ in history.get_range(2, 5)] == [5, 6]
    assert [line for _, line, _ in history.get_range(-1)] == [1, 2, 3, 4, 5, 6]
    assert len(list(history.search("*"))) == 12
    db = history.db
    assert db is not None
    assert db.execute("SELECT count(*) FROM history").fetchone() == (12,)
    history.close()


def test_a_profiles_history_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPCLUSTER_DIR", str(tmp_path / "dir"))
    history = HistoryAccessor("mine")

    assert history.hist_file == str(tmp_path / "dir/profile_mine/history.sqlite")
    assert history.get_last_session_id() is None
    assert list(history.get_tail()) == []


def test_a_file_that_cannot_be_read_answers_nothing_and_says_why(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"nonsense" * 1000)
    history = HistoryAccessor(hist_file=str(tmp_path / "x.sqlite"))

    assert list(history.search()) == []
    assert "x.sqlite cannot be read" in history.read_error
