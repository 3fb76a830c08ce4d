"""Python at the debugger's prompt: it sees and changes the frame's names."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from ipcluster.engines.interpreter.debugger.awaiting import run_coroutine
from ipcluster.engines.interpreter.debugger.evaluating import execute, value_of


def run(coroutine: Any) -> Any:
    return run_coroutine(None, coroutine)


def shown_in(frame: FrameType, source: str) -> list[Any]:
    """The values that expressions of the source had."""
    values: list[Any] = []
    execute(source, frame, values.append, run)
    return [value for value in values if value is not None]


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("local", [3]),
        ("[n for n in range(6) if n > local]", [[4, 5]]),
        ("list(local + n for n in [1])", [[4]]),
        ("(lambda: local)()", [3]),
        ("{n: local for n in 'a'}; local", [{"a": 3}, 3]),
        ("def g():\n    return local\ng()", [3]),
        ("class C:\n    at = local\nC.at", [3]),
        ("outer", ["of the outer"]),
        ("[outer for _ in [1]]", [["of the outer"]]),
        ("(lambda: len('abc'))()", [3]),
        ("[x := local for _ in [1]]; x", [[3], 3]),
        ("import json; (lambda: json.dumps(local))()", ["3"]),
        ("number: int = 4; (lambda: number)()", [4]),
    ],
)
def test_names_are_seen_at_any_depth(source: str, values: list[Any]) -> None:
    outer = "of the outer"

    def f() -> list[Any]:
        local = 3
        assert local
        assert outer
        return shown_in(sys._getframe(), source)

    assert f() == values


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("local = 5", 5),
        ("local += 1", 4),
        ("local = [n for n in range(local)]", [0, 1, 2]),
        ("local, other = [n for n in 'ab']", "a"),
        ("local = (lambda: local * 2)()", 6),
        ("for local in [n for n in range(9)]: pass", 8),
    ],
)
def test_what_is_assigned_is_the_frames(source: str, value: Any) -> None:
    local: Any = 3

    shown_in(sys._getframe(), source)

    assert local == value


def test_a_callers_variables_can_be_changed_too() -> None:
    local = "before"

    def inner() -> None:
        shown_in(sys._getframe(1), "local = 'after'")

    inner()

    assert local == "after"


def test_new_names_stay_for_the_next_line() -> None:
    frame = sys._getframe()

    shown_in(frame, "fresh = [n for n in range(3)]")

    assert shown_in(frame, "[n for n in fresh]") == [[0, 1, 2]]


def test_a_module_frames_names_are_its_globals() -> None:
    names: dict[str, Any] = {"shown_in": shown_in}
    source = (
        "import sys\nx = 2\nseen = shown_in(sys._getframe(), 'y = [x for _ in [1]]; y')"
    )

    exec(source, names)

    assert names["seen"] == [[2]]
    assert names["y"] == [2]


def test_await_works_where_the_code_could_not() -> None:
    async def double(n: int) -> int:
        return n * 2

    frame = sys._getframe()
    assert shown_in(frame, "await double(4)") == [8]
    assert shown_in(frame, "[await double(n) for n in [1, 2]]") == [[2, 4]]
    assert value_of("await double(5)", frame, run) == 10
    assert run(double(1)) == 2


@pytest.mark.parametrize("source", ["return 1", "x = = 1", "yield 1", "break"])
def test_what_is_no_python_is_refused(source: str) -> None:
    with pytest.raises(SyntaxError):
        shown_in(sys._getframe(), source)


@pytest.mark.parametrize("text", ["", "x = 1", "1; 2", "for", ") + ("])
def test_a_value_is_an_expressions(text: str) -> None:
    with pytest.raises(SyntaxError):
        value_of(text, sys._getframe(), run)


def test_an_expression_with_a_comment_has_a_value() -> None:
    assert value_of("1 + 1  # two", sys._getframe(), run) == 2


def test_assignments_before_an_error_are_kept() -> None:
    local = 1

    with pytest.raises(ZeroDivisionError):
        shown_in(sys._getframe(), "local = 2; [1 / 0 for _ in [1]]")

    assert local == 2
