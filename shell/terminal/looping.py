"""The prompt on the loop that cells await on: tasks go on while it waits.

Where a loop runs in this thread already (a prompt within a coroutine), the prompt has
one of its own in another thread.
"""

from __future__ import annotations

import asyncio
import threading

from ipcluster.shell.terminal.above import AbovePrompt
from ipcluster.shell.terminal.stuck import Interrupts, StuckWatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeVar

    from prompt_toolkit import PromptSession

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

    T = TypeVar("T")


# A prompt that was broken off gets so many seconds to end, so many times: SystemExit
# may have come in the midst of the loop's own work, then it does not end at all.
_PATIENCE = 2.0
_TRIES = 5


def run_prompt(
    shell: TerminalInteractiveShell,
    session: PromptSession[str],
    ask: Callable[[], Coroutine[Any, Any, str]],
) -> str:
    """What the person answers to a session that `ask` runs.

    Raises:
        EOFError, KeyboardInterrupt: as the session has it.
    """
    if _is_loop_running():
        return _in_thread(lambda: asyncio.run(ask()))
    loop = shell.loop.loop
    asyncio.set_event_loop(loop)
    # Interrupts first: a second Ctrl-C would break off what the others give back.
    with (
        Interrupts(loop, session) as interrupts,
        AbovePrompt(loop),
        StuckWatch(loop, shell),
    ):
        answer = _run_to_end(loop, session, ask())
        interrupts.is_over = True
        return answer


def _run_to_end(
    loop: asyncio.AbstractEventLoop,
    session: PromptSession[str],
    coroutine: Coroutine[Any, Any, str],
) -> str:
    """What the prompt gives. It is over in any case when this returns, or raises."""
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        # Raised by a signal, or by a task of the user's: ours is in the midst of it,
        # and has to come to its end, or it would take the next prompt's keyboard away.
        if not task.done():
            app = session.app
            if app.is_running and not app.is_done:
                # Keys that come while it ends are kept for the next prompt; of a task
                # that is cancelled they would be lost.
                app.exit(exception=EOFError())
            else:
                task.cancel()
            _wait_for(loop, task)
        raise


def _wait_for(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """Let a task come to its end, whatever others on the loop do."""
    for _ in range(_TRIES):
        try:
            loop.run_until_complete(asyncio.wait([task], timeout=_PATIENCE))
        except KeyboardInterrupt:  # for another task, which held up the loop
            continue
        if task.done():
            if not task.cancelled():
                task.exception()  # heard
            return


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(function: Callable[[], T]) -> T:
    """Call it in another thread, and wait."""
    found: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(function())
        except BaseException as error:  # raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


async def in_thread(function: Callable[[], T]) -> T:
    """What a function gives that may take its time. A thread each: none is left over.

    Idle threads of a pool would make every `fork` of the user's a fork with threads.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def tell(setter: Callable[[Any], None], what: Any) -> None:
        def set_it() -> None:
            if not future.done():
                setter(what)

        if not loop.is_closed():
            loop.call_soon_threadsafe(set_it)

    def work() -> None:
        try:
            result = function()
        except BaseException as error:  # raised where it is awaited
            tell(future.set_exception, error)
        else:
            tell(future.set_result, result)

    threading.Thread(target=work, daemon=True).start()
    return await future
