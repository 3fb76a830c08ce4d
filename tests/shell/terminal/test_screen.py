"""What a person sees at a terminal."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

# A shell that knows blocks and completes three names, whatever the interpreter does.
SHELL = """
from ipcluster.shell.terminal.shell import TerminalInteractiveShell

class Item:
    def __init__(self, text, type, signature=""):
        self.text, self.type, self.signature = text, type, signature

class Found:
    def __init__(self, start, items):
        self.start, self.items = start, items

class Shell(TerminalInteractiveShell):
    def check_complete(self, code):
        last = code.rpartition("\\n")[2]
        if last.endswith(":") or (last.startswith(" ") and last.strip()):
            return "incomplete", "    "
        return "complete", ""

    def complete_code(self, code, cursor=None):
        start = code.rfind(".", 0, cursor) + 1
        return Found(start, [
            Item("alpha_value", "instance"),
            Item("alpha_call", "function", "(x, y=1)"),
            Item("beta", "class"),
        ])
"""


@pytest.fixture
def given(shells: Any) -> Any:
    """Terminals with such a shell."""
    (shells.work / "given.py").write_text(SHELL)
    shells.configure("c.TerminalIPythonApp.interactive_shell_class = 'given.Shell'")
    return shells


def test_prompts_have_numbers_and_colours(given: Any) -> None:
    terminal = given.start()
    terminal.wait_for_prompt(1)
    terminal.enter("for i in range(2):")
    terminal.wait_until(lambda: terminal.line == "   ...:", "a second line")
    assert terminal.screen.cursor.x == len("   ...:     ")
    terminal.enter("print(i)")
    terminal.press("enter")
    terminal.wait_for_prompt(2)
    terminal.enter("'value'")
    terminal.wait_for_prompt(3)

    assert terminal.text.strip() == (
        "In [1]: for i in range(2):\n"
        "   ...:     print(i)\n"
        "   ...:\n"
        "0\n"
        "1\n\n"
        "In [2]: 'value'\n"
        "Out[2]: 'value'\n\n"
        "In [3]:"
    )
    assert terminal.style_of("In [1]") == "green"
    assert terminal.style_of("Out[2]") == "red"
    # Typed at the second prompt: colours are loaded behind the first.
    assert terminal.style_of("'value'") not in ("default", "green")


def test_no_colours_if_that_is_wanted(shells: Any) -> None:
    for options, environment in ((["--colors=nocolor"], {}), ([], {"NO_COLOR": "1"})):
        terminal = shells.start(*options, **environment)
        terminal.wait_for_prompt(1)
        terminal.enter("'value'")
        terminal.wait_for_prompt(2)

        assert terminal.style_of("Out[1]") == "default"
        terminal.end()


def test_themes_and_prompts_are_options(shells: Any) -> None:
    shells.configure(
        "c.InteractiveShell.colors = 'Linux'\n"
        "c.TerminalInteractiveShell.prompts_class = 'ClassicPrompts'\n"
        "c.TerminalInteractiveShell.highlighting_style_overrides = {\n"
        "    'Token.Prompt': 'ansimagenta'}\n"
        "c.InteractiveShell.separate_in = ''\n"
    )
    terminal = shells.start()
    terminal.wait_until(lambda: terminal.line == ">>>", "the prompt")
    terminal.enter("1 + 1")

    terminal.wait_for(">>> 1 + 1\n2\n>>>")
    assert terminal.style_of(">>>") == "magenta"


def test_a_menu_shows_completions_with_what_they_are(given: Any) -> None:
    given.configure(
        "c.TerminalIPythonApp.interactive_shell_class = 'given.Shell'\n"
        "c.TerminalInteractiveShell.display_completions = 'column'\n"
    )
    terminal = given.start()
    terminal.wait_for_prompt(1)
    terminal.type("x.")
    terminal.press("tab")

    terminal.wait_for("alpha_call()")
    terminal.wait_for("function (x, y=1)")
    terminal.press("tab", "tab", "enter")
    terminal.wait_until(lambda: terminal.line.endswith("x.alpha_call"), "a completion")
    assert "beta" not in terminal.text


@pytest.mark.parametrize("style", ["multicolumn", "readlinelike"])
def test_menus_of_other_styles(given: Any, style: str) -> None:
    terminal = given.start(f"--TerminalInteractiveShell.display_completions={style}")
    terminal.wait_for_prompt(1)
    terminal.type("x.")
    terminal.press("tab")

    terminal.wait_for("beta")
    assert "alpha_value" in terminal.text


def test_completions_without_tab(given: Any) -> None:
    terminal = given.start("--TerminalInteractiveShell.complete_while_typing=True")
    terminal.wait_for_prompt(1)

    terminal.type("x.")

    terminal.wait_for("alpha_value")


def test_an_old_input_is_offered_in_grey(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("word = 'long enough'")
    terminal.wait_for_prompt(2)

    terminal.type("wor")
    terminal.wait_for("In [2]: word = 'long enough'")
    terminal.press("right", "enter")

    terminal.wait_for_prompt(3)


def test_brackets_are_shown_in_pairs(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.type("f(x)")

    terminal.wait_until(lambda: terminal.line.endswith("f(x)"), "text")
    terminal.press("left")

    terminal.wait_until(lambda: terminal.style_of("(x)") == "magenta", "a pair")


def test_toolbars(shells: Any) -> None:
    shells.configure(
        "c.TerminalInteractiveShell.right_prompt = lambda shell: 'to the right'\n"
        "c.TerminalInteractiveShell.bottom_toolbar = 'below it all'\n"
    )
    terminal = shells.start()

    terminal.wait_for("to the right")
    terminal.wait_for("below it all")
    assert terminal.line.startswith("In [1]:")


def test_the_mode_of_vi_is_told(shells: Any) -> None:
    terminal = shells.start("--TerminalInteractiveShell.editing_mode=vi")
    terminal.wait_for("[ins] In [1]:")

    terminal.type("ab")
    terminal.press("escape")

    terminal.wait_for("[nav] In [1]: ab")


def test_what_threads_and_tasks_print_stands_above_the_prompt(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter(
        "import threading; threading.Timer(0.2, print, ['from a thread']).start()"
    )
    terminal.wait_for_prompt(2)
    terminal.type("half a li")
    terminal.wait_for("\nfrom a thread\n")
    terminal.wait_for("\nIn [2]: half a li")
    terminal.press("c-c")

    terminal.paste(
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.1)\n"
        "    print('from a task')\n"
        "task = asyncio.get_event_loop().create_task(later())\n"
    )
    terminal.press("enter")

    terminal.wait_for("\nfrom a task\n")
    terminal.wait_until(lambda: terminal.line == "In [3]:", "the prompt")


def test_the_window_has_a_title(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    assert terminal.screen.title == f"ipshell: {shells.work}"

    terminal.enter(f"import os; os.chdir({str(shells.home)!r})")
    terminal.wait_for_prompt(2)
    assert terminal.screen.title == "ipshell: ~"


def test_the_window_has_none_if_that_is_wanted(shells: Any) -> None:
    terminal = shells.start("--no-term-title")
    terminal.wait_for_prompt(1)

    assert terminal.screen.title == ""


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less")
def test_long_texts_are_paged(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("from ipcluster.engines.interpreter.events import Page")
    terminal.wait_for_prompt(2)
    terminal.enter(
        "get_ipython().emit(Page({'text/plain': '\\n'.join(map(str, range(90)))}))"
    )
    terminal.wait_until(lambda: terminal.line == ":", "less")
    assert "\n10\n" in terminal.text
    terminal.type("q")
    terminal.wait_for_prompt(3)


def test_a_small_window_and_a_resized_one(shells: Any) -> None:
    terminal = shells.start(columns=30, lines=6)
    terminal.wait_for_prompt(1)
    terminal.type("'a long line that has to be wrapped' + 'x'")
    terminal.wait_for("wrapped' + 'x'")

    terminal.resize(100, 20)
    terminal.wait_for("In [1]: 'a long line that has to be wrapped' + 'x'")
    terminal.press("enter")

    terminal.wait_for("Out[1]: 'a long line that has to be wrappedx'")


def test_a_broken_display_does_not_break_the_shell(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.enter("import sys; sys.stdout.write('no end of line')")

    terminal.wait_for("In [2]:")
    assert "no end of line" in terminal.text
