"""`await` at the debugger's prompt, in code that a loop is running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from ipcluster.engines.interpreter.debugger.awaiting import run_coroutine, run_within
from ipcluster.engines.interpreter.shell import InteractiveShell

Debug = Callable[..., str]

CELL = """import asyncio
queue = asyncio.Queue()
async def other(n):
    await asyncio.sleep(0)
    return n * 2
async def work():
    task = asyncio.create_task(other(4))
    breakpoint()
    await asyncio.sleep(0)
    return await task
result = await work()"""


def test_what_belongs_to_the_running_loop_can_be_awaited(
    debug: Debug, shell: InteractiveShell
) -> None:
    out = debug(CELL, "p await task", "await other(5)", "x = await other(6)", "x", "c")

    assert "\n8\n10\n12\n" in out
    assert shell.user_ns["result"] == 8


def test_an_error_is_one_line_and_the_program_goes_on(
    debug: Debug, shell: InteractiveShell
) -> None:
    out = debug(CELL, "await asyncio.wait_for(queue.get(), 0)", "c")

    assert "*** TimeoutError" in out
    assert shell.user_ns["result"] == 8


def test_post_mortem_the_shells_loop_is_used(
    debug: Debug, shell: InteractiveShell
) -> None:
    shell.call_pdb = True

    out = debug(CELL.replace("breakpoint()", "1 / 0"), "await other(5)", "q")

    assert "\n10\n" in out


def test_other_tasks_and_the_stopped_one_go_on() -> None:
    order: list[str] = []

    async def note(name: str, times: int) -> str:
        for _ in range(times):
            await asyncio.sleep(0)
        order.append(name)
        return name

    async def main() -> str:
        first = asyncio.create_task(note("first", 3))
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        found: str = run_coroutine(None, note("within", 5))
        assert asyncio.current_task() is task
        assert asyncio.get_running_loop() is loop
        return found + await first + await note("after", 1)

    assert asyncio.run(main()) == "withinfirstafter"
    assert order == ["first", "within", "after"]


def test_the_turn_of_the_loop_ends_well_if_its_handles_have_run() -> None:
    seen: list[int] = []

    async def wait() -> None:
        await asyncio.sleep(0)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in range(5):
            loop.call_soon(seen.append, number)
        # All five run within, though the loop means to run them in this turn.
        loop.call_soon(lambda: run_within(loop, wait()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())

    assert seen == [0, 1, 2, 3, 4]


def test_a_loop_that_is_not_asyncios_is_refused() -> None:
    class Other:
        pass

    async def never() -> None:
        raise AssertionError

    with pytest.raises(RuntimeError, match="Other is not asyncio's"):
        run_within(Other(), never())


def test_without_a_loop_one_is_made() -> None:
    async def answer() -> int:
        return 42

    assert run_coroutine(None, answer()) == 42
