"""What bad input and bad code get, and that the engine goes on after each."""

from __future__ import annotations

import sys
import threading
from typing import Any, NoReturn

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster


class Needy(Exception):
    def __init__(self, code: int, *, reason: str) -> None:
        super().__init__(f"{code}: {reason}")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


def raise_needy() -> NoReturn:
    raise Needy(404, reason="not there")


def raise_mute() -> NoReturn:
    raise Mute


def raise_long() -> NoReturn:
    raise ValueError("x" * 10_000_000)


def exit_three() -> NoReturn:
    sys.exit(3)


def raise_interrupt() -> NoReturn:
    raise KeyboardInterrupt


def recurse(n: int = 0) -> int:
    return recurse(n + 1) + 1


def raise_group() -> NoReturn:
    raise ExceptionGroup("both", [ValueError("one"), TypeError("two")])


def raise_generator_exit() -> NoReturn:
    raise GeneratorExit


def return_lock() -> Any:
    return {"locks": [threading.Lock()]}


def return_generator() -> Any:
    return (i for i in range(3))


CASES = [
    (raise_needy, "Needy", "404: not there"),
    (raise_mute, "Mute", "its __str__ raised ValueError"),
    (raise_long, "ValueError", "10,000,000 characters"),
    (exit_three, "SystemExit", "3"),
    (raise_interrupt, "KeyboardInterrupt", ""),
    (recurse, "RecursionError", "maximum recursion depth"),
    (raise_group, "ExceptionGroup", "both"),
    (raise_generator_exit, "GeneratorExit", ""),
]


@pytest.mark.parametrize(("f", "name", "text"), CASES)
def test_an_exception_arrives_as_text(rc: Client, f: Any, name: str, text: str) -> None:
    for view in (rc[0], rc.load_balanced_view()):
        with pytest.raises(ipp.RemoteError) as caught:
            view.apply_async(f).get(timeout=20)

        assert caught.value.ename == name
        assert text in caught.value.evalue
        assert len(str(caught.value)) < 200_000
        assert "engines/calls.py" not in caught.value.traceback
        assert view.apply_sync(len, "abc") == 3


def test_a_group_shows_its_members(rc: Client) -> None:
    with pytest.raises(ipp.RemoteError) as caught:
        rc[0].apply_sync(raise_group)

    assert "ValueError: one" in caught.value.traceback
    assert "TypeError: two" in caught.value.traceback


def test_recursion_is_shown_once(rc: Client) -> None:
    with pytest.raises(RecursionError) as caught:
        rc[0].apply_sync(recurse)

    assert isinstance(caught.value, ipp.RemoteError)
    assert "more times" in caught.value.traceback
    assert len(caught.value.traceback.splitlines()) < 40


def test_an_error_is_caught_as_what_it_was(rc: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        rc[0].apply_sync(lambda: 1 / 0)


@pytest.mark.parametrize(
    ("f", "where"), [(return_lock, "locks"), (return_generator, "generator")]
)
def test_a_result_that_cannot_be_pickled_is_the_tasks_error(
    rc: Client, f: Any, where: str
) -> None:
    with pytest.raises(ipp.error.SerializationError, match=where):
        rc[0].apply_async(f).get(timeout=20)


def test_an_argument_that_cannot_be_pickled_is_refused_here(rc: Client) -> None:
    for view in (rc[0], rc[:], rc.load_balanced_view()):
        with pytest.raises(ipp.error.SerializationError, match=r"locks.*\[1\].*lock"):
            view.apply_async(len, {"locks": [1, threading.Lock()]})
        assert not rc.outstanding
    with pytest.raises(ipp.error.SerializationError, match="handle"):
        rc[0].push({"handle": threading.Lock()})
    assert not rc.outstanding


def test_items_before_one_that_cannot_be_pickled_are_taken_back(
    rc: Client, wait_until: Any
) -> None:
    view = rc.load_balanced_view()

    with pytest.raises(ipp.error.SerializationError):
        view.map_async(len, [[1], [threading.Lock()]])

    wait_until(lambda: not rc.outstanding, "nothing is outstanding")


def test_a_result_that_cannot_be_unpickled_here_is_that_results_error(
    rc: Client,
) -> None:
    rc[0].execute(
        "class Fragile:\n    def __reduce__(self):\n        return (int, ('x',))",
        block=True,
    )
    rc[0].execute("fragile = Fragile()", block=True)
    pulled = rc[0].pull("fragile", block=False)

    with pytest.raises(Exception, match="invalid literal"):
        pulled.get(timeout=20)


def test_equal_errors_of_engines_are_grouped(rc: Client) -> None:
    with pytest.raises(ipp.CompositeError) as caught:
        rc[:].apply_sync(raise_needy)

    assert len(caught.value.elist) == 2
    shown = "\n".join(caught.value.render_traceback())
    assert shown.count("404: not there") <= 2  # once with its code, once without
    assert "engines 0-1" in shown


def test_errors_of_execute(rc: Client) -> None:
    view = rc[0]
    with pytest.raises(SyntaxError) as caught:
        view.execute("a b", block=True)
    assert "a b" in str(caught.value)
    with pytest.raises(NameError, match="nothing_here"):
        view.execute("x = nothing_here", block=True)
    with pytest.raises(NameError, match="'nothing_here' is not defined"):
        view.pull("nothing_here", block=True)
    with pytest.raises(FileNotFoundError):
        view.run("/no/such/file.py", block=True)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        view.execute("import no_such_module", block=True)


def test_an_error_in_execute_shows_the_line(rc: Client) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        rc[0].execute("def f(x):\n    return 1 / x\n\nf(0)", block=True)

    assert "return 1 / x" in str(caught.value)


def test_errors_take_the_place_of_their_items(rc: Client) -> None:
    view = rc.load_balanced_view()

    values = view.map_sync(lambda x: 1 // x, [1, 0, 1], return_exceptions=True)

    assert (values[0], values[2]) == (1, 1)
    assert isinstance(values[1], ZeroDivisionError)
