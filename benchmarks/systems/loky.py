"""loky: joblib's workers, which outlive a crash better than the standard ones."""

from __future__ import annotations

from concurrent.futures import Executor as AnyExecutor

from benchmarks.systems.executor import Executor


class Loky(Executor):
    """The same interface, other workers."""

    name = "loky"
    package = "loky"

    def load(self) -> None:
        import loky

        self.loky = loky

    def make(self, engines: int) -> AnyExecutor:
        executor: AnyExecutor = self.loky.get_reusable_executor(
            max_workers=engines, timeout=600
        )
        return executor

    def stop(self) -> None:
        """End the workers, whatever they do."""
        self.loky.get_reusable_executor().shutdown(wait=True, kill_workers=True)
