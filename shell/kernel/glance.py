"""Whether something can be read, asked without a thought for other threads.

`select.poll` lets other threads run whenever it is asked, and then waits for its turn
again: far longer than the question takes, and a program that prints asks at each line.
Called in this way `poll(2)` keeps the interpreter's lock, for less than a microsecond.
"""

from __future__ import annotations

import ctypes
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLLIN = 1  # in every system's <poll.h>


class _PollFd(ctypes.Structure):
    """`struct pollfd`."""

    _fields_ = (
        ("fd", ctypes.c_int),
        ("events", ctypes.c_short),
        ("revents", ctypes.c_short),
    )


class Glance:
    """A look at some file descriptors: `look()` is not 0 if one can be read."""

    def __init__(self, fds: Sequence[int]) -> None:
        self._entries = (_PollFd * len(fds))(*[_PollFd(fd, POLLIN) for fd in fds])
        count = ctypes.c_ulong(len(fds))
        poll = ctypes.PyDLL(None).poll
        self.look: Callable[[], int] = partial(poll, self._entries, count, 0)

    def leave_out(self, fd: int) -> None:
        """Look at this one no more: it has come to its end."""
        for entry in self._entries:
            if entry.fd == fd:
                entry.fd = -1  # which poll(2) passes over
