"""Functions that were typed at a prompt fail on engines with their source lines."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

CELL = """\
def half(x):
    return 1 / (x - x)

class Number:
    def fail(self):
        raise LookupError("none")
"""


@pytest.fixture(scope="module")
def typed() -> dict[str, Any]:
    """The names of a cell, as a shell would make them."""
    name = "<ipython-input-3-00c0ffee0000>"
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(True), name)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, name, "exec"), names)
    return names


def test_the_line_that_failed_is_shown(rc: Client, typed: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        rc[0].apply_sync(typed["half"], 2)

    assert "    return 1 / (x - x)" in str(caught.value)


def test_the_line_of_a_typed_class_is_shown(rc: Client, typed: dict[str, Any]) -> None:
    view = rc.load_balanced_view()
    with pytest.raises(LookupError) as caught:
        view.apply_sync(lambda number: number.fail(), typed["Number"]())

    assert 'raise LookupError("none")' in str(caught.value)


def test_a_syntax_error_shows_no_frame_of_ours(rc: Client) -> None:
    with pytest.raises(ipp.RemoteError) as caught:
        rc[0].execute("1 +", block=True)

    assert "ast.py" not in str(caught.value)
    assert "    1 +\n" in str(caught.value)


def test_a_reference_to_nothing_says_so_once(rc: Client) -> None:
    with pytest.raises(NameError) as caught:
        rc[0].apply_sync(abs, ipp.Reference("nothing"))

    assert "another exception" not in str(caught.value)
