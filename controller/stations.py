"""Where engines are.

A *station* is one host's engines, reached through whoever holds their links.

On the controller's own host that is an object in this process, elsewhere an agent; the
program that starts the controller joins the first to it, so nothing here knows how a
link is held.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from ipcluster.wire.messages import (
    Born,
    Died,
    EngineInfo,
    FromEngine,
    NewFunction,
    Segment,
    Unborn,
)
from ipcluster.wire.recent import COUNTED_ON, COUNTED_ON_LARGE, Recent

StationEvent = Born | Died | FromEngine | Unborn


class StationGone(Exception):
    """The keeper or the agent of this station has ended."""


class Station(Protocol):
    """One host's engines."""

    number: int

    def send(self, slot: int, frame: bytes, segments: Iterable[Segment]) -> None:
        """Bring a frame to an engine, after the bytes of the segments it names."""

    def tell_keeper(self, message: msgspec.Struct) -> None: ...

    def free(self, names: list[str]) -> None:
        """No engine of this station maps these files any more."""


class LocalStation(Station, Protocol):
    """The station in this process: the controller's loop polls its descriptors."""

    def owns(self, fd: int) -> bool: ...

    def on_ready(self, fd: int, events: int) -> Iterator[StationEvent]: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class EngineRecord:
    """An engine that answers. `taken` counts outcomes that came over this link."""

    info: EngineInfo
    station: Station
    slot: int
    known: Recent[bool] = field(
        default_factory=lambda: Recent(COUNTED_ON, COUNTED_ON_LARGE)
    )
    outbox: list[msgspec.Struct] = field(default_factory=list)
    needs: list[Segment] = field(default_factory=list)
    assigned: int = 0
    taken: int = 0
    heard: float = 0.0
    rung: bool = False

    @property
    def id(self) -> int:
        return self.info.engine

    def need_function(self, message: NewFunction) -> bool:
        """Note its use. True: the engine has to be sent it first."""
        if self.known.use(message.digest):
            return False
        self.known.add(message.digest, True, is_large=bool(message.segments))
        return True


class Roster:
    """All engines, by id and by where they are. Ids grow and are never used again."""

    def __init__(self) -> None:
        self.engines: dict[int, EngineRecord] = {}
        self._by_place: dict[tuple[int, int], EngineRecord] = {}
        self._next = 0
        self.left: deque[tuple[int, str]] = deque(maxlen=1000)
        self.uuids: dict[int, str] = {}  # also of engines that have left

    def add(self, station: Station, slot: int, info: EngineInfo) -> EngineRecord:
        info = msgspec.structs.replace(info, engine=self._next)
        self._next += 1
        record = EngineRecord(info, station, slot)
        self.engines[record.id] = record
        self._by_place[station.number, slot] = record
        self.uuids[record.id] = info.uuid
        return record

    def find(self, station: Station, slot: int) -> EngineRecord | None:
        return self._by_place.get((station.number, slot))

    def remove(self, record: EngineRecord, cause: str) -> None:
        del self.engines[record.id]
        del self._by_place[record.station.number, record.slot]
        self.left.append((record.id, cause))

    def of_station(self, station: Station) -> list[EngineRecord]:
        return [e for e in self.engines.values() if e.station is station]
