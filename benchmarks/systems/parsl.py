"""Parsl: its high-throughput executor on this host."""

from __future__ import annotations

import logging
import os
from typing import Any

from benchmarks import calls
from benchmarks.systems.system import Call, NotOffered, System


class Parsl(System):
    """Interchange, a manager, and workers."""

    name = "parsl"
    package = "parsl"
    slowness = 4

    def load(self) -> None:
        import parsl

        self.parsl = parsl
        logging.getLogger("parsl").setLevel(logging.CRITICAL)

    def start(self, engines: int) -> None:
        """Start all of it; workers come within a second or two."""
        from parsl.executors import HighThroughputExecutor
        from parsl.providers import LocalProvider

        executor = HighThroughputExecutor(
            label="workers",
            address="127.0.0.1",
            max_workers_per_node=engines,
            cores_per_worker=1e-6,
            provider=LocalProvider(init_blocks=1, max_blocks=1),
        )
        config = self.parsl.Config(
            executors=[executor],
            run_dir=os.path.join(os.getcwd(), "parsl"),
            initialize_logging=False,
            strategy="none",
        )
        self.kernel = self.parsl.load(config)
        self._apps: dict[Call, Any] = {}
        self.collect([self.submit(calls.nothing) for _ in range(4 * engines)])

    def stop(self) -> None:
        """Stop all processes."""
        self.kernel.cleanup()
        self.parsl.clear()

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        if retries:
            raise NotOffered  # an option of all tasks, not of one
        app = self._apps.get(function)
        if app is None:
            app = self._apps[function] = self.parsl.python_app(function)
        return app(*args)

    def submit_after(self, previous: Any, function: Call) -> Any:
        return self.submit(function, previous)
