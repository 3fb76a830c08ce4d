"""What stands around a cursor, in text that is not finished."""

from __future__ import annotations

import sys
from itertools import pairwise

import pytest

from ipcluster.engines.interpreter.completion.scanning import (
    CODE,
    COMMENT,
    LINE,
    STRING,
    Place,
)


def place(text: str) -> Place:
    """The place at the `|` in a text, or at its end."""
    before, bar, after = text.partition("|")
    return Place(before + after, len(before) if bar else len(text))


@pytest.mark.parametrize(
    ("text", "base", "fragment"),
    [
        ("np.arr", "np", "arr"),
        ("f(a, b=x.y", "x", "y"),
        ("return (x).y", "(x)", "y"),
        ("(a\n.b\n.c", "a\n.b", "c"),
        ("'a' \"b\".", "'a' \"b\"", ""),
        ("f(g(1)[2].h, k.", "k", ""),
        ("a['x'].b().c[0].d", "a['x'].b().c[0]", "d"),
        ("x if y.z else w.", "w", ""),
        ("lambda x: x.", "x", ""),
        ("x.y|z + 1", "x", "y"),
        ("5 .re", "5", "re"),
        ("None.", "None", ""),
        ("print(f'{a.z", "a", "z"),
        ("f'{x!r:>10}' + y.", "y", ""),
        ("f'{x:{w}}'.up", "f'{x:{w}}'", "up"),
        ("a = 1; b.", "b", ""),
        ("x\n%pwd\ny.", "y", ""),
        ("'it' 's", None, "s"),
        ("...", None, ""),
        ("np", None, "np"),
    ],
)
def test_the_expression_before_a_dot(
    text: str, base: str | None, fragment: str
) -> None:
    found = place(text)

    assert (found.attribute_of(), found.fragment) == (base, fragment)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x = 'a", STRING),
        ('x = """a\nb', STRING),
        ("f'a {x} b", STRING),
        ("f'{d[\"a", STRING),
        ("'a' + ", CODE),
        ("'not closed\nx", CODE),
        ("x  # c", COMMENT),
        ("'#' + x", CODE),
        ("%time f", LINE),
        ("  !ls", LINE),
        ("x = !ls", LINE),
        ("x = %time f", LINE),
        ("x == !ls", CODE),
        ("(\n%a", CODE),
        ("?x", LINE),
        ("%%time f", LINE),
        ("%%time f\nx", CODE),
        ("!a \\\n b", LINE),
        ("!a\nb", CODE),
    ],
)
def test_the_kind_of_a_place(text: str, kind: str) -> None:
    assert place(text).kind == kind


def test_brackets_that_are_open_and_what_they_belong_to() -> None:
    found = place("f(a, d[('x', (1), g(")

    texts = [found.tokens[number].text for number in found.brackets]
    owners = [found.bracket_of(number) for number in found.brackets]

    assert texts == ["(", "[", "(", "("]
    assert owners == ["f", "d", None, "g"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="f-strings have no such strings")
def test_a_string_in_an_fstring_may_have_its_quotes() -> None:
    assert place('f"{d["a').kind == STRING
    assert place('f"{d["a"]}".up').attribute_of() == 'f"{d["a"]}"'


def test_a_cell_magic_has_its_name_and_its_body_is_read() -> None:
    found = place("\n%%time -q x\nfoo.b")

    assert (found.cell, found.attribute_of()) == ("time", "foo")


def test_a_long_text_is_read_from_near_the_cursor() -> None:
    text = "def f(x):\n    return x.y\n" * 20_000 + "np.arr"

    found = place(text)

    assert found.attribute_of() == "np"
    assert len(found.tokens) < 60_000


def test_any_beginning_of_a_text_can_be_read() -> None:
    text = (
        "@d(x='é')\nasync def f(a: int = {'k': [1, 2]}, *b) -> 'T':\n"
        "    '''doc\\''''\n    y = f\"{a!r:>{b}} {{x}} {d['q']}\" + rb'\\x' # c\n"
        '%time x = !ls | "\n\\alpha\n'
    )

    for cursor in range(len(text) + 1):
        found = Place(text, cursor)
        ends = [token.end for token in found.tokens]
        assert all(a <= b for a, b in pairwise(ends))
        assert text[: found.cursor].endswith(found.fragment)
