"""A row of the table: what is measured, in which unit, and what must be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.systems import PEERS
from benchmarks.systems.system import System

OURS = "ipcluster"
OVER_TCP = "ipcluster-tcp"


@dataclass(frozen=True)
class Figure:
    """What one measurement gave, in the row's unit, and what else was seen."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `measure` gets a system that has not been started and whether to be quick. `factors`
    are ratios to be reached against a peer in the same run: 3.0 is three times as good.
    """

    name: str
    what: str
    unit: str
    target: float
    measure: Callable[[System, bool], Figure]
    more_is_better: bool = True
    ours: Sequence[str] = (OURS,)
    peers: Sequence[str] = PEERS
    factors: Mapping[str, float] = field(default_factory=dict)
    timeout: float = 180.0
    """Seconds for one measurement, its start and stop included."""

    @property
    def judged(self) -> str:
        """Which of ours has to reach the target."""
        return self.ours[0]

    def is_reached(self, value: float) -> bool:
        return value >= self.target if self.more_is_better else value <= self.target

    def gain(self, ours: float, theirs: float) -> float:
        """How many times better ours is."""
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        return better / worse if worse else float("inf")
