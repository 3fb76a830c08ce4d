"""`%pprint`, `%precision`."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_pprint_toggles(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shell.run_line_magic("pprint", "")
    shell.run_cell("list(range(40))")
    shell.run_line_magic("pprint", "")
    shell.run_cell("list(range(40))")

    assert frontend.results == [
        repr(list(range(40))),
        repr(list(range(40))).replace(", ", ",\n "),
    ]
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "OFF",
        "ON",
    ]


def test_pprint_may_be_told(shell: InteractiveShell) -> None:
    text: Any = shell.display_formatter.formatters["text/plain"]

    for word, state in (("off", False), ("0", False), ("ON", True), ("1", True)):
        shell.run_line_magic("pprint", word)
        assert text.pprint is state
    with pytest.raises(UsageError, match="on or off"):
        shell.run_line_magic("pprint", "sometimes")


def test_precision_sets_the_format_of_floats(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    assert shell.run_line_magic("precision", "3") == "%.3f"
    shell.run_cell("[3.14159, {'a': 2.0}]")
    assert shell.run_line_magic("precision", "%.1e") == "%.1e"
    shell.run_cell("3.14159")
    assert shell.run_line_magic("precision", "") == "%r"
    shell.run_cell("3.14159")

    assert frontend.results == ["[3.142, {'a': 2.000}]", "3.1e+00", "3.14159"]


def test_a_precision_that_is_none_is_said(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="a precision is digits"):
        shell.run_line_magic("precision", "bogus")
