"""Which engine gets the next batch: policies by name.

A policy knows only the engines that have room now, each with its load (the slots of
its window in use, 0 to 255). Engines that are full, suspect or gone are not in it.
`choose` costs the same for ten engines as for ten thousand, unless the task is bound
to some of them; whoever calls it then gives the engine work and reports its new load.

    leastload    the least loaded; of equals the one that ended something last, for its
                 caches are warm (default)
    lru          the one that was given work longest ago
    plainrandom  any
    twobin       of two at random, the one that was given work longest ago
    weighted     of two at random, one, the less loaded the likelier
    pure         another name for plainrandom

"Two at random" is nearly as even as looking at all: Mitzenmacher, The power of two
choices in randomized load balancing, IEEE TPDS 12 (2001).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from random import Random
from typing import Protocol

from ipcluster.controller.windows import WINDOW

Engines = frozenset[int]


class Policy(Protocol):
    """Chooses among the engines with room."""

    def __len__(self) -> int: ...
    def __contains__(self, engine: int) -> bool: ...

    def set(self, engine: int, load: int) -> None:
        """The engine has room, and this load."""

    def drop(self, engine: int) -> None:
        """The engine has no room any more."""

    def forget(self, engine: int) -> None:
        """The engine has ended."""

    def choose(self, allowed: Engines | None, excluded: Engines | None) -> int | None:
        """The engine to give work now, among `allowed` and not among `excluded`."""


def _fitting(
    engines: dict[int, int], allowed: Engines | None, excluded: Engines | None
) -> Iterator[int]:
    if allowed is None:
        fitting: Iterable[int] = engines
    elif len(allowed) < len(engines):
        fitting = (engine for engine in sorted(allowed) if engine in engines)
    else:
        fitting = (engine for engine in engines if engine in allowed)
    for engine in fitting:
        if excluded is None or engine not in excluded:
            yield engine


class LeastLoad:
    """Engines in one bucket for each load; a bit mask says which are not empty."""

    def __init__(self) -> None:
        self._loads: dict[int, int] = {}
        self._buckets: list[OrderedDict[int, None]] = [
            OrderedDict() for _ in range(WINDOW)
        ]
        self._occupied = 0

    def __len__(self) -> int:
        return len(self._loads)

    def __contains__(self, engine: int) -> bool:
        return engine in self._loads

    def set(self, engine: int, load: int) -> None:
        old = self._loads.get(engine)
        if old == load:
            return
        if old is not None:
            self._take_out(engine, old)
        self._loads[engine] = load
        bucket = self._buckets[load]
        bucket[engine] = None
        if old is not None and load < old:
            bucket.move_to_end(engine, last=False)
        self._occupied |= 1 << load

    def drop(self, engine: int) -> None:
        old = self._loads.pop(engine, None)
        if old is not None:
            self._take_out(engine, old)

    forget = drop

    def _take_out(self, engine: int, load: int) -> None:
        bucket = self._buckets[load]
        del bucket[engine]
        if not bucket:
            self._occupied &= ~(1 << load)

    def choose(self, allowed: Engines | None, excluded: Engines | None) -> int | None:
        occupied = self._occupied
        if not occupied:
            return None
        if allowed is None and excluded is None:
            lowest = (occupied & -occupied).bit_length() - 1
            return next(iter(self._buckets[lowest]))
        if allowed is not None and len(allowed) <= len(self._loads):
            fitting = _fitting(self._loads, allowed, excluded)
            return min(fitting, key=self._loads.__getitem__, default=None)
        while occupied:
            lowest = occupied & -occupied
            for engine in self._buckets[lowest.bit_length() - 1]:
                if (allowed is None or engine in allowed) and (
                    excluded is None or engine not in excluded
                ):
                    return engine
            occupied ^= lowest
        return None


class LeastRecent:
    """A heap by the number of the last choice, at most two entries for an engine."""

    def __init__(self) -> None:
        self._loads: dict[int, int] = {}
        self._chosen: dict[int, int] = {}
        self._heap: list[tuple[int, int]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._loads)

    def __contains__(self, engine: int) -> bool:
        return engine in self._loads

    def set(self, engine: int, load: int) -> None:
        if engine not in self._loads:
            heappush(self._heap, (self._chosen.setdefault(engine, 0), engine))
            if len(self._heap) > 4 * len(self._chosen) + 16:
                self._heap = [(self._chosen[key], key) for key in self._loads]
                heapify(self._heap)
        self._loads[engine] = load

    def drop(self, engine: int) -> None:
        self._loads.pop(engine, None)

    def forget(self, engine: int) -> None:
        self.drop(engine)
        self._chosen.pop(engine, None)

    def choose(self, allowed: Engines | None, excluded: Engines | None) -> int | None:
        if allowed is None and excluded is None:
            engine = self._first()
        else:
            fitting = _fitting(self._loads, allowed, excluded)
            engine = min(fitting, key=self._chosen.__getitem__, default=None)
        if engine is not None:
            self._count += 1
            self._chosen[engine] = self._count
            heappush(self._heap, (self._count, engine))
        return engine

    def _first(self) -> int | None:
        while self._heap:
            number, engine = heappop(self._heap)
            if engine in self._loads and self._chosen.get(engine) == number:
                return engine
        return None


class PlainRandom:
    """Engines in a list, so that any is found by its number in it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._loads: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._engines: list[int] = []

    def __len__(self) -> int:
        return len(self._engines)

    def __contains__(self, engine: int) -> bool:
        return engine in self._loads

    def set(self, engine: int, load: int) -> None:
        if engine not in self._loads:
            self._places[engine] = len(self._engines)
            self._engines.append(engine)
        self._loads[engine] = load

    def drop(self, engine: int) -> None:
        if self._loads.pop(engine, None) is None:
            return
        last = self._engines.pop()
        place = self._places.pop(engine)
        if last != engine:
            self._engines[place] = last
            self._places[last] = place

    def forget(self, engine: int) -> None:
        self.drop(engine)

    def choose(self, allowed: Engines | None, excluded: Engines | None) -> int | None:
        engines = self._engines
        if allowed is not None or excluded is not None:
            engines = list(_fitting(self._loads, allowed, excluded))
        return self._pick(engines) if engines else None

    def _pick(self, engines: list[int]) -> int:
        return engines[int(self._random.random() * len(engines))]


class TwoBin(PlainRandom):
    """Two at random; the one chosen longest ago."""

    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self._chosen: dict[int, int] = {}
        self._count = 0

    def forget(self, engine: int) -> None:
        super().forget(engine)
        self._chosen.pop(engine, None)

    def _pick(self, engines: list[int]) -> int:
        one, other = super()._pick(engines), super()._pick(engines)
        if self._chosen.get(other, 0) < self._chosen.get(one, 0):
            one = other
        self._count += 1
        self._chosen[one] = self._count
        return one


class Weighted(PlainRandom):
    """Two at random; each with a chance that falls with its load."""

    def _pick(self, engines: list[int]) -> int:
        one, other = super()._pick(engines), super()._pick(engines)
        share, against = self._loads[other] + 1, self._loads[one] + 1
        return one if self._random.random() * (share + against) < share else other


NAMES = ("leastload", "lru", "plainrandom", "twobin", "weighted", "pure")


def policy(name: str, random: Random) -> Policy:
    """The policy of this name.

    Raises:
        ValueError: there is none.
    """
    match name:
        case "leastload":
            return LeastLoad()
        case "lru":
            return LeastRecent()
        case "plainrandom" | "pure":
            return PlainRandom(random)
        case "twobin":
            return TwoBin(random)
        case "weighted":
            return Weighted(random)
    raise ValueError(f"no policy {name!r}; there are {', '.join(NAMES)}")
