"""`await` at the debugger's prompt.

Where no loop runs in this thread, the shell's own runs the coroutine. Where the program
was stopped inside a loop, in a task, the loop is driven on from here until what is
awaited is done: the task that was stopped steps aside, other tasks go on meanwhile.

asyncio does not let a loop be entered twice, so this calls `_run_once`, as asyncio's
own `run_forever` does; a loop that is not asyncio's (uvloop) has no such method. The
functions that make a task the current one are documented for makers of loops
(docs.python.org/3/library/asyncio-extending.html).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


def run_coroutine(
    shell: InteractiveShell | None, coroutine: Coroutine[Any, Any, Any]
) -> Any:
    """What a coroutine gives; inside a running loop as well."""
    import asyncio

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        if shell is not None:
            return shell.loop_runner(coroutine)
        return asyncio.run(coroutine)
    return run_within(loop, coroutine)


def run_within(loop: Any, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Drive a loop that is in the middle of a task until a coroutine has ended.

    Raises:
        RuntimeError: it is not a loop of asyncio's.
    """
    import asyncio
    from asyncio import tasks

    if not hasattr(loop, "_run_once"):
        coroutine.close()
        raise RuntimeError(f"cannot await here: {type(loop).__name__} is not asyncio's")
    stopped = asyncio.current_task(loop)
    # The loop was going to call so many handles in this turn. If fewer are left when
    # it goes on, it fails; so what we take out has to be made up for.
    promised = len(loop._ready)
    if stopped is not None:
        tasks._leave_task(loop, stopped)
    task = loop.create_task(coroutine)
    try:
        while not task.done():
            loop._run_once()
    except BaseException:  # Ctrl-C
        task.cancel()
        raise
    finally:
        if stopped is not None:
            tasks._enter_task(loop, stopped)
        while len(loop._ready) < promised:
            loop.call_soon(_nothing)
    return task.result()


def _nothing() -> None:
    """What the loop calls in the place of a handle that has run."""
