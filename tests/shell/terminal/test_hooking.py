"""GUI loops that run while the loop of the prompt waits."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Iterator
from typing import Any

import pytest

from ipcluster.engines.interpreter.gui.hooking import HookedLoop
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.shell import TerminalInteractiveShell


@pytest.fixture
def shell() -> Iterator[TerminalInteractiveShell]:
    shell = TerminalInteractiveShell(TerminalFrontEnd())
    yield shell
    shell.close()


def test_the_shell_has_such_a_loop(shell: TerminalInteractiveShell) -> None:
    assert isinstance(shell.loop, HookedLoop)
    assert shell.loop(asyncio.sleep(0, 5)) == 5


def test_a_hook_runs_until_there_is_something_to_read(
    shell: TerminalInteractiveShell,
) -> None:
    reader, writer = os.pipe()
    calls: list[bool] = []

    def hook(context: Any) -> None:
        calls.append(context.input_is_ready())
        if len(calls) == 1:
            os.write(writer, b"x")
        assert select.select([context.fileno()], [], [], 5)[0]
        assert context.input_is_ready()

    async def read() -> bytes:
        loop = asyncio.get_running_loop()
        seen: asyncio.Future[bytes] = loop.create_future()
        loop.add_reader(reader, lambda: seen.set_result(os.read(reader, 1)))
        try:
            return await seen
        finally:
            loop.remove_reader(reader)

    shell.inputhook = hook
    try:
        assert shell.loop(read()) == b"x"
    finally:
        os.close(reader)
        os.close(writer)
    assert calls[0] is False


def test_a_hook_hears_of_timers_too(shell: TerminalInteractiveShell) -> None:
    calls: list[None] = []

    def hook(context: Any) -> None:
        calls.append(None)
        assert select.select([context.fileno()], [], [], 5)[0]

    shell.inputhook = hook

    assert shell.loop(asyncio.sleep(0.02, "slept")) == "slept"
    assert calls


def test_a_hook_that_returns_early_is_called_again(
    shell: TerminalInteractiveShell,
) -> None:
    calls: list[None] = []
    shell.inputhook = lambda context: calls.append(None)

    assert shell.loop(asyncio.sleep(0.2, "slept")) == "slept"
    assert 1 < len(calls) < 50


def test_a_hook_that_fails_is_told_and_given_up(
    shell: TerminalInteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(context: Any) -> None:
        raise ValueError("no display")

    shell.inputhook = hook

    assert shell.loop(asyncio.sleep(0.01, "slept")) == "slept"
    assert shell.inputhook is None
    assert "is given up: ValueError: no display" in capsys.readouterr().err


def test_a_hook_runs_at_the_prompt(shells: Any) -> None:
    terminal = shells.start()
    terminal.wait_for_prompt(1)
    terminal.paste(
        "import time\n"
        "def hook(context):\n"
        "    if not turns: print('the hook', 'is called')\n"
        "    turns.append(1)\n"
        "    while not context.input_is_ready(): time.sleep(0.01)\n"
        "turns = []\n"
        "get_ipython().inputhook = hook\n"
    )
    terminal.press("enter")
    terminal.wait_for("the hook is called")
    terminal.enter("6 * 7")

    terminal.wait_for("Out[2]: 42")
