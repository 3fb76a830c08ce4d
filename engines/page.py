"""The state page: memory that an engine and its keeper both map.

    0    last     id of the last task the engine began
    8    running  id of the task it is in now, 0 between tasks
    16   target   id of the task that the latest interrupt names
    24   writing  1 while the engine is in the middle of a frame
    28   parts    per stream: how many bytes of a character have been read, and those
    40   tail     how many bytes follow, and the last that went to stderr

`last`, `running` and `writing` are the engine's, `target` is the keeper's; `parts` and
`tail` belong to whoever holds the link's lock. So the keeper knows at an engine's death
what it had begun and what it said last, and an interrupt that comes late finds that its
task is over and does nothing.
"""

from __future__ import annotations

import mmap
import struct

_PAIR = struct.Struct("<QQ")
_TRIPLE = struct.Struct("<QQQ")
_ONE = struct.Struct("<Q")
_SIZE = struct.Struct("<I")

_WRITING = 24
_PARTS = {1: 28, 2: 32}
_TAIL = 40

# Bytes of stderr that an error quotes the end of.
TAIL_BYTES = 2048


class StatePage:
    """One engine's page. Made before the fork; a spawned engine maps the same file."""

    def __init__(self, fd: int = -1) -> None:
        self._map = mmap.mmap(fd, mmap.PAGESIZE)

    def begin(self, task: int) -> None:
        # An interrupt that came too late for the one before is not for this one.
        _TRIPLE.pack_into(self._map, 0, task, task, 0)

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

    @property
    def writing(self) -> int:
        return self._map[_WRITING]

    @writing.setter
    def writing(self, value: int) -> None:
        self._map[_WRITING] = value

    def take_part(self, stream: int) -> bytes:
        """The bytes of an unfinished character; they are forgotten here."""
        at = _PARTS[stream]
        size = self._map[at]
        self._map[at] = 0
        return self._map[at + 1 : at + 1 + size]

    def keep_part(self, stream: int, part: bytes) -> None:
        at = _PARTS[stream]
        self._map[at + 1 : at + 1 + len(part)] = part
        self._map[at] = len(part)

    def note_stderr(self, data: bytes) -> None:
        """Remember the end of what went to stderr."""
        tail = (self.stderr_tail() + data[-TAIL_BYTES:])[-TAIL_BYTES:]
        start = _TAIL + _SIZE.size
        self._map[start : start + len(tail)] = tail
        _SIZE.pack_into(self._map, _TAIL, len(tail))

    def stderr_tail(self) -> bytes:
        size = min(TAIL_BYTES, _SIZE.unpack_from(self._map, _TAIL)[0])
        start = _TAIL + _SIZE.size
        return self._map[start : start + size]

    def close(self) -> None:
        self._map.close()
