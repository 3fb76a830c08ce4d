"""Sessions of the debugger: a cell, the lines that are typed, what is printed."""

from __future__ import annotations

import bdb
import sys
from collections.abc import Callable, Iterator

import pytest

from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Debug = Callable[..., str]


@pytest.fixture(autouse=True)
def no_breakpoints_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Breakpoints are the process's: each test begins and ends without any."""
    monkeypatch.delenv("PYTHONBREAKPOINT", raising=False)
    before = sys.gettrace()
    yield
    for one in bdb.Breakpoint.bpbynumber[:]:
        if one is not None:
            one.deleteMe()
    bdb.Breakpoint.clearBreakpoints()
    assert sys.gettrace() is before


@pytest.fixture
def debug(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> Debug:
    """Run a cell in which a debugger reads these lines; what it printed."""

    def run(cell: str, *lines: str) -> str:
        frontend.lines = [*lines]
        frontend.prompts.clear()
        shell.run_cell(cell, store_history=True)
        assert frontend.lines == [], "lines that nobody read"
        return capsys.readouterr().out

    return run
