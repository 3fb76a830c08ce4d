"""AsyncMapResult: the results of a map, as one list or as they come."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call
from ipcluster.client.partitions import Map
from ipcluster.wire.errors import ClusterError, to_error
from ipcluster.wire.messages import ErrorInfo

if TYPE_CHECKING:
    from ipcluster.client.client import Client


class AsyncMapResult(AsyncResult):
    """The results of a map over items that went out in chunks, one task each.

    `sizes` are the items of each chunk; None: each task is one item, unchunked.
    """

    def __init__(
        self,
        client: Client,
        fname: str,
        count: int,
        sizes: Sequence[int] | None = None,
        *,
        ordered: bool = True,
        return_exceptions: bool = False,
        partitioning: Map | None = None,
    ) -> None:
        self._sizes = None if sizes is None else list(sizes)
        self._ordered = ordered
        self._return_exceptions = return_exceptions
        self._partitioning = partitioning
        self._arrived: deque[Call] = deque()
        super().__init__(client, fname, count)

    def __len__(self) -> int:
        return len(self._calls) if self._sizes is None else sum(self._sizes)

    @property
    def progress(self) -> int:
        """How many items are done."""
        if self._sizes is None:
            return len(self._calls) - self._remaining
        sizes = zip(self._calls, self._sizes, strict=True)
        return sum([size for call, size in sizes if call.done])

    def on_call(self, call: Call) -> None:
        """One chunk has come."""
        if not self._ordered:
            self._arrived.append(call)
        super().on_call(call)

    def _assemble(self, values: list[Any]) -> Any:
        if self._sizes is None:
            return values
        if self._return_exceptions:
            values = [self._with_errors(value) for value in values]
        chunks = [
            # A chunk that was lost whole stands for each of its items.
            value if call.succeeded else [value] * size
            for call, value, size in zip(self._calls, values, self._sizes, strict=True)
        ]
        if self._partitioning is not None:
            return self._partitioning.join(chunks)
        return list(itertools.chain.from_iterable(chunks))

    def _iterate(self) -> Iterator[Any]:
        return self.iterate_until(None)

    def iterate_until(self, deadline: float | None) -> Iterator[Any]:
        """The results as they come.

        Raises:
            TimeoutError: the next has not come at `deadline` (monotonic seconds).
        """
        for call in self._calls_in_turn(deadline):
            value = self._plain(call)
            if self._sizes is None:
                yield value
            elif call.succeeded:
                yield from self._with_errors(value)
            else:
                yield value

    def _with_errors(self, chunk: Any) -> Any:
        """A chunk whose failed items came as descriptions of their errors."""
        if not isinstance(chunk, list) or ErrorInfo not in map(type, chunk):
            return chunk
        return [
            to_error(item, method=self._fname) if type(item) is ErrorInfo else item
            for item in chunk
        ]

    def __iter__(self) -> Iterator[Any]:
        if self._partitioning is not None:
            # Items of one chunk are not neighbours: all must be there.
            return iter(self.get())
        return self._iterate()

    def _calls_in_turn(self, deadline: float | None) -> Iterator[Call]:
        if self._ordered:
            for call in self._calls:
                self._wait_for(call, deadline)
                yield call
            return
        arrived = self._arrived
        for _ in self._calls:
            self._await(lambda: bool(arrived), deadline)
            yield arrived.popleft()

    def __getitem__(self, key: int | slice | str) -> Any:
        if isinstance(key, str):
            return super().__getitem__(key)
        self._check_ready()
        found = self.get(return_exceptions=True)[key]
        if isinstance(found, ClusterError) and not self._return_exceptions:
            raise found
        return found
