"""A view as a `concurrent.futures.Executor`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult

if TYPE_CHECKING:
    from ipcluster.client.view import View


class ViewExecutor(Executor):
    """Runs calls through a view; its futures are AsyncResults.

    `shutdown` waits for the calls it was given; engines and client go on.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.is_shut = False
        self._under_way: set[AsyncResult] = set()

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> AsyncResult:
        """Call `fn(*args, **kwargs)` on an engine.

        Raises:
            RuntimeError: after `shutdown`.
        """
        self._check()
        result = self.view.apply_async(fn, *args, **kwargs)
        self._under_way.add(result)
        result.add_done_callback(self._under_way.discard)
        return result

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int | str = 1,
        **options: Any,
    ) -> Iterator[Any]:
        """The builtin `map`, there: results in order, all items taken at once.

        Raises:
            TimeoutError: a result is not there `timeout` seconds after this call.
        """
        self._check()
        if self.view.is_balanced:
            options["chunksize"] = chunksize
        result = self.view.map_async(fn, *iterables, **options)
        self._under_way.add(result)
        result.add_done_callback(self._under_way.discard)
        deadline = None if timeout is None else time.monotonic() + timeout
        return result.iterate_until(deadline)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; wait for those that were given, if so asked."""
        self.is_shut = True
        under_way = list(self._under_way)
        if cancel_futures:
            for result in under_way:
                result.abort()
        if wait:
            for result in under_way:
                result.wait()

    def _check(self) -> None:
        if self.is_shut:
            raise RuntimeError("cannot submit to an executor that was shut down")
