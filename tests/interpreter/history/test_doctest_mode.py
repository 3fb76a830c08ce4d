"""`%doctest_mode`: the shell as the documents of Python show it."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

CLASS = """\
class K:
    def __repr__(self):
        return 'plain'
    def _repr_pretty_(self, printer, cycle):
        printer.text('pretty')
    def _repr_html_(self):
        return '<b>html</b>'
"""


def test_values_and_tracebacks_are_plain_until_it_is_called_again(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frontend.is_rich = True
    switched: list[bool] = []
    shell.switch_doctest_mode = switched.append  # type: ignore[assignment]  # heard
    shell.xmode = "Verbose"
    shell.separate_in = "\n\n"
    shell.run_cell(CLASS)

    def shown() -> dict[str, object]:
        shell.run_cell("K()")
        return frontend.of_kind(e.Result)[-1].data

    before = shown()
    assert before == {"text/plain": "pretty", "text/html": "<b>html</b>"}

    shell.run_line_magic("doctest_mode", "")
    assert shown() == {"text/plain": "plain"}
    assert (shell.xmode, shell.separate_in) == ("Plain", "")

    shell.run_line_magic("doctest_mode", "")
    assert shown() == before
    assert (shell.xmode, shell.separate_in) == ("Verbose", "\n\n")

    assert switched == [True, False]
    assert capsys.readouterr().out == (
        "Exception reporting mode: Plain\nDoctest mode is: ON\n"
        "Exception reporting mode: Verbose\nDoctest mode is: OFF\n"
    )
