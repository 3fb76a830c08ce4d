"""The options of plain text."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from ipcluster.engines.interpreter.configuration.options import OptionError
from ipcluster.engines.interpreter.display.plaintext import PlainTextFormatter


class Point:
    def __init__(self, x: float) -> None:
        self.x = x


def test_values_are_printed_prettily() -> None:
    text = PlainTextFormatter(max_width=8)

    assert text([1, 2, 3]) == "[1,\n 2,\n 3]"


def test_pretty_printing_may_be_off() -> None:
    text = PlainTextFormatter(pprint=False)

    assert text(list(range(50))) == repr(list(range(50)))


def test_options_come_from_a_config() -> None:
    text = PlainTextFormatter(
        config={"PlainTextFormatter": {"max_seq_length": 2, "newline": "\r\n"}},
        max_width=5,
    )

    assert text([1, 2, 3]) == "[1,\r\n 2,\r\n ...]"


def test_a_function_for_a_class_prints_with_the_printer() -> None:
    text = PlainTextFormatter()
    text.for_type(Point, lambda obj, p, cycle: p.text(f"Point {obj.x}"))

    assert text([Point(1), Point(2)]) == "[Point 1, Point 2]"
    assert PlainTextFormatter()(Point(1)) != text(Point(1))


def test_a_config_adds_functions_to_those_that_there_are() -> None:
    def star(obj: Any, p: Any, cycle: bool) -> None:
        p.text("*")

    config = {"PlainTextFormatter": {"type_printers": {Point: star}}}
    text = PlainTextFormatter(config=config)

    assert text({"a": Point(1)}) == "{'a': *}"


@pytest.mark.parametrize(
    ("precision", "shown"),
    [("3", "3.142"), (3, "3.142"), ("%.1e", "3.1e+00"), ("", "3.14159"), ("%i", "3")],
)
def test_floats_have_a_precision(precision: Any, shown: str) -> None:
    text = PlainTextFormatter()

    text.float_precision = precision

    assert text([3.14159]) == f"[{shown}]"


def test_the_precision_is_numpy_s_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    numpy = SimpleNamespace(set_printoptions=lambda precision: seen.append(precision))
    monkeypatch.setitem(sys.modules, "numpy", numpy)
    text = PlainTextFormatter()

    for precision in ("3", "%.5f", "%e", ""):
        text.float_precision = precision

    assert seen == [3, 5, 8, 8]


@pytest.mark.parametrize("precision", ["many", "-1", "%q", "%s %s"])
def test_a_precision_that_is_none_is_refused(precision: str) -> None:
    text = PlainTextFormatter()

    with pytest.raises(OptionError, match="a precision is digits"):
        text.float_precision = precision
    assert text(1.5) == "1.5"


def test_what_is_too_much_is_cut_with_a_note() -> None:
    text = PlainTextFormatter(max_items=3, max_characters=0, max_seconds=0.0)

    assert text([1, 2, 3, 4]) == (
        "[1, 2, ...]\n... cut after 3 items: PlainTextFormatter.max_items sets how many"
    )
