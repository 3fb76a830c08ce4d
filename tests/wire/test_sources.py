"""Lines of functions that no file has travel with them."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ipcluster.wire import sources
from ipcluster.wire.serialize import dump_function, load_function

CELL = """\
import math

def outer(x):
    def inner(y):
        return math.sqrt(
            y
        )
    return inner(x)

def other():
    raise ValueError("other")
"""
NAME = "<ipython-input-7-0123456789ab>"


def typed(code: str, name: str = NAME) -> dict[str, Any]:
    """What a shell does with a cell."""
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, name, "exec"), names)
    return names


def arrived(function: Callable[..., Any]) -> Any:
    """The function, in a process that has not seen the cell."""
    payload = dump_function(function)[1].payload
    linecache.cache.pop(function.__code__.co_filename, None)
    return load_function(payload, namespace={}).call


@pytest.fixture(autouse=True)
def no_lines_are_known() -> Iterator[None]:
    before = dict(linecache.cache)
    sources._kept.clear()
    yield
    linecache.cache.clear()
    linecache.cache.update(before)
    sources._kept.clear()


def shown(function: Callable[..., Any], *args: Any) -> str:
    try:
        function(*args)
    except Exception:
        return traceback.format_exc()
    raise AssertionError("it raised nothing")


def test_traceback_of_a_typed_function_shows_its_lines() -> None:
    outer = arrived(typed(CELL)["outer"])

    text = shown(outer, -1)

    assert "return math.sqrt(" in text
    assert "return inner(x)" in text


def test_only_the_lines_of_the_function_travel() -> None:
    other = arrived(typed(CELL)["other"])

    assert 'raise ValueError("other")' in shown(other)
    assert linecache.getline(NAME, 3) == "\n"
    assert inspect.getsource(other) == 'def other():\n    raise ValueError("other")\n'


def test_functions_of_one_cell_put_its_lines_together() -> None:
    names = typed(CELL)
    payloads = [dump_function(names[n])[1].payload for n in ("other", "outer")]
    del linecache.cache[NAME]

    for payload in payloads:
        load_function(payload, namespace={})

    assert linecache.getline(NAME, 4) == "    def inner(y):\n"
    assert linecache.getline(NAME, 10) == "def other():\n"


def test_another_cell_of_the_same_name_shows_no_wrong_lines() -> None:
    first = typed("def f():\n    return 1\n\ndef g():\n    1 / 0\n", "<python-input-0>")
    payload = dump_function(first["g"])[1].payload
    second = typed("\n\n\ndef h():\n    return 2\n", "<python-input-0>")
    payloads = payload, dump_function(second["h"])[1].payload
    del linecache.cache["<python-input-0>"]

    g, _ = [load_function(one, namespace={}).call for one in payloads]

    assert linecache.getline("<python-input-0>", 4) == "def h():\n"
    assert "1 / 0" not in shown(g)


def test_lines_that_a_process_has_itself_stay() -> None:
    payload = dump_function(typed(CELL)["other"])[1].payload

    load_function(payload, namespace={})

    assert linecache.getline(NAME, 1) == "import math\n"


def test_functions_of_files_travel_without_lines() -> None:
    linecache.getlines(__file__)

    assert sources.source_of(shown.__code__) is None
    assert sources.source_of(compile("1", "<nowhere>", "exec")) is None


def test_lines_of_old_cells_are_dropped() -> None:
    for number in range(sources.KEPT + 5):
        sources.put(f"<execute {number}>", ["pass\n"])

    assert len(sources._kept) == sources.KEPT
    assert "<execute 4>" not in linecache.cache
    assert "<execute 5>" in linecache.cache
