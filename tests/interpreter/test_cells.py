"""What a cell shows, keeps and leaves behind."""

from __future__ import annotations

import sys

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.recording import RecordingFrontEnd
from ipcluster.engines.interpreter.shell import InteractiveShell


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def test_the_last_expressions_value_is_shown_and_kept(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, "1\n2", "x = 5", "None", "_, _1, Out[1]")

    assert frontend.results == ["2", "(2, 2, 2)"]
    assert sorted(shell.outputs) == [1, 4]
    assert shell.execution_count == 5


def test_errors_use_up_a_number_and_empty_input_does_not(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(shell, "1/0", "for", "return 1", "", "  \n", "raise SystemExit(3)", "7")

    assert frontend.errors == [
        "ZeroDivisionError",
        "SyntaxError",
        "SyntaxError",
        "SystemExit",
    ]
    assert shell.outputs == {5: 7}


def test_a_silent_cell_shows_and_counts_nothing(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    shell.run_cell("1 + 1", store_history=True, silent=True)

    assert frontend.events == []
    assert shell.execution_count == 1


@pytest.mark.parametrize("cell", ["5;", "8; # x", "5 ;  \n"])
def test_a_semicolon_silences(
    shell: InteractiveShell, frontend: RecordingFrontEnd, cell: str
) -> None:
    run(shell, cell)

    assert frontend.results == []
    assert shell.outputs == {}


@pytest.mark.parametrize("cell", ["6 # c;", '"a;"', "f'{1};'"])
def test_a_semicolon_in_a_comment_or_string_does_not(
    shell: InteractiveShell, frontend: RecordingFrontEnd, cell: str
) -> None:
    run(shell, cell)

    assert len(frontend.results) == 1


def test_a_users_underscore_is_left_alone_until_it_is_deleted(
    shell: InteractiveShell,
) -> None:
    run(shell, "1", "_ = 99", "5")
    assert shell.user_ns["_"] == 99
    assert shell.outputs[3] == 5

    run(shell, "del _", "8")
    assert shell.user_ns["_"] == 8


def test_the_namespace_is_main_and_classes_pickle(shell: InteractiveShell) -> None:
    run(
        shell,
        "import pickle, sys",
        "class K: pass",
        "ok = isinstance(pickle.loads(pickle.dumps(K())), K)",
        "same = sys.modules['__main__'].__dict__ is globals()",
    )

    assert shell.user_ns["ok"]
    assert shell.user_ns["same"]
    assert shell.user_ns["__name__"] == "__main__"


def test_await_at_the_top_and_tasks_that_go_on(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    run(
        shell,
        "import asyncio",
        "async def f(): done.append(await asyncio.sleep(0, 3))",
        "done = []",
        "await asyncio.sleep(0, 7)",
        "t = asyncio.ensure_future(f()); await asyncio.sleep(0)",
        "await t",
        "done",
    )

    assert frontend.results == ["7", "[3]"]


def test_a_context_variable_set_in_one_cell_is_there_in_the_next(
    shell: InteractiveShell,
) -> None:
    run(
        shell,
        "import asyncio, contextvars; v = contextvars.ContextVar('v')",
        "await asyncio.sleep(0); token = v.set(5)",
        "got = v.get(); v.set(6)",
        "await asyncio.sleep(0); again = v.get(); v.reset(token)",
    )

    assert shell.user_ns["got"] == 5
    assert shell.user_ns["again"] == 6


def test_future_features_stay_on(shell: InteractiveShell) -> None:
    run(shell, "from __future__ import annotations", "def f(x: nowhere): pass")

    assert shell.user_ns["f"].__annotations__ == {"x": "nowhere"}


def test_a_displayhook_of_the_users_is_used_in_the_next_cell(
    shell: InteractiveShell, frontend: RecordingFrontEnd
) -> None:
    before = sys.displayhook
    run(shell, "import sys; seen = []", "sys.displayhook = seen.append", "5")

    assert shell.user_ns["seen"] == [5]
    assert frontend.results == []
    assert sys.displayhook is before


def test_callbacks_hear_of_cells(shell: InteractiveShell) -> None:
    heard: list[object] = []
    shell.events.register("pre_run_cell", lambda info: heard.append(info.raw_cell))
    shell.events.register("post_run_cell", lambda result: heard.append(result.result))
    shell.events.register("post_execute", lambda: heard.append("over"))

    run(shell, "6")

    assert heard == ["6", "over", 6]


def test_the_source_of_what_a_cell_defines_is_found(shell: InteractiveShell) -> None:
    run(shell, "def f():\n    return 1", "import inspect; s = inspect.getsource(f)")

    assert shell.user_ns["s"] == "def f():\n    return 1\n"


def test_events_cross_a_wire(frontend: RecordingFrontEnd) -> None:
    events = [
        e.Result(3, {"text/plain": "5"}, {}),
        e.Display({"text/html": "<b>"}, {"a": 1}, {"display_id": "x"}, True),
        e.NextInput("abc", True),
        e.Error("E", "v", ["a", "b"]),
        e.Clear(False),
    ]

    assert [e.from_plain(one.to_plain()) for one in events] == events
