"""The loop that calls a hook while it waits."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ipcluster.engines.interpreter.gui.waiting import Waiting, pause, poll
from ipcluster.engines.interpreter.shell import InteractiveShell

if TYPE_CHECKING:
    from ipcluster.engines.interpreter.gui.waiting import Waits

PATIENCE = 20.0


def test_a_hook_runs_until_there_is_something_to_read(
    shell: InteractiveShell, pipe: Any
) -> None:
    steps: list[int] = []

    def hook(waiting: Waits) -> None:
        while not waiting.input_is_ready():
            steps.append(len(steps))
            if len(steps) == 3:
                pipe.say()

    shell.inputhook = hook
    shell.loop.run_until_readable(pipe.ear)

    assert steps == [0, 1, 2]


def test_a_hook_may_watch_the_file_descriptor(
    shell: InteractiveShell, pipe: Any
) -> None:
    threading.Timer(0.01, pipe.say).start()

    def hook(waiting: Waits) -> None:
        assert pause(waiting, PATIENCE)

    shell.inputhook = hook
    shell.loop.run_until_readable(pipe.ear)

    assert pipe.is_said


def test_a_timer_of_asyncio_ends_a_hook(shell: InteractiveShell) -> None:
    ended: list[bool] = []

    def hook(waiting: Waits) -> None:
        ended.append(pause(waiting, PATIENCE))

    shell.inputhook = hook
    shell.run_cell("import asyncio\nawait asyncio.sleep(0.02)\nslept = True")

    assert shell.user_ns["slept"]
    assert ended
    assert all(ended)


def test_a_task_that_a_callback_starts_does_not_wait_for_a_key(
    shell: InteractiveShell, pipe: Any
) -> None:
    """Nothing but the callback tells asyncio that there is something to do."""
    started: list[asyncio.Task[None]] = []

    async def task() -> None:
        await asyncio.sleep(0)
        pipe.say()

    def hook(waiting: Waits) -> None:
        if not started:
            started.append(shell.loop.loop.create_task(task()))
        assert pause(waiting, PATIENCE)

    shell.inputhook = hook
    shell.loop.run_until_readable(pipe.ear)

    assert started[0].done()


def test_a_hook_that_fails_is_given_up(
    shell: InteractiveShell, pipe: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    threading.Timer(0.1, pipe.say).start()
    calls: list[int] = []

    def hook(_waiting: Waits) -> None:
        calls.append(1)
        raise ZeroDivisionError("broken")

    shell.inputhook = hook
    shell.loop.run_until_readable(pipe.ear)

    assert calls == [1]
    assert shell.inputhook is None
    assert "ZeroDivisionError: broken" in capsys.readouterr().err


def test_a_hook_that_returns_early_is_called_again(
    shell: InteractiveShell, pipe: Any
) -> None:
    calls: list[int] = []

    def hook(_waiting: Waits) -> None:
        calls.append(1)
        if len(calls) == 2:
            pipe.say()

    shell.inputhook = hook
    shell.loop.run_until_readable(pipe.ear)

    assert len(calls) == 2


def test_ctrl_c_ends_a_hook_that_is_in_c_code(
    shell: InteractiveShell, pipe: Any
) -> None:
    """`select` stands for it: Python takes it up again after signals, toolkits too."""

    def hook(waiting: Waits) -> None:
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
        assert pause(waiting, PATIENCE)
        raise AssertionError("the handler raises before this")

    shell.inputhook = hook
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            shell.loop.run_until_readable(pipe.ear)
    finally:
        signal.signal(signal.SIGINT, before)

    # Nothing is left: the next wait is as the first was.
    shell.inputhook = None
    pipe.say()
    shell.loop.run_until_readable(pipe.ear)
    assert signal.set_wakeup_fd(-1) == -1


def test_ctrl_c_in_a_cell_that_awaits_cancels_it(shell: InteractiveShell) -> None:
    def hook(waiting: Waits) -> None:
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
        pause(waiting, PATIENCE)

    shell.inputhook = hook
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = shell.run_cell("import asyncio\nawait asyncio.sleep(60)")
    finally:
        signal.signal(signal.SIGINT, before)

    assert isinstance(done.error_in_exec, KeyboardInterrupt)


def test_polling_lets_a_toolkit_take_steps_until_it_is_over(pipe: Any) -> None:
    steps: list[float] = []

    def step() -> None:
        steps.append(time.monotonic())
        if len(steps) == 3:
            pipe.say()

    poll(Waiting(pipe.ear), step, 0.001)

    assert len(steps) == 3


def test_what_else_ends_a_wait_is_asked_as_well(pipe: Any) -> None:
    assert Waiting(pipe.ear, lambda: True).input_is_ready()
    assert not Waiting(pipe.ear, lambda: False).input_is_ready()


def test_a_bell_that_rings_late_is_not_heard_by_asyncio(
    shell: InteractiveShell, pipe: Any
) -> None:
    shell.inputhook = lambda waiting: pause(waiting, PATIENCE)
    shell.run_cell("import asyncio\nawait asyncio.sleep(0.01)")
    shell.inputhook = None
    selector: Any = shell.loop.loop._selector  # type: ignore[attr-defined]  # ours

    selector.ring()
    done = shell.run_cell("await asyncio.sleep(0.01)")
    pipe.say()
    shell.loop.run_until_readable(pipe.ear)

    assert done.success
