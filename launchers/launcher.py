"""What a launcher is: it turns "n engines, please" into processes and tells when they end.

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

A launcher for another system subclasses `EngineSetLauncher`, makes a command line
(`ipengine -n N --ticket FILE`), and is named in `EngineSetLauncher.kinds` by its `kind`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ipcluster.wire.places import ClusterPlace


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
        self, options: Sequence[str], n: int, timeout: float, *, tethered: bool
    ) -> None:
        """Start it; returns when it listens and `n` engines answer.

        Args:
            options: further words for the command line of `ipcontroller`.
            n: engines to start with it, on its host.
            timeout: seconds to wait for the controller and those engines.
            tethered: it ends when this process does, however that ends.
        """

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
    async def start(self, n: int, timeout: float) -> None:
        """Start `n` engines; returns when they answer."""

    @abstractmethod
    async def restart(self, engines: frozenset[int] | None, timeout: float) -> None:
        """Replace these engines, or all of the set, by new ones with new ids."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any], place: ClusterPlace) -> Self:
        """A launcher for what another process has started."""
