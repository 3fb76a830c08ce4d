"""Large buffers: where a client's segments lie, and how their bytes get there.

On the controller's host a buffer is written once into a file of the cluster's segment
folder, and the engines map it. From elsewhere its bytes go to the controller in chunks
of 1 MiB, never more than `WINDOW_BYTES` ahead of what it has taken, and the controller
makes the file. Results come back the same two ways.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ipcluster.client.pump import Piece
from ipcluster.wire.errors import (
    ProtocolError,
    TaskAborted,
    encode_info,
    to_info,
)
from ipcluster.wire.messages import Chunk, ChunkCredit, Fetch, Segment
from ipcluster.wire.segments import Mapper, SegmentPool

if TYPE_CHECKING:
    from ipcluster.client.connection import Connection

# A chunk, and what may be on its way: enough for a gigabit line over 60 ms.
CHUNK_BYTES = 1 << 20
WINDOW_BYTES = 8 << 20
# Bytes of files that a client keeps for use again.
POOL_BYTES = 1 << 30

ABORTED = encode_info(
    to_info(TaskAborted("the task was taken back before it was sent"))
)


class Stores:
    """The segments a client makes, and those of the results it gets."""

    def __init__(self, connection: Connection, folder: str) -> None:
        self._connection = connection
        self._downloads: dict[str, _Download] = {}
        self._uploads = _Uploads(connection)
        self.pool: SegmentPool | _Uploads
        self._mapper: Mapper | None = None
        if connection.is_local:
            maker = f"c{connection.client}-{connection.session}"
            self.pool = SegmentPool(Path(folder), None, maker, POOL_BYTES)
            self._mapper = Mapper([Path(folder)], connection.release)
        else:
            self.pool = self._uploads

    def map(self, segment: Segment) -> memoryview:
        """The segment's bytes, writable and private; it is released in time."""
        if self._mapper is not None:
            return self._mapper.map(segment)
        connection = self._connection
        download = self._downloads[segment.name] = _Download(segment)
        try:
            connection.post(Fetch(segment))
            connection.wait(lambda: download.is_done or connection.failure is not None)
            connection.check()
        finally:
            del self._downloads[segment.name]
            connection.release(segment.name)
        return memoryview(download.data)

    def free(self, names: list[str]) -> None:
        """Nobody maps these files of ours any more."""
        self.pool.free(names)

    def on_chunk(self, chunk: Chunk, data: bytes) -> None:
        download = self._downloads.get(chunk.name)
        if download is not None:
            download.take(chunk.offset, data)
        self._connection.post(ChunkCredit(chunk.name, len(data)))

    def on_credit(self, message: ChunkCredit) -> None:
        self._uploads.on_credit(message)

    def close(self) -> None:
        self.pool.close()


class _Download:
    def __init__(self, segment: Segment) -> None:
        self.data = bytearray(segment.size)
        self._offset = segment.offset
        self._missing = segment.size

    @property
    def is_done(self) -> bool:
        return self._missing <= 0

    def take(self, offset: int, data: bytes) -> None:
        start = offset - self._offset
        if start < 0 or start + len(data) > len(self.data):
            raise ProtocolError("a chunk outside the segment that was asked for")
        self.data[start : start + len(data)] = data
        self._missing -= len(data)


class _Uploads:
    """A pool whose files are at the controller."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._under_way: dict[str, int] = {}

    def write(self, buffers: Sequence[memoryview]) -> tuple[Segment, ...]:
        """Send the bytes of all into one file; returns when the last is on its way."""
        connection = self._connection
        name = f"{connection.session}-{next(self._numbers)}"
        flat = [buffer.cast("B") for buffer in buffers]
        total = sum([buffer.nbytes for buffer in flat])
        segments, offset = [], 0
        self._under_way[name] = 0
        try:
            for buffer in flat:
                self._send(name, buffer, offset, total)
                segments.append(Segment(name, offset, buffer.nbytes))
                offset += buffer.nbytes
        except BaseException:
            del self._under_way[name]
            raise
        return tuple(segments)

    def _send(self, name: str, buffer: memoryview, offset: int, total: int) -> None:
        connection = self._connection
        for start in range(0, buffer.nbytes, CHUNK_BYTES):
            piece = buffer[start : start + CHUNK_BYTES]
            connection.wait(
                lambda: (
                    self._under_way[name] < WINDOW_BYTES
                    or connection.failure is not None
                )
            )
            connection.check()
            self._under_way[name] += piece.nbytes
            connection.post(Piece(Chunk(name, offset + start, total), bytes(piece)))

    def on_credit(self, message: ChunkCredit) -> None:
        left = self._under_way.get(message.name)
        if left is not None:
            self._under_way[message.name] = left - message.size_bytes

    def free(self, names: Sequence[str]) -> None:
        for name in names:
            self._under_way.pop(name, None)

    def discard(self, names: Sequence[str]) -> None:
        self.free(names)

    def close(self) -> None:
        self._under_way.clear()
