"""`concurrent.futures.ProcessPoolExecutor`, also of Python itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor as AnyExecutor
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

from benchmarks import calls
from benchmarks.systems.system import Call, NotOffered, System

if TYPE_CHECKING:
    import numpy


class Executor(System):
    """Futures over forked workers."""

    name = "executor"

    def make(self, engines: int) -> AnyExecutor:
        return ProcessPoolExecutor(engines)

    def start(self, engines: int) -> None:
        """Start the workers: they come with the first tasks."""
        self.engines = engines
        self.executor = self.make(engines)
        self.collect([self.submit(calls.nothing) for _ in range(4 * engines)])

    def stop(self) -> None:
        """End them."""
        self.executor.shutdown(wait=True, cancel_futures=True)

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        if retries:
            raise NotOffered
        return self.executor.submit(function, *args)

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        # What `Pool.map` chooses; left to itself it sends items one by one.
        size = -(-len(items) // (4 * self.engines))
        return list(self.executor.map(function, items, chunksize=size))

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        self.collect([self.submit(calls.keep, array) for _ in range(self.engines)])

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        array: numpy.ndarray[Any, Any] = self.call(calls.stored, size_bytes)
        return array
