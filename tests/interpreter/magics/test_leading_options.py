"""Options in front of code."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import leading_options


@pytest.mark.parametrize(
    ("line", "options", "code"),
    [
        ("f(x)", {}, "f(x)"),
        ("-n10 f( 1,  2 )", {"n": ["10"]}, "f( 1,  2 )"),
        ("-n 10 -r 3 x", {"n": ["10"], "r": ["3"]}, "x"),
        ("-qn 10 x", {"q": [""], "n": ["10"]}, "x"),
        ("-n 1 -n 2 x", {"n": ["1", "2"]}, "x"),
        ("-n 'a b' x", {"n": ["a b"]}, "x"),
        ("--long x -q", {"long": [""]}, "x -q"),
        ("-- -q", {}, "-q"),
        ("-q -- --x", {"q": [""]}, "--x"),
        ("-5 + x", {}, "-5 + x"),
        ("-x.y  +  1", {}, "-x.y  +  1"),
        ("'it is' \"f(", {}, "'it is' \"f("),
        ("-(1)", {}, "-(1)"),
        ("", {}, ""),
    ],
)
def test_code_is_left_as_it_was_typed(
    line: str, options: dict[str, list[str]], code: str
) -> None:
    assert leading_options(line, "n:r:q", "long") == (options, code)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-z x", "no option -z: there are -n -r -q --long"),
        ("--nonsense x", "no option --nonsense"),
        ("-n", "-n wants a value"),
    ],
)
def test_wrong_options_are_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        leading_options(line, "n:r:q", "long")


def test_without_short_options_a_dash_is_code() -> None:
    assert leading_options("-x", "", "long") == ({}, "-x")
    assert leading_options("--x", "q") == ({}, "--x")
