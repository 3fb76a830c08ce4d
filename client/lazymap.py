"""LazyMapIterator: the results of a map whose items are taken only as needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ipcluster.wire.errors import TaskAborted

if TYPE_CHECKING:
    from ipcluster.client.asyncresult import AsyncResult
    from ipcluster.client.view import View


class LazyMapIterator(Iterator[Any]):
    """Keeps so many tasks under way, and gives their results."""

    def __init__(
        self,
        view: View,
        f: Callable[..., Any],
        items: Iterator[tuple[Any, ...]],
        *,
        limit: int,
        ordered: bool,
        return_exceptions: bool,
    ) -> None:
        self._view = view
        self._function = f
        self._items = items
        self._limit = limit
        self._ordered = ordered
        self._return_exceptions = return_exceptions
        self._exhausted = False
        self._cancelled = False
        self._waiting: deque[AsyncResult] = deque()
        self._arrived: deque[AsyncResult] = deque()
        self._pending: set[AsyncResult] = set()
        self._under_way = 0
        self._fill()

    def __next__(self) -> Any:
        self._fill()
        while self._under_way:
            result = self._next_result()
            self._under_way -= 1
            self._pending.discard(result)
            if self._cancelled and isinstance(result.exception(), TaskAborted):
                continue
            return result.get(return_exceptions=self._return_exceptions)
        raise StopIteration

    def _fill(self) -> None:
        while self._under_way < self._limit and not self._exhausted:
            try:
                args = next(self._items)
            except StopIteration:
                self._exhausted = True
                return
            result = self._view.apply_async(self._function, *args)
            self._under_way += 1
            self._pending.add(result)
            if self._ordered:
                self._waiting.append(result)
            else:
                result.add_done_callback(self._note)

    def _note(self, result: Any) -> None:
        self._arrived.append(result)

    def _next_result(self) -> AsyncResult:
        if self._ordered:
            return self._waiting.popleft()
        arrived = self._arrived
        self._view.client.connection.wait(lambda: bool(arrived))
        return arrived.popleft()

    def cancel(self) -> None:
        """Take no more items, and take back the tasks that have not started.

        Iterating on gives the results of those that had, and ends.
        """
        self._exhausted = self._cancelled = True
        for result in self._pending:
            result.abort()
