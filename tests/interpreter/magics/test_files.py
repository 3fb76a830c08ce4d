"""`%%writefile`."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


def test_a_cell_becomes_a_file(
    shell: InteractiveShell, tmp_path: Path, capsys: Out
) -> None:
    path = tmp_path / "work" / "f.txt"

    shell.run_cell("%%writefile f.txt\na $x {y}\n!b")
    assert path.read_text() == "a $x {y}\n!b\n"

    shell.run_cell("%%file f.txt\nc")
    assert path.read_text() == "c\n"

    shell.run_cell("%%writefile -a f.txt\nd")
    shell.run_cell("%%writefile --append f.txt\né")
    assert path.read_text(encoding="utf-8") == "c\nd\né\n"

    assert capsys.readouterr().out == (
        "Writing f.txt\nOverwriting f.txt\nAppending to f.txt\nAppending to f.txt\n"
    )


def test_names_of_files_are_as_in_a_shell(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    shell.user_ns["name"] = "v"

    shell.run_cell("%%writefile 'a b'\nx")
    shell.run_cell("%%writefile ~/h\nx")
    shell.run_cell("%%writefile {name}.txt\nx")

    assert (tmp_path / "work" / "a b").exists()
    assert (tmp_path / "work" / "v.txt").exists()
    assert (tmp_path / "home" / "h").exists()


@pytest.mark.parametrize("line", ["", "-a", "no/such/folder/f", "-x f"])
def test_what_is_wrong(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError):
        shell.run_cell_magic("writefile", line, "x\n")


def test_a_cell_without_lines_is_a_mistake(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="wants lines"):
        shell.run_cell_magic("writefile", "f", "")
