"""Magics that are `async`, and magics that run code that awaits."""

from __future__ import annotations

import asyncio

import pytest

from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
)
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Out = pytest.CaptureFixture[str]


@magics_class
class Fetching(Magics):
    """Async magics."""

    @line_magic
    async def fetch(self, line: str) -> str:
        """Wait, and give the line twice."""
        await asyncio.sleep(0)
        return line * 2

    @cell_magic
    async def post(self, line: str, cell: str) -> str:
        """Wait, and give both."""
        await asyncio.sleep(0)
        return line + cell


@pytest.fixture(autouse=True)
def _has_fetching(shell: InteractiveShell) -> None:
    shell.register_magics(Fetching)
    shell.user_ns["asyncio"] = asyncio


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


@pytest.mark.parametrize(
    "cell",
    [
        "%fetch ab",
        "fetch ab",
        "x = %fetch ab\nx",
        "await asyncio.sleep(0)\n%fetch ab",
        "for i in [1]:\n    x = %fetch ab\nx",
        "async def f():\n    x = %fetch ab\n    return x\nawait f()",
        "def f():\n    x = %fetch ab\n    return x\nf()",
        "%alias_magic get fetch\n%get ab",
        "get_ipython().run_line_magic('fetch', 'ab')",
        "await get_ipython().run_line_magic('fetch', 'ab')",
        "%%post ab\nab",
        "class C:\n    x = %fetch ab\nC.x",
    ],
)
def test_an_async_magic_is_awaited_wherever_it_is_called(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out, cell: str
) -> None:
    run(shell, cell)

    assert frontend.errors == []
    assert frontend.results in (["'abab'"], ["'abab\\n'"])


def test_a_function_in_a_loop_gets_the_coroutine(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        "def f():\n    x = %fetch ab\n    return x\n"
        "await asyncio.sleep(0)\nx = f()\n(type(x).__name__, await x)",
    )

    assert frontend.results == ["('coroutine', 'abab')"]


def test_code_that_awaits_in_a_function_in_a_loop_is_refused_with_a_reason(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "def f():\n    %time await asyncio.sleep(0)\nawait asyncio.sleep(0)\nf()",
        "1",
    )

    assert frontend.errors == ["RuntimeError"]
    assert frontend.results == ["1"]


def test_a_semicolon_silences_an_async_magic_that_allows_it(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(shell, "await asyncio.sleep(0)\n%time 5;", "%time await asyncio.sleep(0, 5);")

    assert frontend.results == []


def test_magics_in_a_cell_that_awaits_see_the_right_names(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "name = 'xy'",
        "await asyncio.sleep(0)\n%fetch $name",
        "async def f(a):\n"
        "    b = %time await asyncio.sleep(0, a + 1)\n"
        "    return b\n"
        "await f(3)",
    )

    assert frontend.results == ["'xyxy'", "4"]


def test_cells_within_cells_that_await(
    shell: InteractiveShell, frontend: RecordingFrontEnd, capsys: Out
) -> None:
    run(
        shell,
        "%%capture c\nawait asyncio.sleep(0)\nprint(1)",
        "await asyncio.sleep(0)\nget_ipython().run_cell('x = 5').success, c.stdout",
    )

    assert frontend.results == ["(True, '1\\n')"]


def test_cells_without_async_magics_stay_as_they_are(shell: InteractiveShell) -> None:
    run(shell, "x = %pwd\nimport asyncio\nok = asyncio.run(asyncio.sleep(0, 3))")

    assert shell.user_ns["ok"] == 3
