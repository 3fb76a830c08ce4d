"""Launchers for this host: a controller as our child, engines forked by its keeper."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from ipcluster.launchers.controller_process import (
    ControllerProcess,
    end_controller,
    start_controller,
)
from ipcluster.launchers.door import ControllerDoor
from ipcluster.launchers.ended import is_running, log_tail, stop_cluster
from ipcluster.launchers.launcher import ControllerLauncher, EngineSetLauncher
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.places import ClusterPlace

# Seconds for an engine that was told to end to finish what it runs; then it is killed.
STOP_GRACE = 3.0

# Seconds between two looks at a controller that starts. Long beside the look itself,
# short beside the 0.3 s that a start takes.
_LOOK_EVERY = 0.005

_SIGKILL = 9


class LocalControllerLauncher(ControllerLauncher):
    """A controller on this host, with engines of this host."""

    kind = "local"

    def __init__(
        self, place: ClusterPlace, *, environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(place, environment=environment)
        self._controller: ControllerProcess | None = None
        self._lock = threading.Lock()
        self._pid = 0

    @property
    def pid(self) -> int:
        """The controller's pid; 0 before it was started."""
        return self._pid

    async def start(
        self, options: Sequence[str], n: int, seconds: float, *, tethered: bool
    ) -> None:
        unwanted = threading.Event()
        starting = asyncio.ensure_future(
            asyncio.to_thread(self._start, options, n, tethered, unwanted)
        )
        try:
            controller = await asyncio.shield(starting)
            await _until_complete(controller, seconds)
        except BaseException:
            unwanted.set()
            if (mine := self._take()) is not None:
                mine.close()  # its tether, should we be broken off once more
                await asyncio.to_thread(end_controller, mine)
            elif not starting.done():  # a thread cannot be broken off
                await asyncio.wait([starting])
            raise
        if not tethered:
            controller.close()

    def _start(
        self, options: Sequence[str], n: int, tethered: bool, unwanted: threading.Event
    ) -> ControllerProcess:
        controller = start_controller(
            self.place, options, n, tethered=tethered, environment=self.environment
        )
        self._controller, self._pid = controller, controller.process.pid
        # Nobody waits for it any more? Who takes it ends it.
        if unwanted.is_set() and (mine := self._take()) is not None:
            end_controller(mine)
        return controller

    def _take(self) -> ControllerProcess | None:
        """The controller, for whoever is going to end it."""
        with self._lock:
            controller, self._controller = self._controller, None
        return controller

    async def stop(self) -> None:
        controller = self._take()
        if controller is None:
            await asyncio.to_thread(stop_cluster, self.place)
        else:
            await asyncio.to_thread(end_controller, controller)

    def stop_now(self) -> None:
        controller = self._take()
        if controller is None:
            stop_cluster(self.place)
        else:
            end_controller(controller)

    async def poll(self) -> int | None:
        if self._controller is not None:
            return self._controller.exit_code()
        # Somebody else's child: how it ended is not ours to know.
        return None if is_running(self.place) else 0

    async def signal(self, signum: int) -> None:
        if await self.poll() is None:
            os.kill(self._pid, signum)

    def output(self) -> str:
        return self._controller.output() if self._controller else log_tail(self.place)

    def to_dict(self) -> dict[str, Any]:
        return {"class": self.kind, "pid": self._pid}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], place: ClusterPlace) -> Self:
        launcher = cls(place)
        state = is_running(place)
        launcher._pid = state.pid if state is not None else int(data.get("pid", 0))
        return launcher


def living_engines(place: ClusterPlace) -> frozenset[int]:
    """Ids of the engines that answer now."""
    with ControllerDoor(place) as door:
        return frozenset(door.engines)


def end_engines(door: ControllerDoor, engines: frozenset[int]) -> None:
    """End these engines, as far as they live; returns when they have ended."""
    living = sorted(engines & door.engines.keys())
    if not living:
        return
    door.ask("shutdown", engines=living)
    if not door.wait_for(lambda now: not engines & now.keys(), STOP_GRACE):
        _kill(door, engines)


def restart_engines(
    door: ControllerDoor, engines: frozenset[int], seconds: float
) -> list[int]:
    """Replace these engines; the ids of the new ones that answer within `seconds`."""
    before = set(door.engines)
    living = engines & door.engines.keys()
    if not living:
        return []
    door.ask("shutdown", engines=sorted(living), restart=True)
    if not door.wait_for(lambda now: not engines & now.keys(), STOP_GRACE):
        _kill(door, engines)
    return door.new_engines(before, len(living), seconds)


def _kill(door: ControllerDoor, engines: frozenset[int]) -> None:
    living = sorted(engines & door.engines.keys())
    door.ask("signal", engines=living, signum=_SIGKILL)
    door.wait_for(lambda now: not engines & now.keys(), STOP_GRACE)


async def _until_complete(controller: ControllerProcess, seconds: float) -> None:
    """Wait for the engines that were started with it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not controller.start_up.is_complete:
        if loop.time() > deadline:
            raise controller.too_slow(seconds)
        # Looking is the one way that every kind of loop, also Windows', can do.
        await asyncio.sleep(_LOOK_EVERY)
        if not controller.advance():
            raise await asyncio.to_thread(controller.failure)


class LocalEngineSetLauncher(EngineSetLauncher):
    """Engines that the keeper on the controller's host forks when asked to."""

    kind = "local"

    async def start(self, n: int, seconds: float) -> None:
        self.engines |= frozenset(await asyncio.to_thread(self._start, n, seconds))

    def _start(self, n: int, seconds: float) -> list[int]:
        with ControllerDoor(self.place) as door:
            before = set(door.engines)
            door.ask("start_engines", n=n)
            new = door.new_engines(before, n, seconds)
            return self._check(new, n, seconds, door.reason)

    async def stop(self) -> None:
        await self.stop_engines(self.engines)

    async def stop_engines(self, engines: frozenset[int]) -> None:
        await asyncio.to_thread(self._stop, engines)
        self.engines -= engines

    def _stop(self, engines: frozenset[int]) -> None:
        with ControllerDoor(self.place) as door:
            end_engines(door, engines)

    async def restart(self, engines: frozenset[int] | None, seconds: float) -> None:
        chosen = self.engines if engines is None else engines
        new = await asyncio.to_thread(self._restart, chosen, seconds)
        self.engines = (self.engines - chosen) | frozenset(new)

    def _restart(self, engines: frozenset[int], seconds: float) -> list[int]:
        with ControllerDoor(self.place) as door:
            living = engines & door.engines.keys()
            new = restart_engines(door, living, seconds)
            return self._check(new, len(living), seconds, door.reason)

    def _check(self, new: list[int], n: int, seconds: float, reason: str) -> list[int]:
        if len(new) < n and reason:
            raise LaunchError(f"{len(new)} of {n} engines could be started: {reason}")
        if len(new) < n:
            raise LaunchError(
                f"{len(new)} of {n} engines answer after {seconds:.0f} s",
                output=self.output(),
            )
        return new

    async def poll(self) -> int | None:
        if not is_running(self.place):
            return 0
        return None if await asyncio.to_thread(self._living) else 0

    def _living(self) -> frozenset[int]:
        with ControllerDoor(self.place) as door:
            return self.engines & door.engines.keys()

    async def signal(self, signum: int) -> None:
        await self.signal_engines(signum, self.engines)

    async def signal_engines(self, signum: int, engines: frozenset[int]) -> None:
        await asyncio.to_thread(self._signal, signum, engines)

    def _signal(self, signum: int, engines: frozenset[int]) -> None:
        with ControllerDoor(self.place) as door:
            living = sorted(engines & door.engines.keys())
            door.ask("signal", engines=living, signum=signum)

    def output(self) -> str:
        return log_tail(self.place)

    def to_dict(self) -> dict[str, Any]:
        return {"class": self.kind, "engines": sorted(self.engines)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], place: ClusterPlace) -> Self:
        launcher = cls(place)
        launcher.engines = frozenset(data.get("engines", ()))
        return launcher
