"""Where steps end: in the user's code, not in what is around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.debugger import run_under_debugger
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Trace = Callable[..., list[str]]


@pytest.fixture
def trace(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> Trace:
    """Run code step by step; the functions and lines that it stopped at."""

    def run(code: str, *lines: str) -> list[str]:
        frontend.lines = [*lines] if lines else ["s"] * 60
        run_under_debugger(shell, code)
        out = capsys.readouterr().out
        return [
            f"{name} {line}"
            for line, name in re.findall(r"^> .*\((\d+)\)(\w+|<\w+>)\(", out, re.M)
        ]

    return run


DECORATED = """def helper():
    return 1
def decorate(function):
    def wrapped(*args):
        __debuggerskip__ = True
        helper()
        __debuggerskip__ = False
        result = function(*args)
        __debuggerskip__ = True
        helper()
        return result
    return wrapped
@decorate
def inner(n):
    return n + 1
inner(1)"""


def test_wrappers_that_say_so_are_passed_through(
    trace: Trace, shell: InteractiveShell
) -> None:
    shell.run_cell(DECORATED)

    assert trace("inner(1)") == [
        "<module> 1",
        "inner 13",
        "inner 15",
        "inner 15",
        "<module> 1",
    ]


def test_they_can_be_looked_at_all_the_same(
    trace: Trace, shell: InteractiveShell
) -> None:
    shell.run_cell(DECORATED)

    stops = trace("inner(1)", "skip_predicates debuggerskip no", "s", "s", "q")

    assert stops == ["<module> 1", "wrapped 4", "wrapped 5"]


def test_frames_that_hide_themselves_are_passed_through(
    trace: Trace, shell: InteractiveShell
) -> None:
    shell.run_cell(
        "def hidden(function):\n    __tracebackhide__ = True\n    return function()\n"
        "def seen():\n    return 1"
    )

    stops = trace("hidden(seen)", "s", "s", "s", "s", "s", "c")

    # Only when its first line has run does the frame say so.
    assert "hidden 3" not in stops
    assert "seen 5" in stops


def test_modules_can_be_ignored(
    trace: Trace,
    shell: InteractiveShell,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "ignored_one.py").write_text("def f(g):\n    return g()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shell.run_cell("import ignored_one\ndef mine():\n    return 1")

    stops = trace("ignored_one.f(mine)", "ignore_module ignored_*", "s", "s", "c")

    assert stops == ["<module> 1", "mine 2", "mine 3"]


def test_the_machinery_of_the_event_loop_is_passed_through(
    trace: Trace, shell: InteractiveShell
) -> None:
    shell.run_cell("async def other():\n    return 1")

    stops = trace("import asyncio\nawait asyncio.sleep(0)\nx = await other()")

    assert [stop.split()[0] for stop in stops if "<module>" not in stop] == [
        "other",
        "other",
        "other",
    ]
    assert shell.user_ns["x"] == 1


def test_functions_of_the_shell_are_passed_through(
    trace: Trace, shell: InteractiveShell
) -> None:
    shell.run_cell("def mine():\n    return 1")

    stops = trace("get_ipython().ev('mine()')", "s", "s", "s", "s", "s", "c")

    assert stops[0] == "<module> 1"
    assert {stop.split()[0] for stop in stops} <= {"<module>", "mine"}
    assert "mine 2" in stops
