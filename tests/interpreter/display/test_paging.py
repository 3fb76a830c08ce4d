"""Long text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.display.paging import page, page_file
from ipcluster.engines.interpreter.errors import TryNext
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def test_text_and_bundles_are_paged(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    page("long", start=3)
    page({"text/plain": "a", "text/html": "<b>"}, start=-1)

    assert frontend.events == [
        e.Page({"text/plain": "long"}, 3),
        e.Page({"text/plain": "a", "text/html": "<b>"}, 0),
    ]


def test_a_hook_may_page(shell: InteractiveShell, frontend: RecordingFrontEnd) -> None:
    seen: list[Any] = []

    def pager(shell: Any, data: Any, start: int, screen_lines: int) -> None:
        if start:
            raise TryNext
        seen.append(data)

    shell.set_hook("show_in_pager", pager)

    page("a")
    page("b", start=1)

    assert seen == ["a"]
    assert frontend.events == [e.Page({"text/plain": "b"}, 1)]


def test_a_file_is_paged(
    shell: InteractiveShell, frontend: RecordingFrontEnd, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("text\n")

    page_file(str(tmp_path / "a.txt"), start=1)

    assert frontend.events == [e.Page({"text/plain": "text\n"}, 1)]


def test_without_a_shell_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    page("long")

    assert capsys.readouterr().out == "long\n"
