"""The file that keeps inputs, and what can happen to it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.history import database, spill, writer
from ipcluster.engines.interpreter.history.accessor import HistoryAccessor
from ipcluster.engines.interpreter.shell import InteractiveShell

Open = Callable[..., InteractiveShell]
Rows = Callable[[str], list[tuple[Any, ...]]]

INPUTS = "SELECT session, line, source_raw FROM history ORDER BY session, line"

# A session in a process of its own: it runs the cells that it is given.
SESSION = """
import sys
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

config = {"HistoryManager": {"hist_file": sys.argv[1]}}
shell = InteractiveShell(RecordingFrontEnd(), config=config)
shell.activate()
for cell in sys.argv[2:]:
    shell.run_cell(cell, store_history=True)
shell.close()
"""


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def start(file: Path, *cells: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SESSION, str(file), *cells],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# --- what is written, and when --------------------------------------------------------


def test_an_input_is_written_before_it_runs(
    kept: InteractiveShell, file: Path, rows: Rows
) -> None:
    kept.user_ns["look"] = lambda: rows(INPUTS)

    run(kept, "a = 1", "seen = look()")

    assert kept.user_ns["seen"] == [(1, 1, "a = 1"), (1, 2, "seen = look()")]


def test_a_killed_session_has_lost_nothing(file: Path, rows: Rows) -> None:
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    process = start(file, "a = 1", "b = 2", kill)
    process.communicate(timeout=60)

    assert process.returncode == -9
    assert rows(INPUTS) == [(1, 1, "a = 1"), (1, 2, "b = 2"), (1, 3, kill)]
    assert rows("SELECT error FROM ipshell_cells ORDER BY line") == [
        ("",),
        ("",),
        (None,),
    ]


def test_how_a_cell_ran_is_written(kept: InteractiveShell, rows: Rows) -> None:
    run(kept, "1", "1/0", "get_ipython().system('exit 3')")
    kept.history_manager.writeout_cache()

    found = rows("SELECT line, error, exit_code, cwd FROM ipshell_cells")
    cwd = os.getcwd()
    assert found == [
        (1, "", None, cwd),
        (2, "ZeroDivisionError", None, cwd),
        (3, "", 3, cwd),
    ]
    durations = rows("SELECT min(duration), min(started) FROM ipshell_cells")
    assert all(value > 0 for value in durations[0])


def test_the_tables_are_ipythons(kept: InteractiveShell, rows: Rows) -> None:
    run(kept, "1")

    def columns(table: str) -> list[str]:
        return [row[1] for row in rows(f"PRAGMA table_info({table})")]

    assert columns("sessions") == ["session", "start", "end", "num_cmds", "remark"]
    assert columns("history") == ["session", "line", "source", "source_raw"]
    assert columns("output_history") == ["session", "line", "output"]


def test_ipython_can_write_into_our_file_and_we_read_it(
    kept: InteractiveShell, file: Path
) -> None:
    run(kept, "1")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO sessions"
            " VALUES (NULL, '2024-01-02 03:04:05.5', NULL, NULL, '')"
        )
        connection.execute("INSERT INTO history VALUES (2, 1, 'theirs', '%theirs')")
        connection.execute("INSERT INTO output_history VALUES (2, 1, '7')")
        connection.commit()

    manager = kept.history_manager
    assert list(manager.get_range(2)) == [(2, 1, "%theirs")]
    assert list(manager.search("*their*", output=True)) == [(2, 1, ("%theirs", "7"))]
    assert str(manager.get_session_info(2)[1]) == "2024-01-02 03:04:05.500000"


def test_a_file_that_only_ipython_has_used_is_read(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE sessions (session integer primary key autoincrement,"
            " start timestamp, end timestamp, num_cmds integer, remark text);"
            "CREATE TABLE history (session integer, line integer, source text,"
            " source_raw text, PRIMARY KEY (session, line));"
            "CREATE TABLE output_history (session integer, line integer, output text,"
            " PRIMARY KEY (session, line));"
            "INSERT INTO sessions VALUES (NULL, '2024-01-02 03:04:05', NULL, 2, '');"
            "INSERT INTO history VALUES (1, 1, 'a', 'a'), (1, 2, 'b', 'b');"
        )
    history = HistoryAccessor(hist_file=str(file))

    assert list(history.get_tail(5, include_latest=True)) == [(1, 1, "a"), (1, 2, "b")]
    assert list(history.get_range(-1)) == [(1, 1, "a"), (1, 2, "b")]
    from ipcluster.engines.interpreter.history.searching import Wanted

    assert [cell.status for cell in history.find(Wanted(), facts=True)] == [None, None]
    assert history.find(Wanted(status="ok")) == []


def test_outputs_are_written_if_that_is_wanted(open_shell: Open, rows: Rows) -> None:
    shell = open_shell(db_log_output=True)
    run(shell, "6 * 7")
    shell.history_manager.db_log_output = False
    run(shell, "6 * 8")
    shell.history_manager.db_log_output = True
    run(shell, "6 * 9")
    shell.history_manager.writeout_cache()

    assert rows("SELECT * FROM output_history") == [(1, 1, "42"), (1, 3, "54")]


def test_inputs_can_be_written_in_bundles(open_shell: Open, rows: Rows) -> None:
    shell = open_shell(db_cache_size=3)
    run(shell, "1", "2")
    assert shell.history_manager.session_number == 1
    assert rows(INPUTS) == []

    run(shell, "3", "4")
    assert len(rows(INPUTS)) == 3

    shell.history_manager.end_session()
    assert len(rows(INPUTS)) == 4


def test_text_that_no_file_can_hold_is_written_as_its_escape(
    kept: InteractiveShell, rows: Rows
) -> None:
    run(kept, "a = '\udc80'", "b = 'é\0'")

    assert rows(INPUTS) == [(1, 1, "a = '\\udc80'"), (1, 2, "b = 'é\0'")]


def test_leaving_is_not_worth_keeping(kept: InteractiveShell, rows: Rows) -> None:
    run(kept, "1", "exit()")

    assert rows(INPUTS) == [(1, 1, "1")]


def test_the_file_is_for_its_owner_alone(kept: InteractiveShell, file: Path) -> None:
    run(kept, "password = 'secret'")

    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


# --- sessions -------------------------------------------------------------------------


def test_a_session_that_types_nothing_leaves_no_trace(
    open_shell: Open, file: Path
) -> None:
    shell = open_shell()
    shell.history_manager.end_session()

    assert not file.exists()


def test_sessions_have_a_beginning_and_an_end(open_shell: Open) -> None:
    first = open_shell()
    run(first, "a = 1", "b = 2")
    first.history_manager.name_session("about a and b")
    first.history_manager.end_session()
    second = open_shell()
    run(second, "c = 3")

    number, begin, end, many, remark = second.history_manager.get_session_info(1)
    assert (number, many, remark) == (1, 2, "about a and b")
    assert begin is not None
    assert end is not None
    assert begin <= end
    assert second.history_manager.get_session_info()[0] == 2
    with pytest.raises(ValueError, match="no session 77"):
        second.history_manager.get_session_info(77)


def test_sessions_are_counted_back_and_empty_ones_do_not_count(
    open_shell: Open, file: Path
) -> None:
    for number in range(3):
        shell = open_shell()
        run(shell, f"x = {number}")
        shell.history_manager.end_session()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO sessions VALUES (NULL, '', NULL, NULL, '')")
        connection.commit()
    shell = open_shell()
    run(shell, "now = 1")
    manager = shell.history_manager

    assert manager.session_number == 5
    assert list(manager.get_range(-1)) == [(3, 1, "x = 2")]
    assert list(manager.get_range_by_str("~3/1-~2/")) == [
        (1, 1, "x = 0"),
        (2, 1, "x = 1"),
    ]
    assert list(manager.get_range(-9)) == []


def test_a_counter_that_is_set_back_begins_a_new_session(
    kept: InteractiveShell, rows: Rows
) -> None:
    run(kept, "a = 1", "b = 2")
    kept.execution_count = 1
    run(kept, "c = 3")

    assert rows(INPUTS) == [(1, 1, "a = 1"), (1, 2, "b = 2"), (2, 1, "c = 3")]
    assert rows("SELECT num_cmds FROM sessions") == [(2,), (None,)]
    assert list(kept.history_manager.get_range(-1, 2)) == [(1, 2, "b = 2")]


def test_many_sessions_at_once_lose_nothing(file: Path, rows: Rows) -> None:
    many, each = 6, 25
    processes = [
        start(file, *(f"x = {one}, {number}" for number in range(each)))
        for one in range(many)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert errors == ""
        assert process.returncode == 0

    found = rows(INPUTS)
    assert len({session for session, _, _ in found}) == many
    assert sorted(text for _, _, text in found) == sorted(
        f"x = {one}, {number}" for one in range(many) for number in range(each)
    )
    for _, line, text in found:
        assert text.endswith(f", {line - 1}")


def test_two_shells_see_each_others_inputs_at_once(open_shell: Open) -> None:
    first, second = open_shell(), open_shell()
    run(first, "a = 1")
    run(second, "b = 2")
    run(first, "c = 3")

    seen = [text for _, text in second.history_manager.recent(5)]
    assert seen == ["b = 2", "c = 3", "a = 1"]


def test_a_forked_child_leaves_the_file_alone(
    kept: InteractiveShell, rows: Rows
) -> None:
    run(kept, "a = 1")
    pid = os.fork()
    if pid == 0:
        try:
            run(kept, "child = 1")
            kept.history_manager.end_session()
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0

    run(kept, "b = 2")
    assert [text for _, _, text in rows(INPUTS)] == ["a = 1", "b = 2"]


# --- trouble --------------------------------------------------------------------------


def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    open_shell: Open, file: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this was a database once" * 100)
    shell = open_shell()

    run(shell, "a = 1", "b = 2")
    shell.history_manager.end_session()

    errors = capsys.readouterr().err
    [aside] = file.parent.glob("history-damaged-*.sqlite")
    assert errors.count("\n") == 1
    assert str(aside) in errors
    assert aside.read_bytes().startswith(b"this was")
    assert rows(INPUTS) == [(1, 1, "a = 1"), (1, 2, "b = 2")]
    assert sorted(one.name for one in file.parent.iterdir()) == sorted(
        [aside.name, file.name]
    )


def test_a_file_damaged_while_it_is_used_costs_no_input_of_this_session(
    open_shell: Open, file: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    first = open_shell()
    run(first, *(f"x = {'1' * 3000}{number}" for number in range(20)))
    first.history_manager.end_session()
    shell = open_shell()
    run(shell, "a = 1", "1/0")
    shell.history_manager.writeout_cache()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    with open(file, "r+b") as raw:
        raw.seek(4096)
        raw.write(os.urandom(size - 4096))

    run(shell, "b = 2", "c = 3")
    shell.history_manager.writeout_cache()

    assert "is damaged" in capsys.readouterr().err
    assert [text for _, _, text in rows(INPUTS)] == ["a = 1", "1/0", "b = 2", "c = 3"]
    assert rows("SELECT error FROM ipshell_cells WHERE line = 2") == [
        ("ZeroDivisionError",)
    ]


def test_of_two_sessions_one_sets_a_damaged_file_aside(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"damaged " * 1000)

    assert database.set_aside(str(file), {}) is not None
    database.open_for_writing(str(file), {}).close()
    assert database.set_aside(str(file), {}) is None
    assert file.exists()


@pytest.mark.parametrize("place", ["a file/history.sqlite", "folder"])
def test_a_place_that_cannot_be_written_to_is_said_once(
    open_shell: Open, tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").write_text("")
    (tmp_path / "folder").mkdir()
    shell = open_shell(hist_file=str(tmp_path / place))

    run(shell, "a = 1", "b = 2", "c = 3")
    shell.history_manager.end_session()

    errors = capsys.readouterr().err
    assert errors.startswith("History is not kept")
    assert errors.count("\n") == 1
    assert shell.user_ns["In"] == ["", "a = 1", "b = 2", "c = 3"]


def test_another_programs_database_is_left_alone(
    open_shell: Open, file: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE history (url text)")
    shell = open_shell()

    run(shell, "a = 1", "b = 2")
    shell.history_manager.end_session()

    assert "is not a history file" in capsys.readouterr().err
    assert rows("SELECT * FROM history") == []


def test_a_locked_file_does_not_stop_cells_and_gets_them_later(
    open_shell: Open,
    file: Path,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(database, "BUSY", 0.01)
    monkeypatch.setattr(writer, "RETRY", 0.01)
    shell = open_shell()
    run(shell, "a = 1")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        run(shell, "b = 2", "c = 3")
        assert shell.user_ns["c"] == 3
        other.execute("ROLLBACK")
    shell.history_manager.writeout_cache()

    assert [text for _, _, text in rows(INPUTS)] == ["a = 1", "b = 2", "c = 3"]
    assert capsys.readouterr().err == ""
    assert list(file.parent.glob("*.pending")) == []


def test_what_a_session_could_not_write_the_next_one_does(
    open_shell: Open,
    file: Path,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(database, "BUSY", 0.01)
    monkeypatch.setattr(writer, "RETRY", 0.01)
    first = open_shell()
    run(first, "a = 1")
    first.history_manager.end_session()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        shell = open_shell()
        run(shell, "b = 2", "1/0")
        shell.history_manager.end_session()
        other.execute("ROLLBACK")
    [left] = file.parent.glob("*.pending")
    assert spill.left_behind(str(file)) == []  # its session might still write it
    gone = left.with_name(left.name.replace(f"-{os.getpid()}-", "-4194999-"))
    left.rename(gone)
    assert spill.left_behind(str(file)) == [str(gone)]

    last = open_shell()
    run(last, "c = 3")

    assert rows(INPUTS) == [
        (1, 1, "a = 1"),
        (2, 1, "b = 2"),
        (2, 2, "1/0"),
        (3, 1, "c = 3"),
    ]
    assert rows("SELECT error FROM ipshell_cells WHERE session = 2") == [
        ("",),
        ("ZeroDivisionError",),
    ]
    assert list(file.parent.glob("*.pending*")) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "text", ['{"not": "ours"}\n', "", "nonsense", '[0, "now"]\n["drop", 1]\n']
)
def test_a_leftover_that_is_none_of_ours_does_no_harm(
    open_shell: Open, file: Path, rows: Rows, text: str
) -> None:
    file.parent.mkdir()
    name = f"history.sqlite.{os.uname().nodename}-4194999-0.pending"
    (file.parent / name).write_text(text)
    shell = open_shell()

    run(shell, "a = 1")

    assert [text for _, _, text in rows(INPUTS)] == ["a = 1"]


def test_a_folder_of_another_host_is_known(tmp_path: Path) -> None:
    assert not database.is_on_network(str(tmp_path / "history.sqlite"))


def test_history_that_is_turned_off_is_kept_in_memory(
    open_shell: Open, file: Path
) -> None:
    shell = open_shell(enabled=False)
    run(shell, "a = 1")

    assert not file.exists()
    assert [one[2] for one in shell.history_manager.get_range()] == ["a = 1"]


def test_turning_it_off_and_on_again_goes_on_in_a_new_session(
    kept: InteractiveShell, rows: Rows
) -> None:
    run(kept, "a = 1")
    kept.history_manager.enabled = False
    run(kept, "b = 2")
    kept.history_manager.enabled = True
    run(kept, "c = 3")

    assert rows(INPUTS) == [(1, 1, "a = 1"), (2, 3, "c = 3")]


def test_an_interrupt_while_the_writer_is_waited_for_loses_nothing(
    kept: InteractiveShell, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(kept, "a = 1")
    wait = writer.Writer.put_and_wait

    def interrupted(self: writer.Writer, *jobs: writer.Job, **keywords: Any) -> bool:
        wait(self, *jobs, **keywords)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(writer.Writer, "put_and_wait", interrupted)
        run(kept, "b = 2")
    run(kept, "c = 3")
    kept.history_manager.writeout_cache()

    assert "b" not in kept.user_ns
    assert [text for _, _, text in rows(INPUTS)] == ["a = 1", "b = 2", "c = 3"]
    assert rows("SELECT error FROM ipshell_cells WHERE line = 2") == [
        ("KeyboardInterrupt",)
    ]


def test_nothing_is_read_or_opened_before_something_is_typed(file: Path) -> None:
    code = (
        "import sys\n"
        "from ipcluster.engines.interpreter.frontend import FrontEnd\n"
        "from ipcluster.engines.interpreter.shell import InteractiveShell\n"
        "config = {'HistoryManager': {'hist_file': sys.argv[1]}}\n"
        "shell = InteractiveShell(FrontEnd(), config=config)\n"
        "print([name for name in ('sqlite3', 'json', 'fnmatch')"
        " if name in sys.modules and name not in before])\n"
        "shell.close()\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; before = {*sys.modules}\n" + code,
            str(file),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stderr == ""
    assert done.stdout == "[]\n"
    assert not file.parent.exists()
