"""Who maps which segment.

Pure counting, so that a segment's file is used again when nobody looks at it.

A hold is one (segment file, holder) pair, counted: a task waiting at the controller
holds its arguments' segments, an engine those it was sent, a client those of the
results it was sent. The last hold gone, the maker hears of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ipcluster.wire.messages import Segment

Party = tuple[str, int]
"""A maker or holder.

("engine", id), ("client", number), ("agent", number), or `CONTROLLER`.
"""

CONTROLLER: Party = ("controller", 0)


@dataclass
class _File:
    maker: Party
    holders: Counter[Party] = field(default_factory=Counter)


class Holds:
    """`on_*` returns the names that nobody holds any more, by maker."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def hold(self, holder: Party, segments: Iterable[Segment], maker: Party) -> None:
        for segment in segments:
            file = self._files.get(segment.name)
            if file is None:
                file = self._files[segment.name] = _File(maker)
            file.holders[holder] += 1

    def known(self, name: str) -> bool:
        return name in self._files

    def is_held(self, party: Party, name: str) -> bool:
        """Whether this party was told of the segment and has not let go of it."""
        file = self._files.get(name)
        return file is not None and party in file.holders

    def release(self, holder: Party, names: Iterable[str]) -> dict[Party, list[str]]:
        """One hold of each name less."""
        freed: dict[Party, list[str]] = {}
        for name in names:
            file = self._files.get(name)
            if file is None or holder not in file.holders:
                continue  # told twice, or by somebody who never had it
            file.holders[holder] -= 1
            if not file.holders[holder]:
                del file.holders[holder]
            if not file.holders:
                del self._files[name]
                freed.setdefault(file.maker, []).append(name)
        return freed

    def restate(self, holder: Party, names: Iterable[str]) -> dict[Party, list[str]]:
        """All that a holder holds, as it says itself: once for each time it is named.

        What it has let go of and could not tell is let go of here.
        """
        stated = Counter(names)
        freed: dict[Party, list[str]] = {}
        for name, file in list(self._files.items()):
            if count := stated[name]:
                file.holders[holder] = count
            elif file.holders.pop(holder, 0) and not file.holders:
                del self._files[name]
                freed.setdefault(file.maker, []).append(name)
        return freed

    def on_gone(self, party: Party) -> dict[Party, list[str]]:
        """All holds of a party that has ended.

        What it made and others still map is the controller's from now on.
        """
        freed: dict[Party, list[str]] = {}
        for name, file in list(self._files.items()):
            if file.maker == party:
                file.maker = CONTROLLER
            if file.holders.pop(party, 0) and not file.holders:
                del self._files[name]
                freed.setdefault(file.maker, []).append(name)
        return freed

    def __len__(self) -> int:
        return len(self._files)
