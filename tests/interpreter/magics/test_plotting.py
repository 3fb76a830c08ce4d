"""`%matplotlib`, `%pylab`: what they tell a shell."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter.display import pylab
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def asked(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Any, ...]]:
    """What the shell is asked for, instead of doing it."""
    calls: list[tuple[Any, ...]] = []

    def enable_matplotlib(gui: str | None) -> tuple[str | None, str]:
        calls.append((gui,))
        return gui, "a backend"

    def enable_pylab(gui: str | None, import_all: bool) -> Any:
        calls.append((gui, import_all))
        return gui, "a backend", ["sum"]

    monkeypatch.setattr(shell, "enable_matplotlib", enable_matplotlib)
    monkeypatch.setattr(shell, "enable_pylab", enable_pylab)
    return calls


def test_matplotlib_takes_a_gui_or_none(
    shell: InteractiveShell,
    asked: list[Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_line_magic("matplotlib", "inline")
    assert capsys.readouterr().out == ""
    shell.run_line_magic("matplotlib", "'qt'")
    shell.run_line_magic("matplotlib", "")

    assert asked == [("inline",), ("qt",), (None,)]
    assert capsys.readouterr().out == "Using matplotlib backend: a backend\n"


@pytest.mark.parametrize("option", ["-l", "--list"])
def test_matplotlib_lists_names(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
) -> None:
    monkeypatch.setattr(pylab, "list_backends", lambda: ["agg", "inline"])

    shell.run_line_magic("matplotlib", option)

    assert capsys.readouterr().out == (
        "Available matplotlib backends: ['agg', 'inline']\n"
    )


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("", (None, True)),
        ("inline", ("inline", True)),
        ("inline --no-import-all", ("inline", False)),
        ("--no-import-all tk", ("tk", False)),
    ],
)
def test_pylab_brings_names(
    shell: InteractiveShell,
    asked: list[Any],
    capsys: pytest.CaptureFixture[str],
    line: str,
    call: tuple[Any, ...],
) -> None:
    shell.run_line_magic("pylab", line)

    assert asked == [call]
    assert "something else before: sum" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("no GUI 'x'"), "no GUI 'x'"),
        (ModuleNotFoundError("No ...", name="matplotlib"), "%pip install matplotlib"),
        (ModuleNotFoundError("No module PyQt", name="PyQt"), "cannot be used: No mod"),
        (ImportError("another loop runs"), "another loop runs"),
    ],
)
def test_what_does_not_work_is_said_in_one_line(
    shell: InteractiveShell,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    message: str,
) -> None:
    def fail(gui: str | None) -> None:
        raise error

    monkeypatch.setattr(shell, "enable_matplotlib", fail)

    with pytest.raises(UsageError, match=message):
        shell.run_line_magic("matplotlib", "x")
