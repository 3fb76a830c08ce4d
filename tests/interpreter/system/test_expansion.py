"""`$name` and `{expression}` in commands."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.expansion import expand

NAMES = {
    "v": "val",
    "d": {"k": 5},
    "l": ["a b", "c"],
    "p": PurePosixPath("/x/y.txt"),
    "n": 3,
}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$v", "val"),
        ("$v$v", "valval"),
        ("$v.", "val."),
        ("$v/x", "val/x"),
        ("$p.parent", "/x"),
        ("$p.stem.txt", "y.txt"),
        ("$v.txt", "val.txt"),
        ("'$v'", "'val'"),
        ("${v}s", "vals"),
        ("${p.parent}s", "/xs"),
        ("{v}", "val"),
        ("{ v }", "val"),
        ("{v.upper()} {1 + 1}", "VAL 2"),
        ("{d['k']}", "5"),
        ("{[x for x in l if x != v]}", "['a b', 'c']"),
        ("{'}' + v}", "}val"),
        ("{v!r}", "'val'"),
        ("{v!r:>8}", "   'val'"),
        ("{n:{n}d}", "  3"),
        ("{v != 'x'}", "True"),
        ("{l!q}", "'a b' c"),
        ("{l[0]!q}/*", "'a b'/*"),
        ("{v!q}", "val"),
    ],
)
def test_values(text: str, expanded: str) -> None:
    assert expand(text, NAMES, {}) == expanded


@pytest.mark.parametrize(
    "text",
    [
        "$nosuch ${nosuch} ${v:-x} ${HOME}",
        "{nosuch} {nosuch.x} {v.nosuch}",
        "{1/0}",
        "{}",
        "find -exec rm {} \\;",
        "{1,2} {1..3}",
        "awk '{print $1}' {print}",
        '{"a": 1} {"a": {"b": 2}}',
        "\\$v",
        "$$ $ a$",
        "{v ${v",
        "$1 $? $(v)",
        "100%",
    ],
)
def test_what_is_left_to_the_shell(text: str) -> None:
    assert expand(text, NAMES, {}) == text


def test_each_field_stands_for_itself() -> None:
    assert (
        expand("{nosuch} $v ${HOME} {v}{}", NAMES, {}) == "{nosuch} val ${HOME} val{}"
    )
    assert expand('{"a": {n}}', NAMES, {}) == '{"a": 3}'


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$$v", "$v"),
        ("$$HOME.", "$HOME."),
        ("$${v}", "${v}"),
        ("{{v}}", "{v}"),
        ("awk '{{print $1}}'", "awk '{print $1}'"),
    ],
)
def test_escapes(text: str, expanded: str) -> None:
    assert expand(text, NAMES, {}) == expanded


def test_names_of_the_caller_go_first_and_builtins_are_for_expressions() -> None:
    assert expand("$v {len(w)}", {"v": 1}, {"v": 2, "w": "abc"}) == "1 3"


def test_a_value_without_a_text_is_one_clear_line() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(UsageError, match="Broken"):
        expand("$x", {"x": Broken()}, {})
