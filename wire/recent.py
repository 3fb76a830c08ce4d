"""The functions used last: how a sender knows what a receiver still has.

A receiver keeps so many functions, and a sender counts on fewer of them, in the same
order of use; so the two never disagree. Functions with segments are counted apart, and
few of them are kept: each keeps shared memory in use, often a large array's.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")

# What a sender counts on, and what a receiver keeps: four times as many, so that a task
# which is called back, or waits, puts no other function out.
COUNTED_ON, COUNTED_ON_LARGE = 256, 2
KEPT, KEPT_LARGE = 4 * COUNTED_ON, 4 * COUNTED_ON_LARGE


class Recent(Generic[V]):
    """Things by the digest of their function, those used last."""

    def __init__(self, most: int, most_large: int) -> None:
        self._small: OrderedDict[bytes, V] = OrderedDict()
        self._large: OrderedDict[bytes, V] = OrderedDict()
        self._most, self._most_large = most, most_large

    def use(self, digest: bytes) -> V | None:
        """What is known under this digest, now used last; None: nothing."""
        for known in (self._small, self._large):
            if (found := known.get(digest)) is not None:
                known.move_to_end(digest)
                return found
        return None

    def add(self, digest: bytes, thing: V, *, is_large: bool) -> None:
        known, most = self._small, self._most
        if is_large:
            known, most = self._large, self._most_large
        known[digest] = thing
        known.move_to_end(digest)
        if len(known) > most:
            known.popitem(last=False)

    def discard(self, digest: bytes) -> None:
        self._small.pop(digest, None)
        self._large.pop(digest, None)

    def clear(self) -> None:
        self._small.clear()
        self._large.clear()
