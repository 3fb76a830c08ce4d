"""What a task waits for or needs."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from ipcluster.client.dependency import (
    Dependency,
    depend,
    dependent,
    interactive,
    msg_ids_of,
    require,
)
from ipcluster.wire.errors import UnmetDependency


class Result:
    msg_ids = ("s_1", "s_2")


def test_msg_ids_of_ids_results_and_lists() -> None:
    assert msg_ids_of("s_9") == {"s_9"}
    assert msg_ids_of(Result()) == {"s_1", "s_2"}
    assert msg_ids_of(["s_9", Result(), ["s_8"]]) == {"s_1", "s_2", "s_8", "s_9"}
    assert msg_ids_of(None) == set()
    with pytest.raises(TypeError):
        msg_ids_of(3)


@pytest.mark.parametrize(
    ("flags", "completed", "failed", "met", "unreachable"),
    [
        ({}, "ab", "", True, False),
        ({}, "a", "", False, False),
        ({}, "a", "b", False, True),
        ({"all": False}, "a", "", True, False),
        ({"all": False}, "", "a", False, False),
        ({"all": False}, "", "ab", False, True),
        ({"failure": True}, "a", "b", True, False),
        ({"success": False, "failure": True}, "a", "b", False, True),
        ({"success": False, "failure": True}, "", "ab", True, False),
    ],
)
def test_check_and_unreachable(
    flags: dict[str, bool], completed: str, failed: str, met: bool, unreachable: bool
) -> None:
    dependency = Dependency(list("ab"), **flags)

    assert dependency.check(set(completed), set(failed)) is met
    assert dependency.unreachable(set(completed), set(failed)) is unreachable


def test_dependency_that_counts_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="successes"):
        Dependency("a", success=False, failure=False)


def test_as_dict_makes_an_equal_one() -> None:
    first = Dependency(["b", "a"], all=False, failure=True)
    second = Dependency(**first.as_dict())

    assert (second, second.as_dict()) == (first, first.as_dict())


def is_even(n: int) -> bool:
    return n % 2 == 0


def double(x: int) -> int:
    return 2 * x


def test_condition_is_asked_before_the_call() -> None:
    assert depend(is_even, 2)(double)(21) == 42
    with pytest.raises(UnmetDependency, match="is_even"):
        depend(is_even, 1)(double)(21)


def test_function_with_condition_can_be_pickled() -> None:
    function = pickle.loads(pickle.dumps(dependent(double, is_even, 2)))

    assert function(3) == 6
    assert function.__name__ == "double"


def test_require_refuses_what_is_not_there() -> None:
    with pytest.raises(UnmetDependency):
        require("a_module_that_is_nowhere")(double)(1)


def test_require_refuses_nameless_things() -> None:
    with pytest.raises(TypeError):
        require(3)


def test_interactive_makes_a_function_of_the_session() -> None:
    def f() -> Any:
        return None

    assert interactive(f).__module__ == "__main__"
