"""Commands of the system where there is no terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import system
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _plain_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")


@contextmanager
def interrupting(*marks: Path) -> Iterator[None]:
    """Press Ctrl-C when the first of these files is there, when the second is, ..."""
    over = threading.Event()

    def watch() -> None:
        for mark in marks:
            while not mark.exists():
                if over.wait(0.005):
                    return
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=watch, daemon=True)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE)
        signal.signal(signal.SIGINT, before)


def test_output_and_errors_are_printed_and_the_status_is_kept(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell("!echo a; echo b >&2; exit 3")

    assert capsys.readouterr().out == "a\nb\n"
    assert shell.user_ns["_exit_code"] == 3

    shell.run_cell("!true")
    assert shell.user_ns["_exit_code"] == 0

    shell.run_cell("!kill -9 $$")
    assert shell.user_ns["_exit_code"] == -9

    shell.run_cell("!sh -c 'kill -15 $$'; exit $?")
    assert shell.user_ns["_exit_code"] == -15


def test_output_comes_while_the_command_runs(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "go")
    seen: list[str] = []

    class Stream:
        def write(self, text: str) -> None:
            seen.append(text)
            if "first" in text:  # only now may the command go on
                (tmp_path / "go").write_text("")

        def flush(self) -> None:
            pass

    monkeypatch.setattr("sys.stdout", Stream())
    shell.system(f"printf first; cat {tmp_path}/go; printf last")

    assert seen == ["first", "last"]


def test_characters_that_come_in_pieces_stay_whole(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.system(r"printf '\303'; sleep 0.05; printf '\251\n\377\n'")

    assert capsys.readouterr().out == "é\n\ufffd\n"


def test_much_output(shell: InteractiveShell, capsys: Out) -> None:
    shell.system("yes | head -c 300000")

    assert capsys.readouterr().out == "y\n" * 150_000


def test_a_command_has_no_input_here(shell: InteractiveShell, capsys: Out) -> None:
    shell.system("cat; echo done")

    assert capsys.readouterr().out == "done\n"


def test_what_a_command_leaves_running_is_not_waited_for(
    shell: InteractiveShell, capsys: Out, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "go")

    shell.system(f"(cat {tmp_path}/go; echo later) & echo now")
    assert capsys.readouterr().out == "now\n"

    (tmp_path / "go").write_text("")
    until = time.monotonic() + PATIENCE
    seen = ""
    while not seen and time.monotonic() < until:
        seen = capsys.readouterr().out
    assert seen == "later\n"


def test_an_interrupt_ends_the_command_and_not_the_cell(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    with interrupting(tmp_path / "there"):
        result = shell.run_cell(
            f"!touch {tmp_path}/there; sleep 60 | cat\nafter = _exit_code"
        )

    assert result.success
    assert shell.user_ns["after"] == -2


def test_an_interrupt_as_a_command_starts_ends_the_command(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that comes before anybody could end the child is not lost, nor too early."""
    children: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen):  # type: ignore[type-arg]  # as it is found
        def __init__(self, *args: Any, **keywords: Any) -> None:
            super().__init__(*args, **keywords)
            children.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Started)

    assert shell.run_cell("!sleep 60\nafter = _exit_code").success
    assert shell.user_ns["after"] == -2
    with pytest.raises(KeyboardInterrupt):
        shell.getoutput("sleep 60")
    with pytest.raises(KeyboardInterrupt):
        shell.run_cell_magic("sh", "", "sleep 60")
    assert len(children) == 3
    assert all(child.returncode is not None for child in children)


def test_a_command_that_goes_on_is_ended_by_the_third_interrupt(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    marks = [tmp_path / name for name in ("ready", "int", "term")]
    command = (
        f"trap 'touch {marks[1]}' INT; trap 'touch {marks[2]}' TERM; "
        f"touch {marks[0]}; while :; do sleep 0.02; done"
    )

    with interrupting(*marks):
        shell.run_cell(f"!{command}")

    assert shell.user_ns["_exit_code"] == -9


def test_two_interrupts_in_a_row_stop_a_loop_of_commands(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("n = 0\nwhile True:\n    n += 1\n    !kill -INT $$")

    assert frontend.errors == ["KeyboardInterrupt"]
    assert shell.user_ns["n"] == 2

    shell.run_cell("!kill -INT $$")
    assert frontend.errors == ["KeyboardInterrupt"]


def test_a_failing_command_raises_where_that_is_wanted(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.system_raise_on_error = True

    for cell in ("!exit 3", "x = !exit 4", "!!exit 5", "%sx exit 6", "%ls /no/such"):
        error = shell.run_cell(cell).error_in_exec
        assert isinstance(error, subprocess.CalledProcessError), cell

    assert shell.run_cell("!true").success
    assert "x" not in shell.user_ns


@pytest.mark.parametrize(
    ("named", "used"),
    [
        ("/bin/sh", "/bin/sh"),
        ("/usr/sbin/nologin", "/bin/sh"),
        ("/no/such/shell", "/bin/sh"),
        ("", "/bin/sh"),
        ("sh", "/bin/sh"),
    ],
)
def test_which_shell_runs_it(
    monkeypatch: pytest.MonkeyPatch, named: str, used: str
) -> None:
    monkeypatch.setenv("SHELL", named)

    assert system.user_shell() == used


def test_a_folder_that_was_deleted(
    shell: InteractiveShell, capsys: Out, tmp_path: Path
) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    shell.system("echo here")

    assert "here" in capsys.readouterr().out


def test_null_characters_are_one_clear_line(
    shell: InteractiveShell, capsys: Out
) -> None:
    shell.run_cell(r"get_ipython().system('a\0b')")
    shell.run_cell(r"get_ipython().getoutput('a\0b')")

    assert capsys.readouterr().err.count("null characters") == 2


# --- as a value -----------------------------------------------------------------------


def test_lines_of_output(shell: InteractiveShell) -> None:
    shell.run_cell("x = !printf 'a\\n\\nb\\n'; echo c >&2")
    shell.run_cell("y = !true")

    assert shell.user_ns["x"] == ["a", "", "b", "c"]
    assert shell.user_ns["y"] == []
    assert shell.getoutput("printf 'a\\nb'", split=False) == "a\nb"


def test_the_status_is_that_of_commands_of_the_persons(shell: InteractiveShell) -> None:
    shell.run_cell("!exit 3")
    shell.run_cell("x = !exit 4")

    assert shell.user_ns["_exit_code"] == 3


def test_an_interrupt_while_a_value_is_awaited_ends_both(
    shell: InteractiveShell, frontend: RecordingFrontEnd, tmp_path: Path
) -> None:
    with interrupting(tmp_path / "there"):
        shell.run_cell(f"x = !touch {tmp_path}/there; sleep 60 | cat")

    assert frontend.errors == ["KeyboardInterrupt"]
    assert "x" not in shell.user_ns


def test_values_come_from_the_caller(shell: InteractiveShell, capsys: Out) -> None:
    shell.run_cell(
        "v = 'outer'\n"
        "def f(v):\n"
        "    !echo $v\n"
        "    x = !echo {v}\n"
        "    y = %sx echo $v\n"
        "    get_ipython().system('echo {v.upper()}')\n"
        "    return x + y\n"
        "r = f('inner')"
    )

    assert capsys.readouterr().out == "inner\nINNER\n"
    assert shell.user_ns["r"] == ["inner", "inner"]
