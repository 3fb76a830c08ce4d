"""The state page: memory that an engine and its keeper both map.

    0    last     id of the last task the engine began
    8    running  id of the task it is in now, 0 between tasks
    16   target   id of the task that the latest interrupt names
    24   number   which interrupt of that task this is
    28   heard    the number of the latest one that the task has heard
    32   when     and when: time.monotonic(), one clock for all processes of a host
    40   writing  1 while the engine is in the middle of a frame
    44   parts    per stream: how many bytes of a character have been read, and those
    52   tail     how many bytes follow, and the last that went to stderr

`target` and `number` are the keeper's, `parts` and `tail` belong to whoever holds the
link's lock, the others are the engine's. So the keeper knows at an engine's death what
it had begun and what it said last, and an interrupt that comes late finds that its task
is over and does nothing.
"""

from __future__ import annotations

import mmap
import struct

_PAIR = struct.Struct("<QQ")
_BEGUN = struct.Struct("<QQQIId")
_INTERRUPT = struct.Struct("<QI")
_ONE = struct.Struct("<Q")
_NUMBER = struct.Struct("<I")
_TIME = struct.Struct("<d")

_TARGET = 16
_HEARD = 28
_WHEN = 32
_WRITING = 40
_PARTS = {1: 44, 2: 48}
_TAIL = 52

# Bytes of stderr that an error quotes the end of.
TAIL_BYTES = 2048


class StatePage:
    """One engine's page. Made before the fork; a spawned engine maps the same file."""

    def __init__(self, fd: int = -1) -> None:
        self._map = mmap.mmap(fd, mmap.PAGESIZE)

    def begin(self, task: int) -> None:
        # An interrupt that came too late for the one before is not for this one.
        _BEGUN.pack_into(self._map, 0, task, task, 0, 0, 0, 0.0)

    def end(self) -> None:
        _ONE.pack_into(self._map, 8, 0)

    def state(self) -> tuple[int, int]:
        """(last, running)."""
        last, running = _PAIR.unpack_from(self._map, 0)
        return last, running

    def interrupted(self) -> tuple[int, int]:
        """(target, number)."""
        target, number = _INTERRUPT.unpack_from(self._map, _TARGET)
        return target, number

    def interrupt(self, task: int, number: int) -> None:
        """Name the task that is to be interrupted, for the so-many-th time."""
        _INTERRUPT.pack_into(self._map, _TARGET, task, number)

    def heard(self) -> tuple[int, float]:
        """The number of the latest interrupt that this task has heard, and when."""
        number: int = _NUMBER.unpack_from(self._map, _HEARD)[0]
        when: float = _TIME.unpack_from(self._map, _WHEN)[0]
        return number, when

    def hear(self, number: int, when: float) -> None:
        # The number comes last here and first above: whoever sees it sees its time.
        _TIME.pack_into(self._map, _WHEN, when)
        _NUMBER.pack_into(self._map, _HEARD, number)

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
        start = _TAIL + _NUMBER.size
        self._map[start : start + len(tail)] = tail
        _NUMBER.pack_into(self._map, _TAIL, len(tail))

    def stderr_tail(self) -> bytes:
        size = min(TAIL_BYTES, _NUMBER.unpack_from(self._map, _TAIL)[0])
        start = _TAIL + _NUMBER.size
        return self._map[start : start + size]

    def close(self) -> None:
        self._map.close()
