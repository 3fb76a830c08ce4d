"""A console on a kernel: its own, or one that runs and that others use as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

Start = Callable[..., Any]


def test_without_options_it_has_a_kernel_of_its_own(start: Start, shells: Any) -> None:
    terminal = start()
    terminal.wait_for_prompt(1)

    terminal.enter("import os; x = 6")
    terminal.wait_for_prompt(2)
    terminal.enter("x * 7")
    terminal.wait_for("Out[2]: 42")
    terminal.wait_for_prompt(3)
    files = list(Path(shells.home, ".local/share/jupyter/runtime").glob("kernel-*"))
    terminal.enter("os.getppid()")
    terminal.wait_for_prompt(4)
    pid = int(terminal.text.partition("Out[3]: ")[2].split()[0])
    terminal.press("c-d")
    terminal.wait_for("Do you really want to exit")
    terminal.enter("y")

    assert terminal.wait_for_end() == 0
    assert [file.exists() for file in files] == [False]
    assert not psutil.pid_exists(pid)


def test_the_prompt_has_its_comforts(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)

    terminal.enter("import collections; ambidextrous = 3")
    terminal.wait_for_prompt(2)
    terminal.type("ambid\t")
    terminal.wait_until(lambda: "ambidextrous" in terminal.line, "the completion")
    terminal.enter("")
    terminal.wait_for("Out[2]: 3")
    terminal.wait_for_prompt(3)
    terminal.enter("for i in range(2):")
    terminal.wait_for("...:")
    terminal.enter("print('line', i)")
    terminal.enter("")
    terminal.wait_for("line 1")
    terminal.wait_for_prompt(4)
    terminal.enter("ambidextrous?")
    terminal.wait_for("Type:")
    terminal.wait_for_prompt(5)
    terminal.press("up")
    terminal.wait_until(lambda: "ambidextrous?" in terminal.line, "the last input")


def test_cells_ask_at_the_terminal(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)

    terminal.enter("print('first'); name = input('who? ')")
    terminal.wait_until(lambda: terminal.line.startswith("who?"), "the question")
    assert terminal.text.index("first\n") < terminal.text.rindex("who?")
    terminal.enter("ada")
    terminal.wait_for_prompt(2)
    terminal.enter("from getpass import getpass; len(getpass('word? '))")
    terminal.wait_until(lambda: terminal.line.startswith("word?"), "the question")
    terminal.enter("hush!")
    terminal.wait_for("Out[2]: 5")
    terminal.wait_for_prompt(3)
    assert "hush" not in terminal.text
    terminal.enter("1 / 0")
    terminal.wait_for("ZeroDivisionError: division by zero")
    terminal.wait_for_prompt(4)
    terminal.enter("%debug")
    terminal.wait_until(lambda: terminal.line.startswith("ipdb>"), "the debugger")
    terminal.enter("p name * 2")
    terminal.wait_for("'adaada'")
    terminal.wait_until(lambda: terminal.line == "ipdb>", "the debugger")
    terminal.press("c-d")
    terminal.wait_for_prompt(5)


def test_tab_completes_at_the_debuggers_prompt(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)
    code = "def f(lengthy_name):\\n return lengthy_name / 0\\nf(7)"
    terminal.enter(f"exec(compile('{code}', '<text>', 'exec'))")
    terminal.wait_for_prompt(2)
    terminal.enter("%debug")
    terminal.wait_until(lambda: terminal.line.startswith("ipdb>"), "the debugger")

    terminal.type("p leng\t")

    terminal.wait_until(lambda: terminal.line == "ipdb> p lengthy_name", "the name")
    terminal.enter(" * 3")
    terminal.wait_until(lambda: "\n21\n" in terminal.text, "its answer")
    terminal.wait_until(lambda: terminal.line == "ipdb>", "the debugger")
    terminal.enter("q")
    terminal.wait_for_prompt(3)


def test_ctrl_c_interrupts_the_kernel(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)
    terminal.enter("import time; print('it', 'runs'); time.sleep(60)")
    terminal.wait_for("it runs")

    terminal.press("c-c")

    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for_prompt(2)
    terminal.enter("input('waits? ')")
    terminal.wait_until(lambda: terminal.line.startswith("waits?"), "the question")
    terminal.press("c-c")
    terminal.wait_for_prompt(3)


def test_ctrl_c_right_behind_enter_reaches_the_cell(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)
    terminal.enter("import time")

    for number in range(2, 12):
        terminal.wait_for_prompt(number)
        terminal.type("time.sleep(60)\r\x03")

    terminal.wait_for_prompt(12)
    assert terminal.text.count("KeyboardInterrupt") > 0
    terminal.enter("6 * 7")
    terminal.wait_for("Out[12]: 42")


def test_a_kernel_of_ours_that_dies_is_told_and_another_starts(start: Start) -> None:
    terminal = start("--no-banner")
    terminal.wait_for_prompt(1)
    terminal.enter("import os, signal")
    terminal.wait_for_prompt(2)

    terminal.enter("os.kill(os.getpid(), signal.SIGSEGV)")

    terminal.wait_for("another one starts]")
    terminal.wait_for("its names are gone]")
    terminal.wait_for_prompt(1)
    told = [line for line in terminal.text.splitlines() if "SIGSEGV" in line]
    assert len(told) == 2  # what was typed, and why
    terminal.enter("40 + 2")
    terminal.wait_for("Out[1]: 42")


def test_it_attaches_to_the_newest_kernel_and_leaves_it(
    kernel: Any, start: Start
) -> None:
    terminal = start("--no-banner", "--existing")
    terminal.wait_for_prompt(1)
    terminal.enter("exit")
    assert terminal.wait_for_end() == 0

    assert kernel.process.poll() is None
    assert kernel.file.exists()


def test_two_consoles_on_one_kernel_see_each_other(kernel: Any, start: Start) -> None:
    first = start("--no-banner", "--existing", USER="ada")
    second = start("--no-banner", "--existing", USER="bob")
    first.wait_for_prompt(1)
    second.wait_for_prompt(1)

    first.enter("print('from the', 'first'); 6 * 7")

    first.wait_for_prompt(2)
    second.wait_for("Out[1]: 42")
    second.wait_for_prompt(2)
    assert (
        "ada In [1]: print('from the', 'first'); 6 * 7\nfrom the first" in second.text
    )
    second.enter("1 / 0")
    first.wait_for("bob In [2]: 1 / 0")
    first.wait_for("ZeroDivisionError: division by zero")
    first.wait_for_prompt(3)


def test_a_kernel_that_is_killed_and_started_again_is_told(
    kernel: Any, start: Start
) -> None:
    terminal = start("--no-banner", "--existing", str(kernel.file))
    terminal.wait_for_prompt(1)
    terminal.enter("x = 1")
    terminal.wait_for_prompt(2)

    kernel.kill()
    terminal.wait_for("has gone (The kernel was killed by SIGKILL")
    kernel.start()

    terminal.wait_for("the kernel was started again: its names are gone]")
    terminal.wait_for_prompt(1)
    terminal.enter("2 + 2")
    terminal.wait_for("Out[1]: 4")


def test_a_kernel_that_is_shut_down_ends_the_console(kernel: Any, start: Start) -> None:
    first = start("--no-banner", "--existing", str(kernel.file))
    first.wait_for_prompt(1)
    connection = json.loads(kernel.file.read_text())

    kernel.process.terminate()

    first.wait_for("has gone")
    assert connection["transport"] == "tcp"
    first.enter("exit")
    assert first.wait_for_end() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--existing"], "no kernel runs: there is no connection file in"),
        (["--existing", "nobody"], "no connection file 'nobody', here or in"),
        (["--engine", "three"], "--engine takes the number of an engine, not 'three'"),
        (
            ["--engine", "3", "--ssh", "host"],
            "an engine is reached through its cluster",
        ),
        (["--cluster"], "--cluster needs a value"),
        (["--engine", "3"], "no cluster runs"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    shells: Any, words: list[str], told: str
) -> None:
    done = shells.call("console", *words)

    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith(f"ipshell console: {told}")


def test_without_a_terminal_lines_are_read_plainly(shells: Any) -> None:
    done = shells.call("console", text="a = 5\na + 1\nimport os; os.getppid()\n")

    assert "]: 6\n" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_a_plain_start_imports_nothing_of_it(shells: Any) -> None:
    code = "import sys; print([m for m in sys.modules if 'shell.console' in m])"

    done = shells.call("-c", code)

    assert done.stdout == "[]\n"
