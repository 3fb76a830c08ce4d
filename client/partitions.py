"""Cutting sequences into parts for engines, and joining what comes back. Pure.

Arrays are cut along axis 0, as views: nothing is copied before it is pickled.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Sequence
from typing import Any


class Map:
    """Block distribution: part p of q has items [p*n//q, (p+1)*n//q).

    Sizes differ by at most one and the order is kept.
    """

    def part(self, seq: Any, p: int, q: int, n: int | None = None) -> Any:
        """Part `p` of `q` parts of `seq`, of which `n` items count (None: all)."""
        _check(p, q)
        n = len(seq) if n is None else n
        return seq[p * n // q : (p + 1) * n // q]

    def join(self, parts: Sequence[Any]) -> Any:
        """The parts in a row: an array of arrays, a frame of frames, else a list."""
        if not parts:
            return []
        if (pandas := _pandas_of(parts)) is not None:
            return pandas.concat(list(parts))
        if (numpy := _numpy_of(parts)) is not None:
            return numpy.concatenate([_at_least_1d(numpy, part) for part in parts])
        if all(isinstance(part, str) for part in parts):
            return "".join(parts)
        if all(isinstance(part, bytes) for part in parts):
            return b"".join(parts)
        if all(isinstance(part, tuple) for part in parts):
            return tuple(itertools.chain.from_iterable(parts))
        if not all(isinstance(part, Iterable) for part in parts):
            return list(parts)
        return list(itertools.chain.from_iterable(parts))

    # The names that ipyparallel users know.

    def getPartition(self, seq: Any, p: int, q: int, n: int | None = None) -> Any:
        """The same as `part`."""
        return self.part(seq, p, q, n)

    def joinPartitions(self, listOfPartitions: Sequence[Any]) -> Any:
        """The same as `join`."""
        return self.join(listOfPartitions)

    def concatenate(self, listOfPartitions: Sequence[Any]) -> Any:
        """The same as `join`."""
        return self.join(listOfPartitions)


class RoundRobinMap(Map):
    """Part p of q has items p, p + q, p + 2 q and so on."""

    def part(self, seq: Any, p: int, q: int, n: int | None = None) -> Any:
        """Part `p` of `q` parts of `seq`, of which `n` items count (None: all)."""
        _check(p, q)
        return seq[p : len(seq) if n is None else n : q]

    def join(self, parts: Sequence[Any]) -> Any:
        """The parts dealt back into the order they were cut from."""
        if not parts:
            return []
        if (pandas := _pandas_of(parts)) is not None:
            dealt_to = [
                row * len(parts) + p
                for p, part in enumerate(parts)
                for row in range(len(part))
            ]
            order = sorted(range(len(dealt_to)), key=dealt_to.__getitem__)
            return pandas.concat(list(parts)).iloc[order]
        if (numpy := _numpy_of(parts)) is not None:
            parts = [_at_least_1d(numpy, part) for part in parts]
            whole = numpy.concatenate(parts)
            places = [
                numpy.arange(p, p + len(parts) * len(part), len(parts))
                for p, part in enumerate(parts)
            ]
            # Parts differ in length by one at most, so the places are a permutation.
            result = numpy.empty_like(whole)
            result[numpy.concatenate(places)] = whole
            return result
        if not all(isinstance(part, Iterable) for part in parts):
            return list(parts)
        dealt = itertools.zip_longest(*parts, fillvalue=_NOTHING)
        joined = [item for row in dealt for item in row if item is not _NOTHING]
        if all(isinstance(part, str) for part in parts):
            return "".join(joined)
        return joined


_NOTHING = object()

DISTRIBUTIONS: dict[str, Map] = {
    "b": Map(),
    "block": Map(),
    "r": RoundRobinMap(),
    "roundrobin": RoundRobinMap(),
}


def distribution(dist: str | Map) -> Map:
    """The distribution of that name.

    Raises:
        ValueError: there is none.
    """
    if isinstance(dist, Map):
        return dist
    try:
        return DISTRIBUTIONS[dist.lower()]
    except KeyError:
        names = ", ".join(map(repr, DISTRIBUTIONS))
        raise ValueError(f"no distribution {dist!r}: there are {names}") from None


def _check(p: int, q: int) -> None:
    if not 0 <= p < q:
        raise ValueError(f"no part {p} of {q}")


def _numpy_of(parts: Sequence[Any]) -> Any:
    """The numpy module, if the first part is an array."""
    # Not imported for the purpose: whoever has an array has imported it.
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(parts[0], numpy.ndarray):
        return numpy
    return None


def _pandas_of(parts: Sequence[Any]) -> Any:
    """The pandas module, if the first part is a frame or a series."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(parts[0], pandas.DataFrame | pandas.Series):
        return pandas
    return None


def _at_least_1d(numpy: Any, part: Any) -> Any:
    return part if isinstance(part, numpy.ndarray) and part.ndim else [part]


def as_sequences(sequences: Sequence[Any]) -> tuple[list[Any], int]:
    """Things that can be cut, and how many items they have in common."""
    sized = [
        s if hasattr(s, "__len__") and hasattr(s, "__getitem__") else None
        for s in sequences
    ]
    lengths = [len(s) for s in sized if s is not None]
    if lengths and len(lengths) < len(sized):
        # As many items of an endless one as the shortest of the others has.
        limit = min(lengths)
        taken = [
            s if s is not None else take(given, limit)
            for s, given in zip(sized, sequences, strict=True)
        ]
    elif lengths:
        taken = sized
    else:
        rows = list(zip(*sequences, strict=False))
        taken = [list(column) for column in zip(*rows, strict=True)] or [
            [] for _ in sequences
        ]
    # A dict, a set or a pandas object is no sequence: its items are what map gives.
    taken = [s if _can_be_cut(s) else list(s) for s in taken]
    return taken, min([len(s) for s in taken])


def take(items: Any, count: int) -> list[Any]:
    """The first `count` items."""
    return [item for item, _ in zip(items, range(count), strict=False)]


def _can_be_cut(s: Any) -> bool:
    if isinstance(s, list | tuple | range | str | bytes | bytearray | memoryview):
        return True
    return type(s).__module__ == "numpy" and getattr(s, "ndim", 0) > 0
