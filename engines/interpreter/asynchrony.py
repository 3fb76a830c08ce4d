"""Running coroutines for cells: `await` at the top level.

One asyncio loop lives as long as the shell, so tasks that a cell has started go on
while later cells await and while the prompt waits, and Ctrl-C cancels what the cell
awaits and nothing else. It runs in the main thread. A cell in another thread (a
kernel's subshell) awaits on a loop of that thread's.

What a cell starts without `await` goes to that loop too: between cells of a terminal no
loop runs, where in a kernel of the field one always does, and

    task = asyncio.create_task(fetch())

is to work in both. So `create_task`, `ensure_future`, `gather` and `get_event_loop`,
called where no loop runs, in the main thread and while a shell is there, mean the
shell's. Everywhere else they are as asyncio has them. `asyncio.run` works in a cell.
"""

from __future__ import annotations

import threading

from ipcluster.engines.interpreter.runners import PlainRunner, TrioRunner

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Coroutine
    from types import ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


# The other runners, under the names that they have had here.
__all__ = ["LoopRunner", "PlainRunner", "TrioRunner"]


class _OfThread(threading.local):
    """The loop of one thread."""

    loop: asyncio.AbstractEventLoop | None = None


class LoopRunner:
    """Runs coroutines on the shell's own event loop."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._loop: asyncio.AbstractEventLoop | None = None
        self._others = _OfThread()
        self._made: list[asyncio.AbstractEventLoop] = []

    @property
    def has_loop(self) -> bool:
        return self._loop is not None and not self._loop.is_closed()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that cells of this thread await on; made when it is first needed."""
        import asyncio

        if threading.current_thread() is not threading.main_thread():
            if self._others.loop is None or self._others.loop.is_closed():
                self._others.loop = asyncio.new_event_loop()
                self._made.append(self._others.loop)
            return self._others.loop
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        return self._loop

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end; what it gives or raises.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed; the coroutine has been cancelled.
        """
        import asyncio
        import signal

        loop = self.loop
        pressed = False

        def on_press(_signum: int, _frame: Any) -> None:
            nonlocal pressed
            if pressed:  # it does not let itself be cancelled
                raise KeyboardInterrupt
            pressed = True
            # Wakes a loop that sleeps, too.
            loop.call_soon_threadsafe(task.cancel)

        cells = self.shell.cells
        context = cells.context
        task = loop.create_task(coroutine, context=context)
        handler: Any = None
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
            handler = signal.signal(signal.SIGINT, on_press)
        try:
            asyncio.set_event_loop(loop)
            return self._run(loop, task)
        except asyncio.CancelledError:
            if pressed:
                raise KeyboardInterrupt from None
            raise
        finally:
            if handler is not None:
                signal.signal(signal.SIGINT, handler)
            cells.adopt(context)

    def _run(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> Any:
        try:
            return loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            raise

    @property
    def has_tasks(self) -> bool:
        """Whether tasks that cells have started are not at their ends."""
        if not self.has_loop:
            return False
        import asyncio

        assert self._loop is not None
        return bool(asyncio.all_tasks(self._loop))

    def run_until_readable(self, fd: int) -> None:
        """Let tasks go on until there is something to read from `fd`."""
        import asyncio

        loop = self.loop
        loop.add_reader(fd, loop.stop)
        try:
            asyncio.set_event_loop(loop)
            loop.run_forever()
        finally:
            loop.remove_reader(fd)

    def close(self) -> None:
        """Cancel what is left, and close the loop; those of other threads as well."""
        while self._made:
            loop = self._made.pop()
            if not loop.is_running():  # else its thread still needs it
                loop.close()
        if self._loop is None or self._loop.is_closed():
            return
        import asyncio

        loop = self._loop
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


# --- asyncio's functions where no loop runs -------------------------------------------

# Name, the module of asyncio's that it is defined in.
_LENT = (
    ("create_task", "tasks"),
    ("ensure_future", "tasks"),
    ("gather", "tasks"),
    ("get_event_loop", "events"),
)


def lend_loop(asyncio: ModuleType) -> None:
    """Let these functions find the current shell's loop where none runs."""
    for name, place in _LENT:
        function = getattr(asyncio, name)
        if not hasattr(function, "_without_shell"):
            lender = _lending(function, creates=name == "create_task")
            _replace(asyncio, name, place, lender)


def take_back_loop(asyncio: ModuleType) -> None:
    """Give asyncio its own functions back, where nobody has replaced ours.

    Another thread may be importing it: then it has none of them yet.
    """
    for name, place in _LENT:
        ours = getattr(asyncio, name, None)
        function = getattr(ours, "_without_shell", None)
        if function is not None:
            _replace(asyncio, name, place, function)


def _replace(asyncio: ModuleType, name: str, place: str, function: Any) -> None:
    setattr(asyncio, name, function)
    setattr(getattr(asyncio, place), name, function)


def _lending(function: Any, *, creates: bool) -> Any:
    """Asyncio's function, for which the shell's loop is the current one.

    The one that `creates` tasks wants more: a loop that runs.
    """
    from functools import wraps

    @wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        loop = _shells_loop()
        if loop is None:
            return function(*args, **keywords)
        if creates:
            # Some versions of a loop's own method do not know every keyword.
            given = {name: one for name, one in keywords.items() if one is not None}
            return loop.create_task(*args, **given)
        import asyncio

        asyncio.set_event_loop(loop)
        return function(*args, **keywords)

    call._without_shell = function  # type: ignore[attr-defined]  # a mark
    return call


def _shells_loop() -> asyncio.AbstractEventLoop | None:
    """The current shell's loop, where no loop runs and it is at hand."""
    from ipcluster.engines.interpreter.runners import is_loop_running
    from ipcluster.engines.interpreter.shell import get_ipython

    if is_loop_running() or threading.current_thread() is not threading.main_thread():
        return None
    shell = get_ipython()
    return None if shell is None else shell.loop.loop
