"""Ray on this host: tasks for what is balanced, actors for engines with a number."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import calls
from benchmarks.systems.system import Call, System

if TYPE_CHECKING:
    import numpy


class _Actor:
    """An engine."""

    def run(self, function: Call, *args: Any) -> Any:
        return function(*args)


class Ray(System):
    """Raylet, object store, control store and workers."""

    name = "ray"
    package = "ray"
    slowness = 4

    def load(self) -> None:
        import ray

        self.ray = ray

    def start(self, engines: int) -> None:
        """Start all of it, and an actor for each engine once one is needed."""
        self.engines = engines
        self.actors: list[Any] = []
        self.ray.init(
            num_cpus=engines,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=2 << 30,
        )
        self._remote: dict[Call, Any] = {}
        self.collect([self.submit(calls.nothing) for _ in range(engines)])

    def stop(self) -> None:
        """Stop all processes."""
        self.ray.shutdown()

    def _actors(self) -> list[Any]:
        if not self.actors:
            kind = self.ray.remote(num_cpus=0)(_Actor)
            self.actors = [kind.remote() for _ in range(self.engines)]
        return self.actors

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        remote = self._remote.get(function)
        if remote is None:
            remote = self._remote[function] = self.ray.remote(function)
        if function in (calls.sleep_and_tell, calls.sleep_once):
            remote = remote.options(max_retries=retries)
        return remote.remote(*args)

    def submit_after(self, previous: Any, function: Call) -> Any:
        return self.submit(function, previous)

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        results: list[Any] = self.ray.get(list(submitted))
        return results

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        # It has no map of its own; its manual says to cut the items by hand.
        def chunk(part: Sequence[Any]) -> list[Any]:
            return [function(item) for item in part]

        remote = self.ray.remote(chunk)
        size = -(-len(items) // (4 * self.engines))
        parts = [items[i : i + size] for i in range(0, len(items), size)]
        results = self.ray.get([remote.remote(part) for part in parts])
        return [item for part in results for item in part]

    def call_all(self, function: Call) -> Sequence[Any]:
        return self.collect([actor.run.remote(function) for actor in self._actors()])

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        shared = self.ray.put(array)
        self.collect([a.run.remote(calls.keep, shared) for a in self._actors()])

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        actor = self._actors()[0]
        array: numpy.ndarray[Any, Any] = self.ray.get(
            actor.run.remote(calls.stored, size_bytes)
        )
        return array
