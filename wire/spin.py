"""Waiting awake for a moment, where what is waited for is likely to come in it.

A thread that sleeps is woken late and finds its caches cold: for a lone caller that
is half of the way there and back. So while what comes follows closely on what came,
one looks for a moment longer, and gives up the processor between two looks. Where
work takes longer than that moment nobody waits awake: the means of the last waits
tell.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

# Seconds to look again at most, and the mean wait beyond which it does not pay.
AWAKE = 300e-6
# A wait counts for no more than this, or one pause would be remembered for long.
LONGEST = 4 * AWAKE
# The last wait's weight in the mean.
WEIGHT = 0.125

T = TypeVar("T")

_give_way: Callable[[], None] | None = getattr(os, "sched_yield", None)


class Spin:
    """The mean of the last waits of one loop. Times are seconds."""

    def __init__(self) -> None:
        self._mean = LONGEST

    @property
    def pays(self) -> bool:
        """Whether what is waited for will likely come while one looks."""
        return self._mean < AWAKE

    def note(self, waited: float) -> None:
        """Something came after so long."""
        self._mean += (min(waited, LONGEST) - self._mean) * WEIGHT

    def wait(
        self,
        poll: Callable[[float | None], list[T]],
        timeout: float | None,
        *,
        awake: bool,
    ) -> list[T]:
        """What `poll(timeout)` gives; with `awake`, looked for before one sleeps."""
        began = time.monotonic()
        ready: list[T] = []
        if awake and self.pays and timeout != 0 and _give_way is not None:
            while not (ready := poll(0)) and time.monotonic() - began < AWAKE:
                _give_way()
        if not ready:
            ready = poll(timeout)
        self.note(time.monotonic() - began)
        return ready
