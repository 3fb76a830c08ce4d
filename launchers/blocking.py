"""A coroutine's result without a loop, also where one runs already (a notebook)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def blocking(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], T]:
    """The blocking twin of an async method, named `<method>_sync`."""

    @wraps(method)
    def twin(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return run_blocking(method(self, *args, **kwargs))

    twin.__name__ += "_sync"
    twin.__qualname__ += "_sync"
    twin.__doc__ = f"`{method.__name__}`, and wait until it is done."
    return twin


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop of its own and return what it returns."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(coroutine)
    # The caller's loop is held up meanwhile, as with any blocking call in a notebook.
    with ThreadPoolExecutor(1, thread_name_prefix="ipcluster-blocking") as thread:
        return thread.submit(_run, coroutine).result()


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    # With a factory the runner leaves the thread's own event loop alone; `asyncio.run`
    # takes it away, and the caller's next `get_event_loop()` fails.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(coroutine)
