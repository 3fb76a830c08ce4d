"""What is asked of every system that is measured.

One adapter is one file here, as short as the system allows, written as its own manual
tells users to. What a system does not offer it leaves out; the table then says so.
Nothing outside of the standard library is imported before an adapter's `start`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy

Call = Callable[..., Any]


class NotOffered(Exception):
    """The system has no such thing."""


class System:
    """A system with some engines, as one session sees it."""

    name: ClassVar[str]
    package: ClassVar[str | None] = None
    """What must be installed for it."""
    slowness: ClassVar[int] = 1
    """It is asked for so many times fewer tasks, or it would take minutes."""

    def load(self) -> None:
        """Import it: a session has done that before it starts anything."""

    def start(self, engines: int) -> None:
        """Start, and return when a task would be taken."""
        raise NotOffered

    def stop(self) -> None:
        raise NotOffered

    def call(self, function: Call, *args: Any) -> Any:
        """Call it somewhere and wait for the result."""
        return self.collect([self.submit(function, *args)])[0]

    def submit(self, function: Call, *args: Any, retries: int = 0) -> Any:
        """Have it called somewhere; what `collect` wants."""
        raise NotOffered

    def submit_after(self, previous: Any, function: Call) -> Any:
        """Have it called once `previous` has ended; nobody waits here for that."""
        raise NotOffered

    def collect(self, submitted: Sequence[Any]) -> list[Any]:
        """The results of all of them."""
        return [one.result() for one in submitted]

    def map(self, function: Call, items: Sequence[Any]) -> Sequence[Any]:
        """The builtin, in chunks of the size that the system recommends or chooses."""
        raise NotOffered

    def call_all(self, function: Call) -> Sequence[Any]:
        """Call it once on every engine and wait for the results."""
        raise NotOffered

    def broadcast(self, array: numpy.ndarray[Any, Any]) -> None:
        """Return when the array is a variable of every engine."""
        raise NotOffered

    def pull(self, size_bytes: int) -> numpy.ndarray[Any, Any]:
        """Get an array that lies in an engine."""
        raise NotOffered


@contextmanager
def running(system: System, engines: int) -> Iterator[System]:
    """The system, started, and warm: each engine has done something."""
    system.load()
    system.start(engines)
    try:
        yield system
    finally:
        system.stop()


def seconds_of(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
