"""`%%capture`."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.frontend import FrontEnd
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

CELL = "import sys; print('out'); print('err', file=sys.stderr); display(1); 2"


def test_what_a_cell_shows_is_in_the_variable(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_cell_magic("capture", "kept", CELL)

    kept = shell.user_ns["kept"]
    assert (kept.stdout, kept.stderr) == ("out\n", "err\n")
    assert [one.data["text/plain"] for one in kept.outputs] == ["1", "2"]
    assert capsys.readouterr() == ("", "")
    assert frontend.of_kind(e.Display) == []
    assert frontend.results == []


def test_without_a_variable_it_is_thrown_away(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    names = set(shell.user_ns)

    shell.run_cell_magic("capture", "", CELL)

    assert capsys.readouterr() == ("", "")
    assert set(shell.user_ns) - names == {"sys"}


@pytest.mark.parametrize("line", ["kept --no-stdout --no-display", "--no-stdout kept"])
def test_a_part_may_be_let_through(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
    line: str,
) -> None:
    shell.run_cell_magic("capture", line, CELL)

    assert capsys.readouterr() == ("out\n", "")
    is_shown = "--no-display" in line
    assert len(frontend.of_kind(e.Display)) == is_shown
    assert len(shell.user_ns["kept"].outputs) == (0 if is_shown else 2)


def test_an_error_is_shown_none_the_less(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell_magic("capture", "kept", "print('x')\n1/0")

    assert frontend.errors == ["ZeroDivisionError"]
    assert shell.user_ns["kept"].stdout == "x\n"


def test_a_front_end_that_prints_errors_prints_them_outside(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(shell, "frontend", FrontEnd())

    shell.run_cell_magic("capture", "kept", "1/0")

    assert "ZeroDivisionError" in capsys.readouterr().err
    assert shell.user_ns["kept"].stderr == ""


def test_a_mistyped_magic_is_said(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell_magic(
        "capture", "", "get_ipython().run_line_magic('nosuchmagic', '')"
    )

    assert "nosuchmagic" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["a b", "a.b", "--no-such kept"])
def test_what_is_no_variable_is_refused(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError):
        shell.run_cell_magic("capture", line, "1")
