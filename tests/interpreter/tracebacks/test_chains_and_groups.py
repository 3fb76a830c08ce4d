"""Exceptions that came of others, and exceptions that hold others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.engines.interpreter.tracebacks.renderer import CAUSE, CONTEXT

Shown = Callable[..., str]


def test_a_cause_is_shown_first(shown: Shown) -> None:
    text = shown(
        "try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError(1) from e"
    )

    first, second = text.split(f"\n\n{CAUSE}\n\n")
    assert first.endswith("ZeroDivisionError: division by zero")
    assert second.endswith("KeyError: 1")


def test_what_was_being_handled_is_shown_first(shown: Shown) -> None:
    text = shown("try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError(1)")

    assert CONTEXT in text


def test_from_none_cuts_the_chain(shown: Shown) -> None:
    text = shown("try:\n    1 / 0\nexcept Exception:\n    raise KeyError(1) from None")

    assert "ZeroDivisionError" not in text


def test_a_cycle_ends(shown: Shown) -> None:
    text = shown(
        "a, b = ValueError('a'), ValueError('b')\n"
        "a.__cause__, b.__cause__ = b, a\nraise a"
    )

    assert text.count(CAUSE) == 1
    assert text.endswith("ValueError: a")


def test_a_long_chain_is_cut_in_the_middle(shown: Shown) -> None:
    text = shown("""last = None
for number in range(50):
    try:
        raise ValueError(number) from last
    except ValueError as error:
        last = error
raise last""")

    assert "... 40 more exceptions, and then:" in text
    assert "ValueError: 4\n" in text
    assert "ValueError: 5\n" not in text
    assert text.endswith("ValueError: 49")


def test_minimal_shows_no_chain(shown: Shown, shell: InteractiveShell) -> None:
    shell.xmode = "Minimal"

    text = shown(
        "try:\n    1 / 0\nexcept Exception as e:\n    raise KeyError(1) from e"
    )

    assert text == "KeyError: 1"


GROUP = """def fail(n):
    return 1 / n
found = []
for n in (0, "x"):
    try:
        fail(n)
    except Exception as error:
        found.append(error)
found[0].add_note("on the first")
raise ExceptionGroup("two", found)"""


def test_a_group_is_a_tree_of_its_members_with_their_frames(shown: Shown) -> None:
    text = shown(GROUP)

    tree = text[text.index("ExceptionGroup: two") :]
    assert tree.splitlines()[:4] == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "  ├─ 1. ZeroDivisionError: division by zero",
        "  │  on the first",
        "  │     Cell In[1], line 6",
    ]
    assert "  └─ 2. TypeError: unsupported operand" in tree
    assert tree.count("in fail(n)") == 2
    assert "/engines/interpreter/" not in text


def test_groups_in_groups_and_causes_of_members(shown: Shown) -> None:
    text = shown("""try:
    raise ValueError("why") from KeyError("k")
except ValueError as error:
    inner = ExceptionGroup("inner", [error])
raise BaseExceptionGroup("outer", [inner, KeyboardInterrupt()])""")

    assert "  ├─ 1. ExceptionGroup: inner (1 sub-exception)" in text
    assert "  │    └─ 1. ValueError: why" in text
    assert "       caused by:\n  │       KeyError: 'k'" in text
    assert "  └─ 2. KeyboardInterrupt" in text


def test_minimal_shows_the_members_messages(
    shown: Shown, shell: InteractiveShell
) -> None:
    shell.xmode = "Minimal"

    assert shown(GROUP).splitlines() == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "  ├─ 1. ZeroDivisionError: division by zero",
        "  │  on the first",
        "  └─ 2. TypeError: unsupported operand type(s) for /: 'int' and 'str'",
    ]


def test_a_large_or_deep_group_is_cut(shown: Shown) -> None:
    wide = shown("raise ExceptionGroup('wide', [ValueError(n) for n in range(40)])")
    deep = shown("""group = ValueError("bottom")
for number in range(30):
    group = ExceptionGroup(str(number), [group])
raise group""")

    assert "  └─ and 25 more" in wide
    assert "more, in deeper groups" in deep
    assert "bottom" not in deep


def test_boxes_are_left_out_where_they_cannot_be_written(
    shown: Shown, shell: InteractiveShell
) -> None:
    class Ascii:
        encoding = "ascii"

    shell.InteractiveTB.ostream = Ascii()

    text = shown(GROUP)

    assert "  +- 1. ZeroDivisionError" in text
    assert text.isascii()


@pytest.mark.parametrize("mode", ["Context", "Verbose", "Plain"])
def test_a_group_of_tasks_names_the_tasks_frames(
    shown: Shown, shell: InteractiveShell, mode: str
) -> None:
    shell.xmode = mode

    text = shown("""import asyncio
async def work():
    1 / 0
async def all_of_them():
    async with asyncio.TaskGroup() as group:
        group.create_task(work())
await all_of_them()""")

    assert "1. ZeroDivisionError" in text
    assert "in work" in text
