"""The functions used last, those with segments apart."""

from __future__ import annotations

import pytest

from ipcluster.wire.recent import Recent


@pytest.fixture
def recent() -> Recent[str]:
    """It may hold three, and two that are large."""
    return Recent(3, 2)


def test_the_one_used_longest_ago_goes(recent: Recent[str]) -> None:
    for name in "abc":
        recent.add(name.encode(), name, is_large=False)
    assert recent.use(b"a") == "a"

    recent.add(b"d", "d", is_large=False)

    assert [recent.use(name) for name in (b"a", b"b", b"c", b"d")] == [
        *("a", None, "c", "d")
    ]


def test_large_ones_are_counted_apart(recent: Recent[str]) -> None:
    for name in "abc":
        recent.add(name.encode(), name, is_large=False)
    for name in "xyz":
        recent.add(name.encode(), name, is_large=True)

    assert [recent.use(name) for name in (b"a", b"b", b"c")] == ["a", "b", "c"]
    assert [recent.use(name) for name in (b"x", b"y", b"z")] == [None, "y", "z"]


def test_what_is_forgotten_is_not_known(recent: Recent[str]) -> None:
    recent.add(b"a", "a", is_large=False)
    recent.add(b"x", "x", is_large=True)

    recent.discard(b"x")
    assert recent.use(b"x") is None
    recent.clear()
    assert recent.use(b"a") is None
