"""The marks under a line: which part of it was being executed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Shown = Callable[..., str]


def marked(text: str) -> tuple[str, str]:
    """The last line that an arrow points at, and the one below, both stripped."""
    lines = text.splitlines()
    number = max(n for n, line in enumerate(lines) if line.startswith("--"))
    start = lines[number].index("> 1 ") + 4
    return lines[number][start:], lines[number + 1][start:]


@pytest.mark.parametrize(
    ("line", "marks"),
    [
        ("x = 1 + 2 / 0", "        ~~^~~"),
        ("x = (1 + 2) / (1 - 1)", "    ~~~~~~~~^~~~~~~~~"),
        ("x = 1 // 0", "    ~~^^~~"),
        ("x = {'a': 1}['b']", "    ~~~~~~~~^^^^^"),
        ("x = None.missing", "    ^^^^^^^^^^^^"),
        ("x = int('x') + 1", "    ~~~^^^^^"),
        ("'日本' + missing", "         ^^^^^^^"),
        ("1 / 0 # a comment", ""),
        ("raise ValueError", ""),
    ],
)
def test_the_part_is_marked(shown: Shown, line: str, marks: str) -> None:
    assert marked(shown(line)) == (line, marks)


def test_a_call_over_several_lines_is_marked_in_its_first(shown: Shown) -> None:
    text = shown("def f(*a): 1 / 0\nx = f(1,\n      2)")

    # A call in 3.13 and later; the name alone before that.
    first = text.split("\n----> 2 ")[1].splitlines()
    assert first[0] == "x = f(1,"
    assert first[1].strip() in ("~^^^", "^^^^")
    assert "      3       2)" in text


def test_tabs_do_not_move_the_marks(shown: Shown) -> None:
    text = shown("if True:\n\tx =\t1 / 0")

    lines = text.splitlines()
    number = lines.index("----> 2     x = 1 / 0")
    assert lines[number + 1].index("~") == lines[number].index("1 / 0")
