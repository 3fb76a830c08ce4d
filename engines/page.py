"""The state page: 24 bytes that an engine and its keeper both map.

    0   last    id of the last task the engine began
    8   running id of the task it is in now, 0 between tasks
    16  target  id of the task the latest interrupt names, 0: whatever runs

The engine writes `last` and `running`, the keeper `target`. So the keeper knows at an
engine's death what it had begun, and an interrupt that comes late finds that its task
is over and does nothing.
"""

from __future__ import annotations

import mmap
import struct

_PAIR = struct.Struct("<QQ")
_ONE = struct.Struct("<Q")


class StatePage:
    """One engine's page. Made before the fork; a spawned engine maps the same file."""

    def __init__(self, fd: int = -1) -> None:
        self._map = mmap.mmap(fd, mmap.PAGESIZE)

    def begin(self, task: int) -> None:
        _PAIR.pack_into(self._map, 0, task, task)

    def end(self) -> None:
        _ONE.pack_into(self._map, 8, 0)

    def state(self) -> tuple[int, int]:
        """(last, running)."""
        last, running = _PAIR.unpack_from(self._map, 0)
        return last, running

    @property
    def target(self) -> int:
        value: int = _ONE.unpack_from(self._map, 16)[0]
        return value

    @target.setter
    def target(self, task: int) -> None:
        _ONE.pack_into(self._map, 16, task)

    def close(self) -> None:
        self._map.close()
