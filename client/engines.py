"""The engines that are there, and those that were. Pure: told by messages."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence

from ipcluster.wire.errors import NoEnginesRegistered
from ipcluster.wire.messages import EngineInfo

# Ids shown in an error before the rest is counted.
SHOWN = 20


class Roster:
    """Who is there, in the order of their ids; how those who left came to leave."""

    def __init__(self, engines: Iterable[EngineInfo] = ()) -> None:
        self.present: dict[int, EngineInfo] = {}
        self.known: dict[int, EngineInfo] = {}
        """Also those that left: results name the engine they came from."""
        self.causes: dict[int, str] = {}
        self._ids: list[int] = []
        self.on_engines(engines, ())

    @property
    def ids(self) -> list[int]:
        return list(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def on_engines(
        self, joined: Iterable[EngineInfo], left: Iterable[tuple[int, str]]
    ) -> None:
        present = dict(self.present)
        for info in joined:
            present[info.engine] = info
            self.known[info.engine] = info
        for engine, cause in left:
            present.pop(engine, None)
            self.causes[engine] = cause
        # Readers in other threads see the old or the new, never one in change.
        self.present = present
        self._ids = sorted(present)

    def on_welcome(self, engines: Sequence[EngineInfo]) -> None:
        """All there are, after a time without news."""
        here = {info.engine for info in engines}
        gone = [(e, "left unseen") for e in self.present if e not in here]
        self.on_engines(engines, gone)

    def uuid(self, engine: int) -> str | None:
        info = self.known.get(engine)
        return None if info is None else info.uuid

    def choose(self, targets: object) -> list[int]:
        """The engine ids that `targets` means.

        An int is an id, or counts from the end when negative; a slice cuts the list of
        ids; a list holds ints; None and "all" are all engines.

        Raises:
            IndexError: no such engine; it names those that are.
            NoEnginesRegistered: all are meant and there is none.
        """
        ids = self._ids
        if targets is None or (isinstance(targets, str) and targets == "all"):
            if not ids:
                raise NoEnginesRegistered(
                    "no engine has registered: start some with `ipcluster engines -n "
                    "N`, or wait with rc.wait_for_engines(N)"
                )
            return list(ids)
        if isinstance(targets, slice):
            return ids[targets]
        if (index := as_index(targets)) is not None:
            return [self._one(index)]
        if isinstance(targets, str | bytes) or not isinstance(targets, Iterable):
            raise TypeError(
                "targets are an engine id, a slice, a list of ids, or 'all', not "
                f"{targets!r}"
            )
        chosen = []
        for target in targets:
            if (index := as_index(target)) is None:
                raise TypeError(f"an engine id is an int, not {target!r}")
            chosen.append(self._one(index))
        return chosen

    def _one(self, target: int) -> int:
        if target in self.present:
            return target
        ids = self._ids
        if target < 0 and -target <= len(ids):
            return ids[target]
        if (cause := self.causes.get(target)) is not None:
            raise IndexError(f"engine {target} has left ({cause}); {self._there()}")
        raise IndexError(f"there is no engine {target}; {self._there()}")

    def _there(self) -> str:
        if not self._ids:
            return "no engine is there"
        shown = ", ".join(map(str, self._ids[:SHOWN]))
        more = len(self._ids) - SHOWN
        return f"there are {shown}" + (f" and {more} more" if more > 0 else "")


def as_index(target: object) -> int | None:
    """The int that something is, numpy's included; None if it is no single number."""
    if isinstance(target, int):
        return int(target)
    try:
        # An array of several has `__index__` too, and refuses to be one.
        return operator.index(target)  # type: ignore[arg-type]  # that is the question
    except TypeError:
        return None
