"""Programs that the shell runs: editors, pagers, clipboards, commands."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipcluster.shell.terminal import pager
from ipcluster.shell.terminal.clipboards import read_clipboard
from ipcluster.shell.terminal.editing import (
    edit_text,
    editor_command,
    editor_words,
    open_editor,
)
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.pager import page
from ipcluster.shell.terminal.reformatting import reformatted
from ipcluster.shell.terminal.running import run_on_terminal
from ipcluster.shell.terminal.shell import TerminalInteractiveShell


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs; there are no others, but for the system's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    for name in ("EDITOR", "VISUAL", "PAGER", "DISPLAY", "WAYLAND_DISPLAY", "TMUX"):
        monkeypatch.delenv(name, raising=False)
    return folder


def program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


# --- editors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("editor", "expected"),
    [
        ("vim", ["vim", "+7", "f.py"]),
        ("/usr/bin/nano -w", ["/usr/bin/nano", "-w", "+7", "f.py"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "f.py"]),
        ("code", ["code", "--wait", "-g", "f.py:7"]),
        ("code --wait", ["code", "--wait", "-g", "f.py:7"]),
        ("subl", ["subl", "--wait", "f.py:7"]),
        ("hx", ["hx", "f.py:7"]),
        ("other -x", ["other", "-x", "f.py"]),
    ],
)
def test_editors_are_told_the_line(editor: str, expected: list[str]) -> None:
    assert editor_command(editor, "f.py", 7, wait=True) == expected


def test_without_a_line_there_is_only_the_file() -> None:
    assert editor_command("vim", "f.py", None, wait=False) == ["vim", "f.py"]
    assert editor_command("code", "f.py", None, wait=False) == ["code", "f.py"]


def test_which_editor(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert editor_words("mine -x") == ["mine", "-x"]
    monkeypatch.setenv("EDITOR", "second")
    assert editor_words() == ["second"]
    monkeypatch.setenv("VISUAL", "first")
    assert editor_words() == ["first"]


def test_a_text_is_edited(programs: Path) -> None:
    editor = program(programs, "change", 'printf "x = 2\\n" > "$1"')

    assert edit_text(editor, "x = 1") == "x = 2"


def test_an_editor_that_does_not_start_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not open_editor("/no/such/editor", "f.py", None, wait=True)
    assert edit_text("/no/such/editor", "x") is None
    assert "'/no/such/editor' does not start" in capsys.readouterr().err


def test_an_editor_that_fails_changes_nothing(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    editor = program(programs, "fails", "exit 3")

    assert edit_text(editor, "x = 1") is None
    assert "ended with status 3" in capsys.readouterr().err


# --- pagers ---------------------------------------------------------------------------


class Screen(TerminalFrontEnd):
    """A terminal of a few lines."""

    has_terminal = True
    width = 20
    height = 5


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    shell = TerminalInteractiveShell(screen)
    yield screen
    shell.close()


def test_what_fits_is_printed(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    page(screen, "a\nb\nc\n")

    assert capsys.readouterr().out == "a\nb\nc\n"


def test_what_does_not_fit_goes_to_the_pager(
    screen: Screen,
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PAGER", program(programs, "less", 'echo "$@"; cat'))

    page(screen, "\n".join("abcdefgh"), start=2)
    page(screen, "x" * 21 + "\ny\nz\nw\n")  # the first takes two rows

    out = capfd.readouterr().out
    assert out.startswith("-R +3\na\nb\n")
    assert f"-R\n{'x' * 21}\n" in out


def test_another_pager_gets_the_text_from_the_line_on(
    screen: Screen,
    programs: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PAGER", program(programs, "other", 'echo "$@"; cat'))

    page(screen, "\n".join("abcdefgh"), start=2)

    assert capfd.readouterr().out == "\nc\nd\ne\nf\ng\nh\n"


def test_a_pager_that_is_left_early_is_no_error(
    screen: Screen, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", program(programs, "quits", "exit 0"))

    page(screen, "line\n" * 100_000)


def test_pages_are_printed_if_the_option_says_so(
    screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    assert screen.shell is not None
    screen.shell.display_page = True

    page(screen, "x\n" * 50)

    assert capsys.readouterr().out == "x\n" * 50


def test_without_any_pager_there_is_a_plain_one(
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers = iter(["", "q"])
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr(pager, "_external", lambda text, start: False)
    monkeypatch.setattr("builtins.input", answer)

    page(screen, "".join(f"{n}\n" for n in range(20)))

    assert capsys.readouterr().out == "".join(f"{n}\n" for n in range(8))
    assert len(asked) == 2


# --- clipboards and formatters --------------------------------------------------------


def test_the_clipboard_of_x(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    program(programs, "xclip", 'printf "a\\r\\nb"')

    assert read_clipboard() == "a\nb"


def test_the_clipboard_of_wayland_comes_first(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    program(programs, "wl-paste", "printf w")
    program(programs, "xclip", "printf x")

    assert read_clipboard() == "w"


def test_no_clipboard_is_none(programs: Path) -> None:
    assert read_clipboard() is None


def test_a_formatter_that_is_not_there_changes_nothing() -> None:
    assert reformatted("yapf", "x=1") == "x=1"


def test_a_cell_is_reformatted() -> None:
    pytest.importorskip("ruff")

    assert reformatted("ruff", "x=1") == "x = 1"
    assert reformatted("ruff", "%magic x") == "%magic x"


# --- commands -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "status"),
    [("true", 0), ("exit 3", 3), ("kill -9 $$", -9), ("kill -PIPE $$", -13)],
)
def test_a_command_gives_its_status(
    command: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")

    assert run_on_terminal(command, None) == status


def test_a_command_has_the_environment_given(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/no/such/shell")

    run_on_terminal("echo $WORD", {"WORD": "given"})

    assert capfd.readouterr().out == "given\n"


def test_ctrl_c_is_the_commands_and_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    before = signal.getsignal(signal.SIGINT)

    # What the terminal does: both get it.
    status = run_on_terminal(f"kill -INT {os.getpid()}; kill -INT $$; sleep 9", None)

    assert status == -signal.SIGINT
    assert signal.getsignal(signal.SIGINT) is before


def test_captured_output_stays_captured(capsys: pytest.CaptureFixture[str]) -> None:
    frontend: Any = TerminalFrontEnd()

    frontend.run_command("echo text", None)

    assert capsys.readouterr().out == "text\n"
