"""Cells that await, in a kernel that is a guest of an asyncio program.

The cell runs in a callback of the program's loop, and what it awaits belongs to that
loop: so the loop goes on, from within the callback, until the cell has its answer. The
program's tasks go on as well.
"""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class NestedRunner:
    """Runs coroutines on a loop that runs: as `loop_runner` of a shell."""

    def __init__(
        self, shell: InteractiveShell, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._shell = shell
        self._loop = loop

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """What it gives or raises.

        Raises:
            RuntimeError: the loop is of a kind that cannot be run so (uvloop's).
        """
        loop = self._loop
        if asyncio._get_running_loop() is not loop:  # a subshell's thread, say
            return self._shell.loop(coroutine)
        if not hasattr(loop, "_run_once"):
            coroutine.close()
            kind = type(loop).__module__
            raise RuntimeError(
                f"a cell cannot await while the loop of {kind} runs: "
                "asyncio.create_task(...) starts what need not be waited for"
            )
        context = contextvars.copy_context()
        task = loop.create_task(coroutine, context=context)
        pressed = False

        def on_press(_number: int, _frame: Any) -> None:
            """An interrupt is for the cell, and not for what else the loop runs."""
            nonlocal pressed
            if pressed or asyncio.current_task(loop) is task:
                raise KeyboardInterrupt
            pressed = True
            loop.call_soon_threadsafe(task.cancel)

        handler: Any = None
        if threading.current_thread() is threading.main_thread():
            handler = signal.signal(signal.SIGINT, on_press)
        try:
            self._run(loop, task)
            return task.result()
        except asyncio.CancelledError:
            if pressed:
                raise KeyboardInterrupt from None
            raise
        except BaseException:
            task.cancel()
            raise
        finally:
            if handler is not None:
                signal.signal(signal.SIGINT, handler)
            self._shell.cells.adopt(context)

    def _run(self, loop: Any, task: asyncio.Task[Any]) -> None:
        # What asyncio has for those who extend it: the task that called us waits.
        outer = asyncio.current_task(loop)
        if outer is not None:
            asyncio.tasks._leave_task(loop, outer)
        # The pass of the loop that called us has counted what it is going to call.
        counted = len(loop._ready)
        try:
            while not task.done():
                loop._run_once()
        finally:
            for _ in range(counted - len(loop._ready)):
                loop._ready.append(asyncio.Handle(_do_nothing, (), loop))
            if outer is not None:
                asyncio.tasks._enter_task(loop, outer)


def _do_nothing() -> None:
    """In the place of a callback that has been called already."""
