"""%paste and %cpaste, %cls and %autoindent."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


class Clipboard(RecordingFrontEnd):
    """A front end with something on its clipboard."""

    text: str | None = None

    def clipboard(self) -> str | None:
        return self.text


@pytest.fixture
def frontend() -> Clipboard:
    return Clipboard()


def test_the_clipboard_is_shown_and_run(
    shell: InteractiveShell, frontend: Clipboard, capsys: pytest.CaptureFixture[str]
) -> None:
    frontend.text = "    x = 1\r\n    if x:\r\n        y = 2\r\n"

    shell.run_line_magic("paste", "")

    assert shell.user_ns["y"] == 2
    assert capsys.readouterr().out.startswith("x = 1\nif x:\n    y = 2\n## ")
    assert shell.user_ns["In"][-1] == "x = 1\nif x:\n    y = 2"


def test_quietly_and_again(
    shell: InteractiveShell, frontend: Clipboard, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["n"] = 0
    frontend.text = "n += 1"
    shell.run_line_magic("paste", "-q")
    assert capsys.readouterr().out == ""

    frontend.text = "n += 100"
    shell.run_line_magic("paste", "-r")

    assert shell.user_ns["n"] == 2


def test_a_block_is_kept_under_a_name(
    shell: InteractiveShell, frontend: Clipboard
) -> None:
    frontend.text = "a\nb\n"

    shell.run_line_magic("paste", "-q kept")

    assert shell.user_ns["kept"] == ["a", "b"]


def test_no_clipboard_is_told(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="no clipboard can be read"):
        shell.run_line_magic("paste", "")


def test_an_empty_clipboard_is_told(
    shell: InteractiveShell, frontend: Clipboard
) -> None:
    frontend.text = " \n"

    with pytest.raises(UsageError, match="nothing is on the clipboard"):
        shell.run_line_magic("paste", "")


def test_a_hook_gives_the_clipboard(shell: InteractiveShell) -> None:
    shell.set_hook("clipboard_get", lambda self: "hooked = 1")

    shell.run_line_magic("paste", "-q")

    assert shell.user_ns["hooked"] == 1


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("", ["for i in range(3):", "", "    last = i", "--"]),
        ("-q", ["  last = 2", "--", "last = 5"]),
        ("-s END", ["x = 3", "x --1", "last = 2", "END"]),
        ("", ["last = 2"]),  # Ctrl-D
    ],
)
def test_lines_are_taken_up_to_the_sentinel(
    shell: InteractiveShell, frontend: Clipboard, line: str, lines: list[str]
) -> None:
    frontend.lines = list(lines)

    shell.run_line_magic("cpaste", line)

    assert shell.user_ns["last"] == 2


def test_nothing_pasted_yet_is_told(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="nothing has been pasted yet"):
        shell.run_line_magic("cpaste", "-r")


def test_the_screen_is_cleared(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("cls", "")

    assert capsys.readouterr().out == "\x1b[H\x1b[2J"


def test_indentation_is_turned_off_and_on(shell: InteractiveShell) -> None:
    shell.run_line_magic("autoindent", "")
    assert not shell.autoindent

    shell.run_line_magic("autoindent", "")
    assert shell.autoindent
