"""`%automagic` and `%autocall`."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def test_automagic(shell: InteractiveShell, capsys: Out) -> None:
    seen = []
    for line in ("", "", "0", "on", "off", "True"):
        shell.run_line_magic("automagic", line)
        seen.append(shell.automagic)

    assert seen == [False, True, False, True, False, True]
    assert "Automagic is OFF" in capsys.readouterr().out
    with pytest.raises(UsageError):
        shell.run_line_magic("automagic", "perhaps")


def test_autocall(shell: InteractiveShell, capsys: Out) -> None:
    seen = []
    for line in ("", "", "2", "", "", "0", "1"):
        shell.run_line_magic("autocall", line)
        seen.append(shell.autocall)

    assert seen == [1, 0, 2, 0, 2, 0, 1]
    assert capsys.readouterr().out.splitlines()[2] == "Automatic calling is: Full"
    for line in ("3", "x"):
        with pytest.raises(UsageError):
            shell.run_line_magic("autocall", line)


def test_they_change_what_is_typed(shell: InteractiveShell) -> None:
    for cell in ("%automagic off", "pwd", "%automagic on", "%autocall 1", "len 'abc'"):
        result = shell.run_cell(cell)
        if cell == "pwd":
            assert isinstance(result.error, NameError)

    assert result.result == 3
