"""trio, on the loop that the prompt waits on."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ipcluster.engines.interpreter.shell import InteractiveShell

pytest.importorskip("trio")


@pytest.fixture
def with_trio(shell: InteractiveShell) -> Iterator[InteractiveShell]:
    shell.enable_gui("trio")
    shell.run_cell("import trio")
    yield shell
    shell.enable_gui(None)


def test_cells_that_await_are_trios(with_trio: InteractiveShell) -> None:
    done = with_trio.run_cell(
        "await trio.sleep(0.01)\nnow = trio.current_time()\nnow > 0"
    )

    assert done.result is True


def test_what_a_cell_starts_goes_on_while_the_prompt_waits(
    with_trio: InteractiveShell, pipe: Any
) -> None:
    with_trio.user_ns["say"] = pipe.say
    with_trio.run_cell(
        "async def later():\n    await trio.sleep(0.02)\n    say()\n"
        "get_ipython().trio_nursery.start_soon(later)\nawait trio.sleep(0)"
    )
    assert not pipe.is_said

    with_trio.loop.run_until_readable(pipe.ear)

    assert pipe.is_said


def test_an_error_is_the_cells(with_trio: InteractiveShell) -> None:
    done = with_trio.run_cell("await trio.sleep(0)\n1/0")
    assert isinstance(done.error_in_exec, ZeroDivisionError)

    assert with_trio.run_cell("await trio.sleep(0)").success


def test_ctrl_c_cancels_what_the_cell_awaits(with_trio: InteractiveShell) -> None:
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = with_trio.run_cell(
            "cleaned = False\ntry:\n    await trio.sleep(60)\n"
            "finally:\n    cleaned = True"
        )
    finally:
        signal.signal(signal.SIGINT, before)

    assert isinstance(done.error_in_exec, KeyboardInterrupt)
    assert with_trio.user_ns["cleaned"]
    assert with_trio.run_cell("await trio.sleep(0)").success


def test_a_context_variable_that_a_cell_sets_the_next_one_finds(
    with_trio: InteractiveShell,
) -> None:
    with_trio.run_cell("import contextvars\nv = contextvars.ContextVar('v')")
    with_trio.run_cell("await trio.sleep(0)\n_ = v.set(3)")

    assert with_trio.run_cell("v.get()").result == 3


def test_without_it_cells_are_asyncios_again(shell: InteractiveShell) -> None:
    shell.enable_gui("trio")

    shell.enable_gui(None)

    assert not hasattr(shell, "trio_nursery")
    assert shell.run_cell("import asyncio\nawait asyncio.sleep(0)").success


def test_a_shell_that_ends_ends_trio(shell: InteractiveShell) -> None:
    shell.enable_gui("trio")
    shell.run_cell(
        "import trio\nended = []\n"
        "async def forever():\n"
        "    try:\n        await trio.sleep_forever()\n"
        "    finally:\n        ended.append(1)\n"
        "get_ipython().trio_nursery.start_soon(forever)\nawait trio.sleep(0)"
    )

    shell.close()

    assert shell.user_ns["ended"] == [1]
