"""`breakpoint()` in a cell: where it stops, and how it ends."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.errors import StdinNotAvailable
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell

Debug = Callable[..., str]

CELL = """def f(n):
    before = n * 2
    breakpoint()
    after = before + 1
    return after
result = f(4)"""

# Since Python 3.13 the call itself is where it stops, before that the line behind it.
STOPS_AT_CALL = sys.version_info >= (3, 13)
BEHIND = ["n"] if STOPS_AT_CALL else []


def test_it_stops_where_it_is_called_and_goes_on(
    debug: Debug, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    out = debug(CELL, "p before", "c")

    assert "f(n=4)\n" in out
    assert "\n8\n" in out
    assert frontend.prompts == ["ipdb> ", "ipdb> "]
    assert shell.user_ns["result"] == 9


def test_the_place_is_shown_with_the_lines_around(debug: Debug) -> None:
    out = debug(CELL, *BEHIND, "c")

    assert out.endswith(
        "> Cell In[1](4)f(n=4)\n"
        "      2     before = n * 2\n"
        "      3     breakpoint()\n"
        "----> 4     after = before + 1\n"
        "      5     return after\n"
    )


def test_the_next_cell_is_not_debugged(
    debug: Debug, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    debug("breakpoint()\nx = 1", *BEHIND, "n", "n")

    shell.run_cell("y = 2")

    assert len(frontend.prompts) == 2 + len(BEHIND)
    assert shell.user_ns["y"] == 2


def test_breakpoints_that_are_left_end_with_the_cell(
    debug: Debug, shell: InteractiveShell
) -> None:
    out = debug(CELL, "b 5", "c", "c")

    assert "1---> 5     return after\n" in out
    assert shell.user_ns["result"] == 9


@pytest.mark.parametrize("line", ["q", "exit", "EOF"])
def test_quitting_ends_the_cell_without_a_traceback(
    debug: Debug, shell: InteractiveShell, frontend: RecordingFrontEnd, line: str
) -> None:
    debug(CELL, line)

    assert frontend.errors == []
    assert "result" not in shell.user_ns
    assert not shell.last_execution_succeeded


def test_ctrl_d_quits(
    debug: Debug, shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    debug(CELL)

    assert frontend.prompts == ["ipdb> "]
    assert "result" not in shell.user_ns


def test_ctrl_c_at_the_prompt_gives_a_new_one(
    debug: Debug, frontend: RecordingFrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["Ctrl-C", "p 6 * 7", "c"])

    def read(prompt: str, **_: object) -> str:
        answer = next(answers)
        if answer == "Ctrl-C":
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(frontend, "read_line", read)

    assert "KeyboardInterrupt\n42\n" in debug(CELL)


def test_where_nobody_can_type_the_program_goes_on(
    debug: Debug,
    shell: InteractiveShell,
    frontend: RecordingFrontEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(prompt: str, **_: object) -> str:
        raise StdinNotAvailable

    monkeypatch.setattr(frontend, "read_line", refuse)

    assert "nobody can type here" in debug(CELL)
    assert shell.user_ns["result"] == 9


def test_the_environment_can_turn_it_off(
    debug: Debug, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONBREAKPOINT", "0")

    debug(CELL)

    assert shell.user_ns["result"] == 9


def test_it_stops_in_a_thread_too(debug: Debug, shell: InteractiveShell) -> None:
    shell.user_ns["threading"] = threading

    out = debug(
        "found = []\n"
        "def work():\n    local = 5\n    breakpoint()\n    found.append(local)\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\nthread.join(10)",
        "local = 6",
        "c",
    )

    assert "work()" in out
    assert shell.user_ns["found"] == [6]


def test_a_cell_in_a_cell_does_not_end_the_outer_ones_session(debug: Debug) -> None:
    out = debug(
        "breakpoint()\nget_ipython().run_cell('inner = 1')\ny = 1\nz = 2",
        *BEHIND,
        "n",
        "n",
        "c",
    )

    assert out.rstrip().endswith("----> 4 z = 2")
