"""Ranges of inputs, as people write them."""

from __future__ import annotations

import pytest

from ipcluster.engines.interpreter.history.ranges import (
    extract_hist_ranges,
    first_wrong,
)


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", [(0, 1, None)]),
        ("4", [(0, 4, 5)]),
        ("4-6", [(0, 4, 7)]),
        ("4:7", [(0, 4, 7)]),
        ("4-", [(0, 4, None)]),
        ("243/1-5", [(243, 1, 6)]),
        ("243/", [(243, 1, None)]),
        ("~2/", [(-2, 1, None)]),
        ("~2/7", [(-2, 7, 8)]),
        ("~4/4-", [(-4, 4, None)]),
        ("~8/1-~6/5", [(-8, 1, None), (-7, 1, None), (-6, 1, 6)]),
        ("10/3-11/2", [(10, 3, None), (11, 1, 3)]),
        ("2 ~1/1 1", [(0, 2, 3), (-1, 1, 2), (0, 1, 2)]),
    ],
)
def test_ranges_mean_what_they_say(
    text: str, ranges: list[tuple[int, int, int | None]]
) -> None:
    assert list(extract_hist_ranges(text)) == ranges
    assert first_wrong(text) is None


@pytest.mark.parametrize(
    "word",
    ["x", "foo.py", "-", "/", "~", "~2", "1-x", "-x", "5/1-~2/3", "3/1-1/1", "1.5"],
)
def test_words_that_are_no_ranges_are_told_apart(word: str) -> None:
    assert list(extract_hist_ranges(f"1 {word}")) == [(0, 1, 2)]
    assert first_wrong(f"1 {word}") == word


def test_a_slip_of_the_fingers_makes_no_endless_list() -> None:
    assert first_wrong("1/1-999999999/1") == "1/1-999999999/1"
