"""Functions whose calls go to engines: the `remote` and `parallel` decorators."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ipcluster.client.mapresults import AsyncMapResult
from ipcluster.client.partitions import distribution

if TYPE_CHECKING:
    from ipcluster.client.view import View


class RemoteFunction:
    """A function whose calls go through a view."""

    def __init__(
        self,
        view: View,
        f: Callable[..., Any],
        block: bool | None = None,
        **flags: Any,
    ) -> None:
        self.view = view
        self.func = f
        self.block = block
        self.flags = flags
        self.__name__: str = getattr(f, "__name__", type(f).__name__)
        functools.update_wrapper(self, f)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self.func, '__name__', self.func)}>"

    def _blocks(self) -> bool:
        return self.view.block if self.block is None else self.block

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self.view.temp_flags(block=self._blocks(), **self.flags):
            return self.view.apply(self.func, *args, **kwargs)


class ParallelFunction(RemoteFunction):
    """A function of sequences, whose calls are cut up over the engines of a view.

    A call gives each engine a part of each sequence and joins what they return;
    `map` calls it for each item.
    """

    def __init__(
        self,
        view: View,
        f: Callable[..., Any],
        dist: str = "b",
        block: bool | None = None,
        chunksize: int | None = None,
        ordered: bool = True,
        return_exceptions: bool = False,
        **flags: Any,
    ) -> None:
        super().__init__(view, f, block=block, **flags)
        self.dist = dist
        self.mapping = distribution(dist)
        self.chunksize = chunksize
        self.ordered = ordered
        self.return_exceptions = return_exceptions

    def __call__(self, *sequences: Any, **kwargs: Any) -> Any:
        """Call it with a part of each sequence on each engine; the parts joined.

        Raises:
            ValueError: the sequences differ in length, or there are none.
        """
        sized = [_sized(sequence) for sequence in sequences]
        lengths = {len(sequence) for sequence in sized}
        if len(lengths) != 1:
            raise ValueError(
                "a parallel function takes sequences of one length, not "
                f"{sorted(lengths) or 'none'}"
            )
        with self.view.temp_flags(**self.flags):
            result = self._spread(sized, lengths.pop(), kwargs)
        return result.get() if self._blocks() else result

    def _spread(self, sized: list[Any], n: int, kwargs: dict[str, Any]) -> Any:
        view = self.view
        count = min(n, view.count_parts(n, self.chunksize))
        cut = self.mapping.part
        parts = [tuple([cut(s, p, count) for s in sized]) for p in range(count)]
        result = AsyncMapResult(
            view.client,
            getattr(self.func, "__name__", "parallel"),
            count,
            [len(part[0]) for part in parts],
            ordered=self.ordered,
            return_exceptions=self.return_exceptions,
            partitioning=self.mapping,
        )
        return view.call_parts(self.func, parts, kwargs, result)

    def map(self, *sequences: Any) -> Any:
        """Call it for each item, as the builtin `map` does."""
        options: dict[str, Any] = {"block": self._blocks()}
        if self.view.is_balanced:
            options["ordered"] = self.ordered
            options["chunksize"] = self.chunksize or 1
        options["return_exceptions"] = self.return_exceptions
        with self.view.temp_flags(**self.flags):
            return self.view.map(self.func, *sequences, **options)


def _sized(sequence: Any) -> Any:
    return sequence if hasattr(sequence, "__len__") else list(sequence)


def remote(
    view: View, block: bool | None = None, **flags: Any
) -> Callable[[Callable[..., Any]], RemoteFunction]:
    """Decorator: calls of the function go through `view`."""
    return view.remote(block, **flags)


def parallel(
    view: View,
    dist: str = "b",
    block: bool | None = None,
    ordered: bool = True,
    **flags: Any,
) -> Callable[[Callable[..., Any]], ParallelFunction]:
    """Decorator: calls of the function are cut up over the engines of `view`."""
    return view.parallel(dist, block, ordered=ordered, **flags)
