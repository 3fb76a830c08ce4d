"""Large buffers in files that the processes of one host map.

A `SegmentPool` makes the files and uses them again: a file's fresh pages cost more than
the copy into them. A `Mapper` maps what others wrote, copy-on-write: what it gives is
writable, private, and no copy until it is written to. A file may be written again only
when nobody maps it any more: a mapper tells when its last object over a mapping is
gone, the controller counts, and `SegmentPool.free` is where that arrives.

Whoever was told of a segment has a `Hold` of it, which goes with what needs it: with a
task that waits, then with the mapping. So it is let go once, whatever happens between.

The folder is one of shared memory where there is such; any other works, more slowly.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipcluster.wire.chunks import create_file, find_file
from ipcluster.wire.errors import ProtocolError, SerializationError
from ipcluster.wire.messages import Segment

# Bytes: what a buffer's start is a multiple of, so that vector code finds it aligned.
ALIGNED = 64
# Bytes: the smallest file. Smaller buffers travel in messages.
SMALLEST = 256 * 1024
# Files that a pool keeps mapped, for copying without system calls; each costs a
# descriptor.
MOST_MAPPED = 128
# Mappings that a mapper keeps: Linux allows a process 65,530 (vm.max_map_count).
MOST_HELD = 20_000


# --- writing --------------------------------------------------------------------------


@dataclass
class _File:
    name: str
    path: Path
    capacity: int
    used: bool = False
    mapped: mmap.mmap | None = None


class SegmentPool:
    """Files named `<maker>-<number>` in `folder`, or `fallback` if that has no room.

    Idle files beyond `limit_bytes` are removed, those unused longest first. All methods
    may be called from any thread. A forked child begins with a pool of its own, without
    files.
    """

    def __init__(
        self, folder: Path, fallback: Path | None, maker: str, limit_bytes: int
    ) -> None:
        self._folders = [folder] if fallback is None else [folder, fallback]
        self._maker = maker
        self._limit_bytes = limit_bytes
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._number = 0
        self._busy: dict[str, _File] = {}
        self._idle: OrderedDict[str, _File] = OrderedDict()  # freed last is last
        self._idle_bytes = 0
        self._mapped = 0

    def _own(self) -> threading.RLock:
        """The lock; after a fork, of a pool that leaves the parent's files alone."""
        if os.getpid() != self._pid:
            self._maker += f".{os.getpid()}"
            self._reset()
        return self._lock

    def write(self, buffers: Sequence[memoryview]) -> tuple[Segment, ...]:
        """Copy the buffers, each contiguous, to one file.

        Raises:
            SerializationError: no folder has room.
        """
        offsets, total = [], 0
        for buffer in buffers:
            offsets.append(total)
            total += -(-buffer.nbytes // ALIGNED) * ALIGNED
        with self._own():
            file = self._take(total)
        try:
            self._copy(file, buffers, offsets)
        except BaseException:
            self.free([file.name])
            raise
        return tuple(
            Segment(file.name, offset, buffer.nbytes)
            for offset, buffer in zip(offsets, buffers, strict=True)
        )

    def free(self, names: Iterable[str]) -> None:
        """Nobody maps these any more: use them again. Unknown names are passed over."""
        with self._own():
            for name in names:
                file = self._busy.pop(name, None)
                if file is not None:
                    self._idle[name] = file
                    self._idle_bytes += file.capacity
            while self._idle_bytes > self._limit_bytes:
                self._remove_oldest()

    def give_back(self, names: Iterable[str]) -> None:
        """Nobody was told of these: the same."""
        self.free(names)

    def discard(self, names: Iterable[str]) -> None:
        """Remove these files. Who maps one still sees it."""
        with self._own():
            for name in names:
                file = self._busy.pop(name, None)
                if file is None:
                    file = self._idle.pop(name, None)
                    self._idle_bytes -= file.capacity if file else 0
                if file is not None:
                    self._remove(file)

    def close(self) -> None:
        """Remove all files."""
        with self._own():
            self.discard([*self._busy, *self._idle])

    @property
    def busy_names(self) -> list[str]:
        """Files that were written and not freed."""
        with self._own():
            return list(self._busy)

    def _take(self, total: int) -> _File:
        capacity = _capacity(total)
        # Not one much too large: the next large buffer would have to make a new one.
        fitting = [
            f for f in self._idle.values() if capacity <= f.capacity <= 2 * capacity
        ]
        file = min(fitting, key=lambda f: f.capacity, default=None)
        if file is not None:
            del self._idle[file.name]
            self._idle_bytes -= file.capacity
            if not file.path.exists():  # somebody cleaned up
                self._remove(file)
                return self._take(total)
        else:
            file = self._create(capacity)
        self._busy[file.name] = file
        return file

    def _create(self, capacity: int) -> _File:
        while True:
            self._number += 1
            name = f"{self._maker}-{self._number}"
            try:
                os.close(create_file(self._folders, name, capacity))
                break
            except FileExistsError:  # of an earlier process with our name
                continue
            except FileNotFoundError as error:
                folder = self._folders[0]
                raise SerializationError(
                    f"{folder} is gone: the cluster was stopped"
                ) from error
            except OSError as error:
                if not self._idle:
                    raise SerializationError(
                        f"no room for {capacity:,} bytes of buffers in "
                        f"{' or '.join(map(str, self._folders))}: {error.strerror}"
                    ) from error
                while self._idle:
                    self._remove_oldest()
        return _File(name, find_file(self._folders, name), capacity)

    def _copy(
        self, file: _File, buffers: Sequence[memoryview], offsets: list[int]
    ) -> None:
        # A new file is written to: that makes its pages sooner than touching them in a
        # mapping would. From its second use on a mapping is worth while.
        mapped = self._mapping_of(file) if file.used else None
        file.used = True
        if mapped is not None:
            with memoryview(mapped) as target:
                for offset, buffer in zip(offsets, buffers, strict=True):
                    target[offset : offset + buffer.nbytes] = _flat(buffer)
            return
        fd = os.open(file.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            for offset, buffer in zip(offsets, buffers, strict=True):
                _write_all(fd, buffer, offset)
        finally:
            os.close(fd)

    def _mapping_of(self, file: _File) -> mmap.mmap | None:
        """The file's mapping; None when enough files are mapped."""
        with self._own():
            if file.mapped is None and self._mapped < MOST_MAPPED:
                fd = os.open(file.path, os.O_RDWR | os.O_CLOEXEC)
                try:
                    file.mapped = mmap.mmap(fd, file.capacity, **_POPULATED)
                finally:
                    os.close(fd)
                self._mapped += 1
            return file.mapped

    def _remove_oldest(self) -> None:
        _, file = self._idle.popitem(last=False)
        self._idle_bytes -= file.capacity
        self._remove(file)

    def _remove(self, file: _File) -> None:
        file.path.unlink(missing_ok=True)
        if file.mapped is not None:
            file.mapped.close()
            file.mapped = None
            self._mapped -= 1


def _capacity(total: int) -> int:
    """The size of a file for so many bytes: few sizes, so that files fit again."""
    if total <= SMALLEST:
        return SMALLEST
    step = 1 << max(total.bit_length() - 3, 12)
    return -(-total // step) * step


def _flat(buffer: memoryview) -> memoryview:
    return buffer if buffer.format == "B" and buffer.ndim == 1 else buffer.cast("B")


def _write_all(fd: int, buffer: memoryview, offset: int) -> None:
    left = _flat(buffer)
    while left:  # one call writes 2 GiB at most
        written = os.pwrite(fd, left, offset)
        left, offset = left[written:], offset + written


# --- reading --------------------------------------------------------------------------


class Hold:
    """A segment that we were told of. `note(name)` is called once nothing needs it.

    That is by whichever thread lets go of it last, or by the garbage collector; so
    `note` should only make a note.
    """

    __slots__ = ("_note", "name")

    def __init__(self, name: str, note: Callable[[str], None]) -> None:
        self.name = name
        self._note = note

    def __del__(self) -> None:
        self._note(self.name)


class _Mapping(mmap.mmap):
    """A private mapping. The hold goes when nothing refers to it any more."""

    hold: object = None
    gone: deque[None] | None = None

    def __del__(self) -> None:
        if self.gone is not None:
            self.gone.append(None)


class Mapper:
    """Maps segments for reading, and for writing to what only this process sees."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._most_held = _most_held()
        self._held = 0
        self._gone: deque[None] = deque()
        self._lock = threading.Lock()

    def map_all(
        self, segments: Sequence[Segment], holds: list[Hold]
    ) -> list[memoryview]:
        """The bytes of each segment, for the hold of each; `holds` is empty then.

        Raises:
            ProtocolError, OSError: as `map`; nothing is held.
        """
        try:
            return [
                self.map(segment, hold)
                for segment, hold in zip(segments, holds, strict=True)
            ]
        finally:
            holds.clear()

    def map(self, segment: Segment, hold: object = None) -> memoryview:
        """The segment's bytes, writable, and private to whoever asked.

        `hold` is kept for as long as there are objects over the memory. Beyond the
        number of mappings a process may have, the bytes are copied instead.

        Raises:
            ProtocolError: there is no such file, or it is shorter.
        """
        path = find_file(self._folders, segment.name)
        if not segment.size:
            return memoryview(bytearray())
        if path.is_symlink():  # none of ours, and it might lead anywhere
            raise ProtocolError(f"segment {segment.name} is a link")
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        try:
            length = os.fstat(fd).st_size
            if segment.offset < 0 or segment.offset + segment.size > length:
                raise ProtocolError(f"segment {segment.name} ends after {length} bytes")
            if self._may_hold():
                try:
                    return self._mapped(fd, segment, hold)
                except OSError:  # no descriptor, or no room among the mappings
                    self._gone.append(None)
            return _copied(fd, segment)
        finally:
            os.close(fd)

    def _may_hold(self) -> bool:
        with self._lock:
            while self._gone:
                self._gone.popleft()
                self._held -= 1
            if self._held >= self._most_held:
                return False
            self._held += 1
            return True

    def _mapped(self, fd: int, segment: Segment, hold: object) -> memoryview:
        before = segment.offset % mmap.ALLOCATIONGRANULARITY
        mapping = _Mapping(
            fd,
            segment.size + before,
            access=mmap.ACCESS_COPY,
            offset=segment.offset - before,
            **_UNTRACKED,
        )
        mapping.hold = hold
        mapping.gone = self._gone
        return memoryview(mapping)[before:]


def _copied(fd: int, segment: Segment) -> memoryview:
    data = memoryview(bytearray(segment.size))
    position = 0
    while position < segment.size:
        got = os.preadv(fd, [data[position:]], segment.offset + position)
        if not got:
            raise ProtocolError(f"segment {segment.name} was cut off")
        position += got
    return data


# Linux: fetch the pages at once, four times sooner than one by one.
_POPULATED: dict[str, Any] = (
    {"flags": mmap.MAP_SHARED | mmap.MAP_POPULATE}
    if hasattr(mmap, "MAP_POPULATE")
    else {}
)
# From Python 3.13 on a mapping need not keep a descriptor.
_UNTRACKED: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}


def _most_held() -> int:
    """Mappings this process may have: half of its descriptors, where each costs one."""
    if _UNTRACKED:
        return MOST_HELD
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_HELD
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_HELD
    return min(MOST_HELD, soft // 2)
