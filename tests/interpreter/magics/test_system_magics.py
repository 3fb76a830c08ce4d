"""`%sx`, `%system`, `%sc`, `%%!`."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.slist import SList


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("%sx echo a", ["a"]),
        ("%system echo a", ["a"]),
        ("!!echo a", ["a"]),
        ("%sx", []),
        ("%%sx\necho a\necho $v", ["a", "5"]),
        ("%%system echo x;\necho a", ["x", "a"]),
        ("%%!\nx=3\necho $x {v}", ["3 5"]),
    ],
)
def test_what_is_printed_is_the_value(
    shell: InteractiveShell, cell: str, lines: list[str]
) -> None:
    shell.user_ns["v"] = 5

    value = shell.run_cell(cell).result

    assert value == lines
    assert isinstance(value, SList)


def test_sc(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%sc x = echo 'a  b'; echo c")
    shell.run_cell("%sc -l y=echo 'a  b'")
    shell.run_cell("%sc -v z=echo a")

    assert shell.user_ns["x"] == "a  b\nc"
    assert shell.user_ns["y"] == ["a  b"]
    assert capsys.readouterr().out == "z == 'a'\n"
    with pytest.raises(UsageError):
        shell.run_line_magic("sc", "echo a")
