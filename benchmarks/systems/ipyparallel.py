"""ipyparallel: the system whose users need change one import."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import calls
from benchmarks.systems.system import Call, System

if TYPE_CHECKING:
    import numpy


class IPyParallel(System):
    """Controller, schedulers and engines on this host."""

    name = "ipyparallel"
    package = "ipyparallel"
    slowness = 10

    def load(self) -> None:
        import ipyparallel as ipp

        self.ipp = ipp

    def start(self, engines: int) -> None:
        """Start all of it and connect."""
        self.cluster = self.ipp.Cluster(n=engines, log_level=logging.ERROR)
        self.client = self.cluster.start_and_connect_sync()
        self.client.wait_for_engines(engines, timeout=120)
        self.everywhere = self.client[:]
        self.balanced = self.client.load_balanced_view()
        self.everywhere.apply_sync(calls.nothing)

    def stop(self) -> None:
        """Disconnect and stop all processes."""
        self.client.close()
        self.cluster.stop_cluster_sync()

    def call(self, function: Call, *args: Any) -> Any:
        return self.balanced.apply_sync(function, *args)

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        self.balanced.retries = retries
        return self.balanced.apply_async(function, *args)

    def submit_after(self, previous: Any, function: Call) -> Any:
        with self.balanced.temp_flags(after=previous):
            return self.balanced.apply_async(function)

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        return [one.get() for one in submitted]

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        # Its balanced view sends items one by one; this one cuts as many as engines.
        results: Sequence[Any] = self.everywhere.map_sync(function, items)
        return results

    def call_all(self, function: Call) -> Sequence[Any]:
        results: Sequence[Any] = self.everywhere.apply_sync(function)
        return results

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        view = self.client.broadcast_view()
        view.push({"array": array}, block=True)

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        array: numpy.ndarray[Any, Any] = self.client[0].apply_sync(
            calls.stored, size_bytes
        )
        return array
