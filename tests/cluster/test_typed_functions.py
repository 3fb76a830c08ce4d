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

    shown = "  Cell In[3], line 2, in half\n    return 1 / (x - x)\n"
    assert shown in str(caught.value)


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


def test_executed_code_may_await(rc: Client) -> None:
    code = """\
import asyncio
async def double(x):
    await asyncio.sleep(0)
    return 2 * x
first = asyncio.create_task(double(1))
await double(2) + await first
"""
    reply = rc[0].execute(code, block=True)

    assert str(reply) == "6"
    assert rc[0].execute("first.result()", block=True).execute_result == "2"


def test_what_awaits_shows_no_frames_of_the_loop(rc: Client) -> None:
    async def fail() -> None:
        raise LookupError("none")

    code = "import asyncio\nawait asyncio.sleep(0)\n1 / 0\n"
    errors = rc[0].apply_async(fail), rc[0].execute(code)

    for error in errors:
        text = str(error.exception(timeout=20))
        assert "asyncio" not in text.replace("import asyncio", "")
        assert "raise LookupError" in text or "    1 / 0" in text


def test_executed_code_has_no_future_of_ours(rc: Client) -> None:
    rc[0].execute("def f(x: int): pass", block=True)

    assert rc[0].apply_sync(lambda: f.__annotations__) == {"x": int}  # type: ignore[name-defined]  # noqa: F821 - over there


def test_code_that_is_no_text_is_refused_here(rc: Client) -> None:
    code: Any = 5
    with pytest.raises(TypeError, match="execute takes code as a str, not 5"):
        rc[0].execute(code)
