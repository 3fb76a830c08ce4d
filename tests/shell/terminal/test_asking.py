"""Lines that programs ask for, old inputs that are looked for, the person's editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipcluster.shell.terminal.finder import pattern_of


def test_input_is_edited_and_remembered(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("a = input('first? '); b = input('second? ')")
    terminal.wait_for("first?")
    terminal.type("answr")
    terminal.press("left")
    terminal.enter("e")
    terminal.wait_for("second?")
    terminal.press("up")
    terminal.wait_for("second? answer")
    terminal.press("enter")
    terminal.wait_for_prompt(2)
    terminal.enter("a == b == 'answer'")

    terminal.wait_for("Out[2]: True")


def test_input_hears_of_ctrl_c_and_ctrl_d(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("input('first? ')")
    terminal.wait_for("\nfirst?")
    terminal.press("c-c")
    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for_prompt(2)
    terminal.enter("input('second? ')")
    terminal.wait_for("\nsecond?")
    terminal.press("c-d")

    terminal.wait_for("EOFError")
    terminal.wait_for_prompt(3)
    assert "prompt_toolkit" not in terminal.text  # how it was asked is not shown


def test_input_in_a_coroutine(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.paste(
        "import asyncio\n"
        "async def f():\n"
        "    await asyncio.sleep(0)\n"
        "    return input('within? ')\n"
        "await f()\n"
    )
    terminal.press("enter")
    terminal.wait_for("\nwithin?")
    terminal.enter("yes")

    terminal.wait_for("Out[1]: 'yes'")


def test_input_is_pythons_own_again_afterwards(shells: Any) -> None:
    (shells.work / "program.py").write_text(
        "import builtins\n"
        "from ipcluster import embed\n"
        "before = builtins.input\n"
        "embed()\n"
        "print('same' if builtins.input is before else 'another')\n"
    )
    import sys

    terminal = shells.run([sys.executable, "program.py"])
    terminal.wait_for_prompt(1)
    terminal.enter("exit()")

    terminal.wait_for("\nsame")


def test_lines_with_completion_and_history_for_a_debugger(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.paste(
        "def complete(text, cursor):\n"
        "    return 0, ['continue']\n"
        "ask = get_ipython().frontend.read_line\n"
        "ask('(bugs) ', complete=complete, history='debugger')\n"
    )
    terminal.press("enter")
    terminal.wait_for("\n(bugs)")
    terminal.type("co")
    terminal.press("tab")
    terminal.wait_for("(bugs) continue")
    terminal.press("enter")

    terminal.wait_for("Out[1]: 'continue'")
    assert "+continue" in (shells.home / ".pdbhistory").read_text()


# --- old inputs -----------------------------------------------------------------------


def test_ctrl_r_finds_an_input_by_pieces_of_it(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    for number, cell in enumerate(
        ["apple = 'one'", "banana = 'two'", "apple_pie = 'three'"], 2
    ):
        terminal.enter(cell)
        terminal.wait_for_prompt(number)

    terminal.press("c-r")
    terminal.wait_for("(history)")
    terminal.type("APP".lower())
    terminal.wait_for("(history) 1 of 2: app")
    terminal.wait_for("In [4]: apple_pie = 'three'")
    terminal.press("c-r")
    terminal.wait_for("(history) 2 of 2: app")
    terminal.wait_for("In [4]: apple = 'one'")
    terminal.press("enter")
    terminal.wait_until(lambda: "(history)" not in terminal.text, "the finder's end")
    terminal.type(" + '!'\r")
    terminal.wait_for_prompt(5)
    terminal.enter("apple")

    terminal.wait_for("Out[5]: 'one!'")


def test_leaving_the_search_leaves_the_text(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("apple = 1")
    terminal.wait_for_prompt(2)
    terminal.type("app")
    terminal.press("c-r")
    terminal.wait_for("In [2]: apple = 1")

    terminal.press("c-g")

    terminal.wait_until(lambda: "(history)" not in terminal.text, "the finder's end")
    terminal.enter("'le'")
    terminal.wait_for("In [2]: app'le'")


def test_words_become_a_pattern() -> None:
    assert pattern_of("") == "*"
    assert pattern_of("ab c") == "*[aA][bB]*[cC]*"
    assert pattern_of("aB") == "*aB*"
    assert pattern_of("x[1]?*") == "*[xX][[]1][?][*]*"


# --- the editor -----------------------------------------------------------------------


def test_f2_opens_the_editor(shells: Any, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "x = 6 * 7\\nx\\n" > "$1"\n')
    editor.chmod(0o755)
    terminal = shells.start(EDITOR=str(editor))
    terminal.wait_for_prompt(1)
    terminal.type("before")
    terminal.press("f2")

    terminal.wait_for("In [1]: x = 6 * 7\n   ...: x")
    terminal.press("enter")
    terminal.wait_for("Out[1]: 42")


def test_f4_unfolds_the_last_traceback(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("get_ipython().InteractiveTB.unfolded = lambda: ['all', 'frames']")
    terminal.wait_for_prompt(2)
    terminal.type("half")
    terminal.press("f4")

    terminal.wait_for("\nall\nframes\n")
    terminal.wait_until(lambda: terminal.line == "In [2]: half", "the prompt")


def test_a_next_input_stands_at_the_next_prompt(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("get_ipython().set_next_input('6 * 7')")
    terminal.wait_for("In [2]: 6 * 7")
    terminal.press("enter")

    terminal.wait_for("Out[2]: 42")
