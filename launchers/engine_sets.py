"""The engine sets of one cluster, by id: which launcher answers for which engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipcluster.launchers.launcher import EngineSetLauncher
from ipcluster.launchers.names import new_name
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.places import ClusterPlace


class EngineSets(dict[str, EngineSetLauncher]):
    """Launchers by the id of their set, in the order they were started."""

    def __init__(
        self,
        launcher_class: type[EngineSetLauncher],
        place: ClusterPlace,
        environment: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._class = launcher_class
        self._place = place
        self._environment = environment

    @property
    def ids(self) -> frozenset[int]:
        """Engines of all sets."""
        return frozenset(one for launcher in self.values() for one in launcher.engines)

    async def start(self, n: int, name: str | None, seconds: float) -> str:
        """Start `n` engines in the set of this name, or in a new one; its name."""
        chosen = name or new_name()
        launcher = self.get(chosen)
        if launcher is None:
            launcher = self._class(self._place, environment=self._environment)
        await launcher.start(n, seconds)
        self[chosen] = launcher
        return chosen

    def adopt(self, engines: frozenset[int]) -> None:
        """Make a set of those engines that are in none yet."""
        strangers = engines - self.ids
        if strangers:
            data = {"engines": sorted(strangers)}
            self[new_name()] = self._class.from_dict(data, self._place)

    async def stop(self, name: str | None) -> None:
        for chosen in self._named(name):
            await self[chosen].stop()
            del self[chosen]

    async def stop_engine(self, engine: int) -> None:
        await self._of(engine).stop_engines(frozenset({engine}))

    async def restart(self, name: str | None, seconds: float) -> None:
        for chosen in self._named(name):
            await self[chosen].restart(None, seconds)

    async def restart_engine(self, engine: int, seconds: float) -> None:
        await self._of(engine).restart(frozenset({engine}), seconds)

    async def signal(self, signum: int, name: str | None) -> None:
        for chosen in self._named(name):
            await self[chosen].signal(signum)

    async def signal_engine(self, signum: int, engine: int) -> None:
        await self._of(engine).signal_engines(signum, frozenset({engine}))

    def to_dict(self) -> dict[str, Any]:
        return {name: launcher.to_dict() for name, launcher in self.items()}

    def load(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over the sets that another process described by `to_dict`."""
        for name, one in data.items():
            kind = EngineSetLauncher.kinds.get(str(one.get("class")), self._class)
            self[name] = kind.from_dict(one, self._place)

    def _named(self, name: str | None) -> list[str]:
        if name is None:
            return list(self)
        if name not in self:
            known = ", ".join(self) or "none"
            raise ClusterError(f"no engine set {name!r}; there are: {known}")
        return [name]

    def _of(self, engine: int) -> EngineSetLauncher:
        for launcher in self.values():
            if engine in launcher.engines:
                return launcher
        raise ClusterError(f"no engine {engine}; there are: {sorted(self.ids)}")
