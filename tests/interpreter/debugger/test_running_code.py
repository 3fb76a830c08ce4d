"""Code that is run under the debugger from its first line on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipcluster.engines.interpreter.debugger import run_under_debugger
from ipcluster.engines.interpreter.debugger.breakpoints import parse
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Run = Callable[..., tuple[Any, str]]

SCRIPT = """import sys
x = 10

# a comment
print("args", x)
def later():
    return x
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "work" / "s.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(SCRIPT)
    return file


@pytest.fixture
def run(
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    def call(code: Any, *lines: str, **keywords: Any) -> tuple[Any, str]:
        frontend.lines = [*lines]
        value = run_under_debugger(shell, code, **keywords)
        assert frontend.lines == []
        return value, capsys.readouterr().out

    return call


def test_a_script_stops_at_its_first_line_and_at_a_breakpoint(
    run: Run, script: Path
) -> None:
    code = compile(SCRIPT, str(script), "exec")
    names: dict[str, Any] = {"__name__": "__main__"}

    _, out = run(
        code, "c", "p x * 3", "c", global_names=names, breakpoint=f"{script}:5"
    )

    assert out.startswith(f"Breakpoint 1 at {script}:5\n> {script}(1)<module>()\n")
    assert "1---> 5 print" in out
    assert "\n30\nargs 10\n" in out
    assert names["x"] == 10


def test_a_breakpoint_at_no_code_is_set_at_the_next(run: Run, script: Path) -> None:
    code = compile(SCRIPT, str(script), "exec")

    _, out = run(code, "q", breakpoint=3, filename=str(script))

    assert f"Breakpoint 1 at {script}:5\n" in out


def test_nothing_stops_before_the_script_itself(run: Run, script: Path) -> None:
    namespace: dict[str, Any] = {}

    def start() -> str:
        exec(compile(SCRIPT, str(script), "exec"), namespace)
        return "done"

    value, out = run(start, "c", filename=str(script))

    assert out.startswith(f"> {script}(1)<module>()\n")
    assert value == "done"


def test_a_function_has_its_value_and_quitting_has_none(run: Run) -> None:
    def f() -> int:
        x = 1
        return x + 1

    assert run(f, "n", "p x", "c")[0] == 2
    assert run(f, "q")[0] is None


def test_source_and_coroutines_run_in_the_users_namespace(
    run: Run, shell: InteractiveShell
) -> None:
    run("import asyncio; await asyncio.sleep(0); made = 5", "c")

    assert shell.user_ns["made"] == 5


def test_errors_are_raised_and_tracing_ends(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run("1 / 0", "c")

    assert sys.gettrace() is None


def test_a_traceback_shows_neither_pdb_nor_us(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    frontend.lines = ["c"]
    shell.user_ns["run"] = lambda: run_under_debugger(shell, "1 / 0")

    shell.run_cell("run()", store_history=True)

    text = "\n".join(frontend.events[-1].to_plain()[3])
    assert "bdb" not in text
    assert "/engines/interpreter/" not in text


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("somewhere", "a breakpoint is FILE:LINE"),
        ("5", "a breakpoint is FILE:LINE"),
        ("s.py:x", "a breakpoint is FILE:LINE"),
        ("missing.py:5", "no file 'missing.py'"),
        ("s.py:500", "no code at s.py:500"),
    ],
)
def test_a_wrong_breakpoint_is_one_line(
    run: Run, script: Path, place: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        run("1", breakpoint=place)


def test_the_parts_of_a_breakpoint() -> None:
    assert parse("a.py:12", None) == ("a.py", 12)
    assert parse("12", "b.py") == ("b.py", 12)
    assert parse(12, "b.py") == ("b.py", 12)
    assert parse(("c.py", 1), None) == ("c.py", 1)


def test_code_has_no_features_of_the_future_that_are_ours(run: Run) -> None:
    names: dict[str, Any] = {}

    run("def f(x: 1 + 1): pass", "c", global_names=names)

    assert names["f"].__annotations__ == {"x": 2}
