"""Cells that are shown."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


@pytest.fixture
def rich(shell: InteractiveShell, frontend: RecordingFrontEnd) -> InteractiveShell:
    frontend.is_rich = True
    return shell


@pytest.mark.parametrize(
    ("magic", "kind", "cell"),
    [
        ("html", "text/html", "<b>\n"),
        ("HTML", "text/html", "<b>\n"),
        ("svg", "image/svg+xml", "<svg/>"),
        ("SVG", "image/svg+xml", "<svg/>"),
        ("latex", "text/latex", "$x$\n"),
        ("markdown", "text/markdown", "# x\n"),
        ("javascript", "application/javascript", "run()\n"),
        ("js", "application/javascript", "run()\n"),
    ],
)
def test_a_cell_is_shown_as_what_the_magic_says(
    rich: InteractiveShell,
    frontend: RecordingFrontEnd,
    magic: str,
    kind: str,
    cell: str,
) -> None:
    rich.run_cell_magic(magic, "", cell)

    (shown,) = frontend.of_kind(e.Display)
    assert shown.data.keys() == {"text/plain", kind}
    assert shown.data[kind] == cell
    assert shown.metadata == {}


def test_html_may_be_isolated(
    rich: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    rich.run_cell_magic("html", "--isolated", "<b>")

    (shown,) = frontend.of_kind(e.Display)
    assert shown.metadata == {"text/html": {"isolated": True}}
    with pytest.raises(UsageError, match="--isolated"):
        rich.run_cell_magic("html", "--other", "<b>")
