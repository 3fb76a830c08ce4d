"""Errors of syntax point at what was typed, whatever the transforms made of it."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.mark.parametrize(
    ("cell", "line", "shown"),
    [
        ("x = = 1", 1, ["x = = 1", "    ^"]),
        ("\n\nx = = 1", 3, ["x = = 1", "    ^"]),
        (">>> x = = 1", 1, [">>> x = = 1", "        ^"]),
        ("In [1]: a = 1\n   ...: x = = 1", 2, ["...: x = = 1", "         ^"]),
        ("    x = = 1", 1, ["x = = 1", "    ^"]),
        ("!ls \\\n  -l\nx = = 1", 3, ["x = = 1", "    ^"]),
        ("x = !ls\\\n  -l\n\n)", 4, [")", "^"]),
        ("if 1:\n    !true\n  x", 3, ["x"]),
        ("1 = %pwd", 1, ["1 = %pwd", "^"]),
        ("a = = 1; b = !ls", 1, ["a = = 1; b = !ls", "    ^"]),
        ("len ?", 1, ["len ?", "    ^"]),
        ("   return 5", 1, ["return 5", "^^^^^^^^"]),
    ],
)
def test_line_and_column(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    cell: str,
    line: int,
    shown: list[str],
) -> None:
    result = shell.run_cell(cell, store_history=True)

    error = result.error_before_exec
    assert isinstance(error, SyntaxError)
    assert error.lineno == line
    (event,) = frontend.of_kind(e.Error)
    lines = "\n".join(event.traceback).splitlines()
    assert lines[0] == f"  Cell In[1], line {line}"
    assert [text[4:] for text in lines[1 : 1 + len(shown)]] == shown
