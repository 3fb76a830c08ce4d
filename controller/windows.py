"""How much work an engine may hold: its window, and how much of it a task takes.

An engine needs enough queued work to cover the way to the controller and back, and no
more: what it holds cannot be given to another without asking. So its window is a span
of time, `HORIZON`, cut into `WINDOW` slots, and a task takes as many slots as its
function has been seen to need:

    under 16 us             1 slot        256 tasks in the window
    1 ms                   64 slots         4 tasks
    2 to 20 ms            128 slots         2 tasks: one runs while one is on its way
    20 ms and more        256 slots         held one at a time
    not seen yet          128 slots         or 16 times what the engine ran last

A function's time is learned from the first report on; the whole is integers, so that
what is added at an assignment is taken away exactly at its end.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

# Seconds of work: twice the slowest usual round trip to an engine (1-2 ms).
HORIZON = 0.004
# Slots, and so the most tasks an engine holds. At 150,000 tasks a second (what one
# engine reaches) 256 are 1.7 ms of work.
WINDOW = 256
# Tasks in one message: measured, larger batches are no faster and hold up others.
BATCH = 64
# Seconds of work that are worth a message of their own, and the most tasks that are
# held together for it: a few calls of microseconds are done on one engine sooner than
# they are sent to many.
WORTH = 100e-6
TOGETHER = 16
# Pickled arguments an engine may hold; always at least one task.
QUEUED_BYTES = 4 << 20
# A view on one engine sends in order and expects a stream: 16 whatever their length.
DIRECT_TASKS = 16
# Seconds from which a task is held alone: the idle round trip is then below 2 %.
LONG = 0.020
UNKNOWN = WINDOW // 2
# Functions whose times are remembered; about 200 bytes each.
REMEMBERED = 4096


def slots_for(duration: float) -> int:
    """The slots that a task of this many seconds takes."""
    if duration >= LONG:
        return WINDOW
    return min(UNKNOWN, max(1, ceil(duration * (WINDOW / HORIZON))))


class Function:
    """What tasks call, and what one such call has been seen to take."""

    __slots__ = ("code", "digest", "duration", "least", "mode", "slots")

    def __init__(self, digest: bytes, mode: int) -> None:
        self.digest = digest
        self.mode = mode
        # Kept for those who want such a task run again; see `Submission.code`.
        self.code: object = None
        self.duration = 0.0
        self.slots = 0  # 0: not seen yet
        self.least = 1  # tasks to send in one message, if there are as many

    def learn(self, duration: float) -> None:
        """Take in the mean duration of some calls.

        Down fast, since a first call often pays for an import; up slower, since one
        slow call should not take the prefetch from thousands of small ones.
        """
        if not self.slots:
            self.duration = duration
        elif duration < self.duration:
            self.duration += 0.8 * (duration - self.duration)
        else:
            self.duration += 0.3 * (duration - self.duration)
        self.slots = slots_for(self.duration)
        self.least = TOGETHER
        if self.duration * TOGETHER > WORTH:
            self.least = ceil(WORTH / self.duration)


class Functions:
    """The functions used last, one object for each digest and mode."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[bytes, int], Function] = OrderedDict()

    def get(self, digest: bytes, mode: int) -> Function:
        key = (digest, mode)
        function = self._known.get(key)
        if function is None:
            function = self._known[key] = Function(digest, mode)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return function
