"""A console on an engine of a running cluster, side by side with its tasks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster import Client

pytestmark = pytest.mark.cluster

Engine = Callable[..., Any]


def number_of(terminal: Any) -> int:
    """The number at the prompt."""
    return int(terminal.line.removeprefix("In [").partition("]")[0])


def test_the_prompt_and_tasks_share_names_and_outputs(
    rc: Client, engine: Engine
) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    rc[0]["a"] = 20

    terminal.enter("b = a + 1; b * 2")

    terminal.wait_for(f"Out[{count}]: 42")
    terminal.wait_for_prompt(count + 1)
    assert rc[0]["b"] == 21
    assert rc[0].apply_sync(lambda: _) == 42  # type: ignore[name-defined]  # noqa: F821
    terminal.enter("print(a); 1/0")
    terminal.wait_for("ZeroDivisionError: division by zero")
    terminal.wait_for_prompt(count + 2)


def test_blocks_completion_and_history_are_those_of_the_prompt(
    rc: Client, engine: Engine
) -> None:
    rc[0].execute("import collections; ambidextrous = 3", block=True)
    terminal = engine(0)
    count = number_of(terminal)

    terminal.type("ambid\t")
    terminal.wait_for("ambidextrous")
    terminal.enter("")
    terminal.wait_for(f"Out[{count}]: 3")
    terminal.wait_for_prompt(count + 1)
    terminal.enter("for i in range(2):")
    terminal.wait_for("...:")
    terminal.enter("print('line', i)")
    terminal.enter("")
    terminal.wait_for("line 1")
    terminal.wait_for_prompt(count + 2)
    terminal.press(*["up"] * 4)
    terminal.wait_until(lambda: "ambidextrous" in terminal.line, "the first input")


def test_what_was_typed_in_an_earlier_console_is_found(
    rc: Client, engine: Engine
) -> None:
    first = engine(1)
    count = number_of(first)
    first.enter("'typed before'")
    first.wait_for_prompt(count + 1)
    first.press("c-d")
    first.wait_for("Do you really want to exit")
    first.enter("y")
    assert first.wait_for_end() == 0

    second = engine(1)

    assert number_of(second) == count + 1
    second.press("up")
    second.wait_until(lambda: "'typed before'" in second.line, "the earlier input")
    assert len(rc.ids) == 2


def test_input_and_the_debugger_ask_at_the_terminal(rc: Client, engine: Engine) -> None:
    terminal = engine(0)
    count = number_of(terminal)

    terminal.enter("name = input('who? ')")
    terminal.wait_for("who?")
    terminal.wait_until(lambda: terminal.line.startswith("who?"), "the question")
    terminal.enter("ada")
    terminal.wait_for_prompt(count + 1)
    terminal.enter("from getpass import getpass; word = getpass('word? ')")
    terminal.wait_until(lambda: terminal.line.startswith("word?"), "the question")
    terminal.enter("hush")
    terminal.wait_for_prompt(count + 2)
    assert (rc[0]["name"], rc[0]["word"]) == ("ada", "hush")
    assert "hush" not in terminal.text
    terminal.enter("divisor = 0; 1 / divisor")
    terminal.wait_for_prompt(count + 3)
    terminal.enter("%debug")
    terminal.wait_until(lambda: terminal.line.startswith("ipdb>"), "the debugger")
    terminal.enter("p divisor + 7")
    terminal.wait_until(lambda: "\n7\n" in terminal.text, "its answer")
    terminal.wait_until(lambda: terminal.line == "ipdb>", "the debugger")
    terminal.enter("q")
    terminal.wait_for_prompt(count + 4)


def test_tab_completes_at_the_debuggers_prompt(rc: Client, engine: Engine) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    code = "def f(lengthy_name):\\n return lengthy_name / 0\\nf(7)"
    terminal.enter(f"exec(compile('{code}', '<text>', 'exec'))")
    terminal.wait_for_prompt(count + 1)
    terminal.enter("%debug")
    terminal.wait_until(lambda: terminal.line.startswith("ipdb>"), "the debugger")

    terminal.type("p leng\t")

    terminal.wait_until(lambda: terminal.line == "ipdb> p lengthy_name", "the name")
    terminal.enter(" * 3")
    terminal.wait_until(lambda: "\n21\n" in terminal.text, "its answer")
    terminal.wait_until(lambda: terminal.line == "ipdb>", "the debugger")
    terminal.enter("q")
    terminal.wait_for_prompt(count + 2)
    terminal.enter("input('plain? ')")
    terminal.wait_until(lambda: terminal.line.startswith("plain?"), "the question")
    terminal.type("leng\t")
    terminal.enter("th")
    terminal.wait_for("length")


def test_ctrl_c_hits_the_cell_and_no_task(rc: Client, engine: Engine) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    terminal.enter("import time; print('it', 'runs'); time.sleep(60)")
    terminal.wait_for("it runs")
    behind = rc[0].apply_async(int, "7")

    terminal.press("c-c")

    terminal.wait_for("KeyboardInterrupt")
    terminal.wait_for_prompt(count + 1)
    assert behind.get(timeout=20) == 7
    assert "engine.py" not in terminal.text  # how it came there is nobody's business


def test_ctrl_c_right_behind_enter_ends_the_cell(rc: Client, engine: Engine) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    terminal.enter("import time")
    terminal.wait_for_prompt(count + 1)

    terminal.type("time.sleep(60)\r\x03")
    terminal.wait_until(
        lambda: "KeyboardInterrupt" in terminal.text or "taken back" in terminal.text,
        "its end",
    )

    assert rc[0].apply_async(int, "7").get(timeout=20) == 7


def test_a_cell_behind_a_task_is_taken_back(
    rc: Client, engine: Engine, tmp_path: Path
) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    gate = str(tmp_path / "gate")

    def wait() -> None:
        while not os.path.exists(gate):
            time.sleep(0.01)

    task = rc[0].apply_async(wait)
    terminal.enter("'too late'")

    def is_sent() -> bool:
        """What it was asked at the start, whether the cell is whole: then the cell."""
        queue = rc.queue_status(0, verbose=True)
        ids = [one for one in (*queue["queue"], *queue["tasks"]) if one]
        return any(i.endswith("_3") and rc.session not in i for i in ids)

    terminal.wait_until(is_sent, "the cell, behind the task")

    terminal.press("c-c")

    terminal.wait_for("taken back before it began")
    terminal.wait_for_prompt(count)
    Path(gate).touch()
    task.get(timeout=20)


def test_ctrl_c_in_a_flood_is_seen_at_once(rc: Client, engine: Engine) -> None:
    terminal = engine(0)
    count = number_of(terminal)
    terminal.enter("while True: print('x' * 70)")
    terminal.enter("")
    terminal.wait_for("x" * 70)

    terminal.press("c-c")

    terminal.wait_for_prompt(count + 1)
    assert rc[0].apply_sync(int, "7") == 7


def test_two_consoles_see_each_other_with_who_typed(rc: Client, engine: Engine) -> None:
    first, second = engine(0, USER="ada"), engine(0, USER="bob")
    count = number_of(first)

    first.enter("print('from the', 'first'); 6 * 7")

    first.wait_for_prompt(count + 1)
    second.wait_for(f"Out[{count}]: 42")
    second.wait_for("from the first")
    second.wait_for_prompt(count + 1)
    shown = second.text.splitlines()
    head = next(line for line in shown if "6 * 7" in line)
    assert head.startswith("ada@")
    assert f" In [{count}]: print(" in head
    second.enter("8 * 8")
    first.wait_for(f"Out[{count + 1}]: 64")
    first.wait_until(lambda: "bob@" in first.text, "who typed it")
    first.wait_for_prompt(count + 2)


def test_what_one_is_asked_the_other_does_not_see(rc: Client, engine: Engine) -> None:
    first, second = engine(0), engine(0)
    count = number_of(first)

    first.enter("x = input('secret? ')")
    first.wait_until(lambda: first.line.startswith("secret?"), "the question")
    first.enter("s")
    first.wait_for_prompt(count + 1)
    first.enter("'over'")
    second.wait_for(f"Out[{count + 1}]: 'over'")

    assert "secret? s" in first.text
    assert second.text.count("secret?") == 1  # what was typed


def test_leaving_takes_no_engine_along(rc: Client, engine: Engine) -> None:
    terminal = engine(1)

    terminal.enter("exit")

    assert terminal.wait_for_end() == 0
    assert rc[1].apply_sync(os.getpid)


def test_an_engine_that_dies_is_told_in_one_line(start: Callable[..., Any]) -> None:
    with ipp.Cluster(n=1) as rc:
        ticket = str(rc.cluster.place.client_ticket)
        terminal = start("--cluster", ticket, "--engine", "0")
        terminal.wait_for_prompt(1)

        terminal.enter("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

        assert terminal.wait_for_end() == 1
        told = [line for line in terminal.text.splitlines() if "has ended" in line]
        assert len(told) == 1
        assert "SIGKILL" in told[0]


def test_an_engine_that_is_not_there_is_one_line(shared: Any, shells: Any) -> None:
    ticket = str(shared.place.client_ticket)

    done = shells.call("console", "--cluster", ticket, "--engine", "9")

    assert done.returncode == 1
    assert done.stderr == "ipshell console: there is no engine 9; there are 0, 1\n"


def test_without_a_terminal_lines_are_read_plainly(shared: Any, shells: Any) -> None:
    ticket = str(shared.place.client_ticket)

    done = shells.call(
        "console", "--cluster", ticket, "--engine", "1", text="a = 5\na + 1\n"
    )

    assert "]: 6\n" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
