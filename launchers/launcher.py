"""What a launcher is: it makes processes of "n engines, please", and tells their end.

There are two kinds, because a cluster has one controller and any number of engine sets.
A launcher gets the cluster's place, from which it takes the ticket that its processes
need, and answers five questions:

    start     bring them up; raises `LaunchError(command, exit_code, output)`
    poll      None while they run, else how they ended
    signal    to all of them
    stop      and wait until they are gone
    output    what they wrote, for a person who asks why

All but the last are coroutines: a batch system answers in seconds, and asking ten
hosts over SSH one after the other would take ten times as long. `to_dict` gives plain
values that describe what runs, from which `from_dict` in another process takes over.

A launcher for another system subclasses `EngineSetLauncher` and makes a command line
(`ipengine -n N --ticket FILE`); its `kind` is the name it is then known by.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

from ipcluster.wire.places import ClusterPlace

L = TypeVar("L", bound="Launcher")


class Launcher(ABC):
    """What launchers of controllers and of engines have in common."""

    kind: ClassVar[str]
    """The name people choose it by: `--engines local`."""

    def __init__(
        self, place: ClusterPlace, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self.place = place
        self.environment = dict(environment or {})

    @abstractmethod
    async def stop(self) -> None:
        """End the processes and wait until they have ended. Twice is harmless."""

    @abstractmethod
    async def poll(self) -> int | None:
        """None while it runs; else the exit status, negative for a signal."""

    @abstractmethod
    async def signal(self, signum: int) -> None:
        """Send this signal to every process of it."""

    @abstractmethod
    def output(self) -> str:
        """What the processes have written last."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What another process needs to take over: plain values only."""


class ControllerLauncher(Launcher):
    """Starts a controller, with the first engines of its own host."""

    kinds: ClassVar[dict[str, type[ControllerLauncher]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ControllerLauncher.kinds[cls.kind] = cls

    @abstractmethod
    async def start(
        self, options: Sequence[str], n: int, seconds: float, *, tethered: bool
    ) -> None:
        """Start it; returns when it listens and `n` engines answer.

        Args:
            options: further words for the command line of `ipcontroller`.
            n: engines to start with it, on its host.
            seconds: to wait for the controller and those engines.
            tethered: it ends when this process does, however that ends.
        """

    @abstractmethod
    def stop_now(self) -> None:
        """`stop` without a loop or thread: at the interpreter's end there are none."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any], place: ClusterPlace) -> Self:
        """A launcher for what another process has started."""


class EngineSetLauncher(Launcher):
    """Starts engines for a controller that listens."""

    kinds: ClassVar[dict[str, type[EngineSetLauncher]]] = {}

    engines: frozenset[int] = frozenset()
    """Ids of the engines that belong to this set."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        EngineSetLauncher.kinds[cls.kind] = cls

    @abstractmethod
    async def start(self, n: int, seconds: float) -> None:
        """Start `n` engines; returns when they answer."""

    @abstractmethod
    async def restart(self, engines: frozenset[int] | None, seconds: float) -> None:
        """Replace these engines, or all of the set, by new ones with new ids."""

    @abstractmethod
    async def stop_engines(self, engines: frozenset[int]) -> None:
        """End these engines of the set and wait until they have ended."""

    @abstractmethod
    async def signal_engines(self, signum: int, engines: frozenset[int]) -> None:
        """Send this signal to these engines of the set, as far as they live."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any], place: ClusterPlace) -> Self:
        """A launcher for what another process has started."""


def choose(
    named: str | type[L] | None, kinds: Mapping[str, type[L]], otherwise: type[L]
) -> type[L]:
    """The launcher class that is meant by a class, a kind or nothing.

    Raises:
        ValueError: there is no such kind.
    """
    if named is None:
        return otherwise
    if not isinstance(named, str):
        return named
    if named not in kinds:
        raise ValueError(f"no launcher {named!r}; there are: {', '.join(kinds)}")
    return kinds[named]
