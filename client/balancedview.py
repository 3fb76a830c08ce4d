"""LoadBalancedView: tasks for whichever engine is free."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.bridges import register_joblib_backend
from ipcluster.client.dependency import Dependency
from ipcluster.client.lazymap import LazyMapIterator
from ipcluster.client.mapresults import AsyncMapResult
from ipcluster.client.partitions import as_sequences
from ipcluster.client.view import View, name_of
from ipcluster.wire import messages as m
from ipcluster.wire.errors import SerializationError
from ipcluster.wire.serialize import Packed

if TYPE_CHECKING:
    from ipcluster.client.client import Client

_APPLY = int(m.Mode.APPLY)

# Automatic chunks get smaller towards the end, so that engines finish together: each
# is this part of what is left for one engine, but not less than that part of the whole.
SHARE = 4
SMALLEST = 64


class LoadBalancedView(View):
    """Each call goes to one engine, chosen by the scheduler."""

    retries: int = 0
    """Further engines to try when one ends with the task."""
    after: Any = None
    """Tasks that must have ended before: msg_ids, AsyncResults, or a Dependency."""
    follow: Any = None
    """Tasks to run beside, on an engine that ran them."""
    timeout: float | None = 0.0
    """Seconds that a task may wait for an engine; 0: for ever."""
    priority: int = 0
    """Tasks with a higher one go first."""

    is_balanced: ClassVar[bool] = True
    _option_names: ClassVar[frozenset[str]] = frozenset(
        {"targets", "label", "retries", "after", "follow", "timeout", "priority"}
    )
    _flag_names: ClassVar[tuple[str, ...]] = (
        *View._flag_names,
        "retries",
        "after",
        "follow",
        "timeout",
        "priority",
    )

    def __init__(self, client: Client, targets: Any = None, **flags: Any) -> None:
        super().__init__(client, **flags)
        self.targets = targets

    def __len__(self) -> int:
        if self.targets is None:
            return len(self.client)
        return len(self.client.roster.choose(self.targets))

    def set_flags(self, **flags: Any) -> None:
        """Set flags such as `retries`, `after`, `follow` and `timeout`.

        Raises:
            AttributeError: the view has no such flag.
            ValueError: a value that makes no sense.
        """
        retries = flags.get("retries")
        if retries is not None and (not isinstance(retries, int) or retries < 0):
            raise ValueError(f"retries is a number from 0, not {retries!r}")
        timeout = flags.get("timeout")
        if timeout is not None and (
            not isinstance(timeout, int | float) or not timeout >= 0
        ):
            raise ValueError(f"timeout is seconds, from 0, not {timeout!r}")
        super().set_flags(**flags)

    # --- calls -----------------------------------------------------------------------

    def _apply(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        block: bool,
    ) -> Any:
        client = self.client
        client.connection.check()
        options = self._options or self._prepare()
        function = self._function(f)
        packed = self._dump((args, kwargs))
        result = AsyncResult(client, name_of(f))
        result._options = options
        call = result._calls[0]
        client.connection.submit(function, _APPLY, options, packed, call, now=not block)
        self._history.append(call.task)
        return result.get() if block else result

    def map(
        self,
        f: Callable[..., Any],
        /,
        *sequences: Any,
        block: bool | None = None,
        chunksize: int | str | None = 1,
        ordered: bool = True,
        return_exceptions: bool = False,
        label: str | None = None,
    ) -> Any:
        """The builtin `map`, over the engines.

        Args:
            f: called with one item of each sequence.
            *sequences: as for `map`; it ends with the shortest.
            block: whether to wait for the list of results.
            chunksize: items in one task; "auto" (or None) is best for many small ones.
            ordered: False: iterating gives results as they come.
            return_exceptions: an item that raised gives its error as its result.
            label: put into the metadata of the tasks.
        """
        if not sequences:
            raise TypeError("map takes at least one sequence")
        block = self.block if block is None else block
        sized, n = as_sequences(sequences)
        sizes = chunk_sizes(n, chunksize, len(self))
        single = len(sizes) == n and chunksize == 1 and not return_exceptions
        result = AsyncMapResult(
            self.client,
            name_of(f),
            len(sizes),
            None if single else sizes,
            ordered=ordered,
            return_exceptions=return_exceptions,
        )
        if sizes:
            options = self._prepare(label) if label else self._prepare()
            result._options = options
            function = self._function(f)
            packed = self._singles(sized) if single else self._chunks(sized, sizes)
            mode = m.Mode.APPLY
            if not single:
                mode = m.Mode.MAP_KEEPING_ERRORS if return_exceptions else m.Mode.MAP
            self.client.connection.submit_many(
                function, int(mode), options, packed, result._calls
            )
        return self._finish(result, block)

    def _singles(self, sized: Sequence[Any]) -> Iterator[Packed]:
        dump = self._dump
        for number, args in enumerate(zip(*sized, strict=False)):
            try:
                packed = dump((args, {}))
            except SerializationError as error:
                raise SerializationError(f"item {number}: {error}") from error
            yield packed

    def _chunks(self, sized: Sequence[Any], sizes: list[int]) -> Iterator[Packed]:
        start = 0
        for size in sizes:
            try:
                packed = self._dump(tuple([s[start : start + size] for s in sized]))
            except SerializationError as error:
                items = f"items {start} to {start + size - 1}"
                raise SerializationError(f"{items}: {error}") from error
            yield packed
            start += size

    def imap(
        self,
        f: Callable[..., Any],
        /,
        *sequences: Any,
        ordered: bool = True,
        max_outstanding: int | str = "auto",
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> LazyMapIterator:
        """The results one by one; items are taken only as they are needed.

        So the sequences may be endless. `max_outstanding` are the tasks under way at
        most (0: no limit); the iterator has `cancel()`.
        """
        if max_outstanding == "auto":
            limit = max(64, 16 * len(self))
        elif isinstance(max_outstanding, int) and max_outstanding >= 0:
            limit = max_outstanding or 1 << 62
        else:
            raise ValueError(f"max_outstanding is a number, not {max_outstanding!r}")
        with self.temp_flags(**kwargs):
            return LazyMapIterator(
                self,
                f,
                zip(*sequences, strict=False),
                limit=limit,
                ordered=ordered,
                return_exceptions=return_exceptions,
            )

    def count_parts(self, n: int, chunksize: int | None) -> int:
        """Parts of `chunksize` items, or one for each engine."""
        if chunksize:
            return math.ceil(n / chunksize)
        return max(1, len(self))

    def call_parts(
        self,
        f: Callable[..., Any],
        parts: Sequence[tuple[Any, ...]],
        kwargs: dict[str, Any],
        result: AsyncMapResult,
    ) -> AsyncMapResult:
        """Call `f(*part, **kwargs)` for each part, on whichever engine is free."""
        if parts:
            options = result._options = self._prepare()
            function = self._function(f)
            packed = self._dump_all((part, kwargs) for part in parts)
            self.client.connection.submit_many(
                function, _APPLY, options, packed, result._calls
            )
        self._finish(result, False)
        return result

    def register_joblib_backend(
        self, name: str = "ipcluster", make_default: bool = False
    ) -> None:
        """Let joblib run its calls through this view.

        See `ipcluster.register_joblib_backend`.
        """
        register_joblib_backend(name, make_default, view=self)

    # --- options ---------------------------------------------------------------------

    def _prepare(self, label: str | None = None) -> m.Options:
        if label is None and self._options is not None:
            return self._options
        after, follow = self._depend(self.after), self._depend(self.follow)
        targets = self.targets
        options = m.Options(
            self.retries,
            self.priority,
            None if targets is None else self._chosen(targets),
            after,
            follow,
            self.timeout or None,
            self.label if label is None else label,
        )
        # A set of dependencies may be changed in place: look at it each time.
        if label is None and after is None and follow is None:
            self._options = options
        return options

    def _chosen(self, targets: Any) -> frozenset[int] | None:
        if isinstance(targets, str) and targets == "all":
            return None
        return frozenset(self.client.roster.choose(targets))

    def _depend(self, given: Any) -> m.Dependency | None:
        if given is None:
            return None
        dependency = given if isinstance(given, Dependency) else Dependency(given)
        if not dependency:
            return None
        tasks = frozenset([self.client.task_id(one) for one in dependency])
        return m.Dependency(
            tasks, dependency.all, dependency.success, dependency.failure
        )


def chunk_sizes(n: int, chunksize: int | str | None, engines: int) -> list[int]:
    """How many items each task gets.

    Automatic ones shrink as the rest does (guided self-scheduling, Polychronopoulos
    and Kuck 1987): few large ones first, small ones at the end.

    Raises:
        ValueError: `chunksize` is no positive number, "auto" or None.
    """
    if chunksize is None or chunksize == "auto":
        engines = max(1, engines)
        smallest = math.ceil(n / (engines * SMALLEST))
        sizes = []
        while n > 0:
            size = min(n, max(smallest, math.ceil(n / (engines * SHARE))))
            sizes.append(size)
            n -= size
        return sizes
    if not isinstance(chunksize, int) or chunksize < 1:
        raise ValueError(f'chunksize is a number from 1, or "auto", not {chunksize!r}')
    full, rest = divmod(n, chunksize)
    return [chunksize] * full + ([rest] if rest else [])
