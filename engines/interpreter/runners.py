"""What runs the coroutine of a cell that awaits: asyncio, or what the user prefers.

    c.InteractiveShell.loop_runner = "trio"        %autoawait trio

A runner is a function that takes a coroutine and gives what it gives. The shell's own,
for asyncio, is in asynchrony.py.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.compilation import IS_COROUTINE
from ipcluster.engines.interpreter.configuration.options import (
    Option,
    OptionError,
    imported,
)
from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import CodeType, FunctionType, ModuleType
    from typing import Any, TypeVar

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Function = TypeVar("Function", bound=FunctionType)


class RunnerOption(Option["Any"]):
    """A setting whose value is a runner: a name, `module.function`, or a function."""

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        value = instance._values.get(self.name, self.default)
        if not isinstance(value, str):
            return value
        made = _RUNNERS[value]
        return instance.loop if made is None else made()

    def checked(self, value: Any) -> Any:
        if value is None:
            return self.default
        if callable(value):
            return value
        name = str(value)
        if name.startswith("IPython."):  # ...async_helpers._trio_runner, in old files
            name = name.rpartition(".")[2].strip("_").removesuffix("_runner")
        if name in NAMES:
            return name
        found = imported(name)
        if callable(found):
            return found
        raise OptionError(
            f"{self.owner}.{self.name} is one of {', '.join(NAMES)}, or a function "
            f"that runs a coroutine; not {value!r}"
        )


def _in_context(function: Callable[..., Any], *args: Any) -> Any:
    """Call it in the context that the cells of the current shell share."""
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    return function(*args) if shell is None else shell.cells.in_context(function, *args)


def _adopt(context: Any) -> None:
    from ipcluster.engines.interpreter.shell import get_ipython

    shell = get_ipython()
    if shell is not None:
        shell.cells.adopt(context)


class PlainRunner:
    """Coroutines that never wait for anything: no loop runs."""

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        problem = "the coroutine waits for something: that takes a loop; see %autoawait"
        return _in_context(drive, coroutine, problem)


class ForeignRunner:
    """Coroutines in the loop of another library, which is imported when it is used.

    What the coroutine sets in context variables, later cells find.
    """

    library = ""

    def __call__(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        from contextvars import copy_context
        from importlib import import_module

        run = import_module(self.library).run
        context: Any = None

        async def wait() -> Any:
            nonlocal context
            try:
                return await coroutine
            finally:
                context = copy_context()

        try:
            return _in_context(run, wait)
        finally:
            if context is not None:
                _in_context(_adopt, context)


class TrioRunner(ForeignRunner):
    """`%autoawait trio`."""

    library = "trio"


class CurioRunner(ForeignRunner):
    """`%autoawait curio`."""

    library = "curio"


_RUNNERS: dict[str, type[PlainRunner] | type[ForeignRunner] | None] = {
    "asyncio": None,
    "trio": TrioRunner,
    "curio": CurioRunner,
    "sync": PlainRunner,
}
NAMES = tuple(_RUNNERS)


# Why a coroutine that is driven may not wait.
_NO_PLACE = (
    "this waits for something, and nothing here can: put it at the top level of a "
    "cell, or into an `async def`"
)


def drive(coroutine: Coroutine[Any, Any, Any], problem: str = _NO_PLACE) -> Any:
    """What a coroutine gives that waits for nothing.

    Raises:
        RuntimeError: it does wait, and has been closed.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError(problem)


def is_loop_running() -> bool:
    """Whether this thread is inside a loop, asyncio's or another library's."""
    asyncio = sys.modules.get("asyncio")
    # Another thread may be importing it: then it has no such function yet.
    running = getattr(asyncio, "_get_running_loop", None)
    if running is not None and running() is not None:
        return True
    trio = sys.modules.get("trio.lowlevel")
    if trio is None:
        return False
    try:
        trio.current_task()  # a guest of asyncio has a token in between as well
    except RuntimeError:
        return False
    return True


def watch() -> None:
    """Once asyncio is imported, let its functions find the shell's loop."""
    forget("asyncio", _lend)  # an outer shell has said so, perhaps
    when_imported("asyncio", _lend)


def unwatch() -> None:
    """There is no shell any more: asyncio is as it was."""
    forget("asyncio", _lend)
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None:
        from ipcluster.engines.interpreter.asynchrony import take_back_loop

        take_back_loop(asyncio)


def _lend(asyncio: ModuleType) -> None:
    from ipcluster.engines.interpreter.asynchrony import lend_loop

    lend_loop(asyncio)


_driven: set[CodeType] = set()


def driven(function: Function) -> Function:
    """Mark a magic that is `async` as one that leaves all waiting to `finished`.

    Where no loop runs it is driven without one.
    """
    _driven.add(function.__code__)
    return function


def is_driven(function: Any) -> bool:
    function = getattr(function, "__func__", function)
    return getattr(function, "__code__", None) in _driven


def may_await(shell: InteractiveShell, cell: str) -> bool:
    """Whether magics in a cell may have to be awaited: quick, and sure only of a no."""
    if "await" in cell or "async" in cell:
        return True
    for part in cell.split("_magic('")[1:]:
        name = part.partition("'")[0]
        for table in shell.magics_manager.magics.values():
            if table.is_loaded(name) and is_async(table[name]):
                return True
    return False


def is_async(function: Any) -> bool:
    """Whether it is an `async def`; of an alias, whether it may be."""
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if code is None:
        return hasattr(function, "magic_name")
    return bool(code.co_flags & IS_COROUTINE)


def settle(shell: InteractiveShell, coroutine: Any) -> Any:
    """What a magic's coroutine gives; inside a loop, the coroutine, to be awaited."""
    if coroutine.cr_code in _driven:
        return drive(coroutine)
    if is_loop_running():
        return coroutine
    return shell.loop_runner(coroutine)


async def finished(shell: InteractiveShell, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives: awaited inside a loop, else run to its end by the shell.

    So an `async` magic that uses this works in both, and where no loop runs it can be
    driven without one (`drive`): the code that it runs may have loops of its own.
    """
    if is_loop_running():
        return await coroutine
    return shell.loop_runner(coroutine)
