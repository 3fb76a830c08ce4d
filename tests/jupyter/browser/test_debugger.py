"""JupyterLab's debugger: a breakpoint in a cell is hit, variables are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("debugpy")

Open = Callable[..., Any]

CELL = "def f(n):\n    half = n / 2\n    return half\nf(10)"


def test_a_breakpoint_is_hit(notebook: Open) -> None:
    book = notebook(CELL)
    page = book.page
    page.locator(
        "[data-jp-item-name=debugger-icon] button, .jp-DebuggerBugButton"
    ).first.click()
    gutter = book.cell(0).locator(".cm-breakpoint-gutter .cm-gutterElement")
    gutter.first.wait_for(state="attached")
    book.photograph("on")

    gutter.nth(3).click(force=True)
    page.locator(".jp-DebuggerBreakpoint").first.wait_for()
    book.start(0)

    frame = page.locator(".jp-DebuggerCallstackFrame").first
    frame.wait_for()
    book.photograph("stopped")
    assert "f" in frame.inner_text()
    variables = page.locator(".jp-DebuggerVariables-body")
    variables.get_by_text("half").first.wait_for()
    page.locator(
        "jp-button[title^='Continue'], button[title^='Continue']"
    ).first.click()

    book.wait_for_end(0)
    assert "5.0" in book.output(0)
