"""Where lines are broken."""

from __future__ import annotations

from io import StringIO

from ipcluster.engines.interpreter.display.layout import PrettyPrinter


class Page:
    """A printer and what it has written."""

    def __init__(self, width: int) -> None:
        self._stream = StringIO()
        self.p = PrettyPrinter(self._stream, width)

    @property
    def text(self) -> str:
        self.p.flush()
        return self._stream.getvalue()

    def items(self, *items: str) -> None:
        for number, item in enumerate(items):
            if number:
                self.p.text(",")
                self.p.breakable()
            self.p.text(item)


def test_a_group_that_fits_stays_on_its_line() -> None:
    page = Page(12)

    with page.p.group(2, "f(", ")"):
        page.items("one", "two")

    assert page.text == "f(one, two)"


def test_of_a_group_that_does_not_all_breaks_are_new_lines() -> None:
    page = Page(12)

    with page.p.group(2, "f(", ")"):
        page.items("one", "two", "three")

    assert page.text == "f(one,\n  two,\n  three)"


def test_an_inner_group_is_broken_only_when_breaking_the_outer_is_not_enough() -> None:
    page = Page(12)

    with page.p.group(1, "[", "]"):
        with page.p.group(1, "(", ")"):
            page.items("a", "b")
        page.p.text(",")
        page.p.breakable()
        with page.p.group(1, "(", ")"):
            page.items("longer", "still")

    assert page.text == "[(a, b),\n (longer,\n  still)]"


def test_an_outer_group_without_breaks_so_far_breaks_those_that_come() -> None:
    page = Page(10)

    with page.p.group(1, "[", "]"):
        with page.p.group(1, "(", ")"):
            page.items("aaaaaa", "bbbbbb")
        page.p.text(",")
        page.p.breakable()
        page.p.text("c")

    assert page.text == "[(aaaaaa,\n  bbbbbb),\n c]"


def test_of_two_groups_side_by_side_the_later_one_is_broken() -> None:
    page = Page(16)

    with page.p.group(1, "{", "}"):
        with page.p.group(1, "(", ")"):
            page.items("k", "l")
        page.p.text(": ")
        with page.p.group(1, "[", "]"):
            page.items("long", "words")

    assert page.text == "{(k, l): [long,\n  words]}"


def test_a_break_that_is_forced_breaks_what_is_around_it() -> None:
    page = Page(80)

    with page.p.group(1, "[", "]"):
        page.items("a", "b")
        page.p.break_()
        page.p.text("c,")
        page.p.breakable()
        page.p.text("d")

    assert page.text == "[a,\n b\n c,\n d]"


def test_indent_moves_the_lines_of_its_block() -> None:
    page = Page(80)

    with page.p.indent(4):
        page.p.text("a")
        page.p.break_()
        page.p.text("b")
    page.p.break_()
    page.p.text("c")

    assert page.text == "a\n    b\nc"


def test_a_word_that_is_too_long_is_not_broken() -> None:
    page = Page(5)

    page.p.text("much too long")

    assert page.text == "much too long"


def test_a_group_is_ended_whatever_happens_in_it() -> None:
    page = Page(80)

    try:
        with page.p.group(4, "(", ")"):
            raise ValueError
    except ValueError:
        page.p.break_()
        page.p.text("x")

    assert page.text == "()\nx"
