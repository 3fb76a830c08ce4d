"""Prompts without a line editor: dumb terminals and `--simple-prompt`."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("options", "environment"),
    [(["--simple-prompt"], {}), ([], {"TERM": "dumb"})],
    ids=["option", "dumb"],
)
def test_lines_are_plain(
    shells: Any, options: list[str], environment: dict[str, str]
) -> None:
    terminal = shells.start(*options, **environment)
    terminal.wait_for_prompt(1)
    terminal.enter("x = 6")
    terminal.wait_for_prompt(2)
    terminal.enter("x * 7")
    terminal.wait_for("Out[2]: 42")
    terminal.wait_for_prompt(3)

    assert b"\x1b[3" not in terminal.output  # no colours
    assert b"\x1b[?2004h" not in terminal.output

    terminal.press("c-d")
    terminal.wait_for("really want to exit [Y/n]")
    terminal.press("enter")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize(
    "cell",
    ["%%time\nx = 6\n", "for y in [6]:\n    x = y\n", "def f():\n    pass\n\nx = 6"],
)
def test_an_empty_line_ends_a_plain_cell(shells: Any, cell: str) -> None:
    terminal = shells.start("--simple-prompt", "--no-banner")
    terminal.wait_for_prompt(1)

    for line in [*cell.split("\n"), "x * 7"]:
        terminal.enter(line)

    terminal.wait_for("]: 42")


def test_ctrl_c_at_a_plain_prompt(shells: Any) -> None:
    terminal = shells.start("--simple-prompt")
    terminal.wait_for_prompt(1)
    terminal.type("junk")
    terminal.wait_for("junk")

    terminal.press("c-c")

    terminal.wait_for("KeyboardInterrupt")
    terminal.enter("6 * 7")
    terminal.wait_for("Out[1]: 42")


def test_a_next_input_is_shown_and_taken_with_enter(shells: Any) -> None:
    terminal = shells.start("--simple-prompt")
    terminal.wait_for_prompt(1)
    terminal.enter("get_ipython().set_next_input('6 * 7')")
    terminal.wait_for("Next input, if you press Enter:\n6 * 7\nIn [2]:")
    terminal.press("enter")

    terminal.wait_for("Out[2]: 42")
