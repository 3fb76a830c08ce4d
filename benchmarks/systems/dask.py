"""dask.distributed: a scheduler and workers on this host, one thread in each worker."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import calls
from benchmarks.systems.system import Call, System

if TYPE_CHECKING:
    import numpy


class Dask(System):
    """Futures; `pure=False`, for the same call twice is run twice."""

    name = "dask"
    package = "distributed"
    slowness = 10

    def load(self) -> None:
        import distributed

        self.distributed = distributed

    def start(self, engines: int) -> None:
        """Start all of it and connect."""
        self.cluster = self.distributed.LocalCluster(
            n_workers=engines,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )
        self.client = self.distributed.Client(self.cluster)
        self.client.wait_for_workers(engines)
        self.client.run(calls.nothing)

    def stop(self) -> None:
        """Disconnect and stop all processes."""
        self.client.close()
        self.cluster.close()

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        return self.client.submit(function, *args, pure=False, retries=retries)

    def submit_after(self, previous: Any, function: Call) -> Any:
        return self.client.submit(function, previous, pure=False)

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        results: list[Any] = self.client.gather(list(submitted))
        return results

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        # `client.map` makes a task of each item; its manual names bags for many.
        import dask.bag

        bag = dask.bag.from_sequence(items, npartitions=8).map(function)
        results: Sequence[Any] = bag.compute(scheduler=self.client)
        return results

    def call_all(self, function: Call) -> Sequence[Any]:
        return list(self.client.run(function).values())

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        self.client.run(calls.keep, array)

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        array: numpy.ndarray[Any, Any] = self.submit(calls.stored, size_bytes).result()
        return array
