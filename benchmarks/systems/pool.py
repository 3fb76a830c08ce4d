"""`multiprocessing.Pool`: what Python itself has for one host."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks import calls
from benchmarks.systems.system import Call, NotOffered, System

if TYPE_CHECKING:
    import numpy


class Pool(System):
    """Forked workers, pipes, one lock."""

    name = "pool"

    def start(self, engines: int) -> None:
        """Fork the workers."""
        self.engines = engines
        self.pool = multiprocessing.Pool(engines)
        self.pool.map(calls.same, range(engines), chunksize=1)

    def stop(self) -> None:
        """End them, whatever they do."""
        self.pool.terminate()
        self.pool.join()

    def call(self, function: Call, *args: Any) -> Any:
        return self.pool.apply(function, args)

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        if retries:
            raise NotOffered
        return self.pool.apply_async(function, args)

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        return [one.get() for one in submitted]

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        return self.pool.map(function, items)

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        # It cannot name a worker, so this is as many calls as there are workers.
        self.pool.map(calls.keep, [array] * self.engines, chunksize=1)

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        array: numpy.ndarray[Any, Any] = self.pool.apply(calls.stored, (size_bytes,))
        return array
