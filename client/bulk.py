"""Large buffers: where a client's segments lie, and how their bytes get there.

On the controller's host a buffer is written once into a file of the cluster's segment
folder, and the engines map it. From elsewhere its bytes go to the controller in chunks
of 1 MiB, never more than `WINDOW_BYTES` ahead of what it has taken, and the controller
makes the file. Results come back the same two ways.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ipcluster.client.pump import Piece
from ipcluster.wire.errors import (
    ClusterError,
    ProtocolError,
    SerializationError,
    TaskAborted,
    encode_info,
    to_info,
)
from ipcluster.wire.messages import (
    Chunk,
    ChunkCredit,
    ChunkRefused,
    Fetch,
    Released,
    Segment,
)
from ipcluster.wire.segments import Hold, Mapper, SegmentPool

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

    def __init__(self, connection: Connection, folders: Sequence[Path]) -> None:
        self._connection = connection
        self._uploads = _Uploads(connection)
        self._downloads = _Downloads(connection)
        self.pool: SegmentPool | _Uploads
        self._mapper: Mapper | None = None
        if connection.is_local:
            maker = f"c{connection.client}-{connection.session}"
            self.pool = SegmentPool(folders[0], folders[-1], maker, POOL_BYTES)
            self._mapper = Mapper(folders)
        else:
            self.pool = self._uploads

    def map(self, segments: Sequence[Segment], holds: list[Hold]) -> list[memoryview]:
        """The bytes of segments in files of this host, writable and private.

        Raises:
            ClusterError, OSError: they cannot be had.
        """
        assert self._mapper is not None
        return self._mapper.map_all(segments, holds)

    def fetch(self, segments: Sequence[Segment]) -> list[memoryview]:
        """The bytes of segments that lie at the controller; keep their holds meanwhile.

        Raises:
            ClusterError: they cannot be had.
        """
        return self._downloads.get(segments)

    def give_back(self, segments: Sequence[Segment]) -> None:
        """These were written, and nobody is told of them."""
        if segments:
            self.pool.give_back(list({segment.name for segment in segments}))

    def free(self, names: list[str]) -> None:
        """Nobody maps these files of ours any more."""
        self.pool.free(names)

    def on_chunk(self, chunk: Chunk, data: bytes) -> None:
        self._connection.post(ChunkCredit(chunk.name, len(data)))
        self._downloads.on_chunk(chunk, data)

    def on_credit(self, message: ChunkCredit) -> None:
        self._uploads.on_credit(message)

    def on_chunk_refused(self, message: ChunkRefused) -> None:
        self._uploads.on_refused(message)
        self._downloads.on_refused(message)

    def close(self) -> None:
        self.pool.close()


# --- results --------------------------------------------------------------------------


class _Download:
    """The bytes of one segment, as they come."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self.data = bytearray(segment.size)
        self.received = 0
        self.readers = 1
        self.refusal: str | None = None

    @property
    def is_done(self) -> bool:
        return self.received >= self.segment.size or self.refusal is not None

    def take(self, offset: int, data: bytes) -> bool:
        """Whether these are the bytes that it waits for: they come in order."""
        if offset != self.segment.offset + self.received or self.is_done:
            return False
        if self.received + len(data) > self.segment.size:
            raise ProtocolError("a chunk beyond the segment that was asked for")
        self.data[self.received : self.received + len(data)] = data
        self.received += len(data)
        return True


class _Downloads:
    """Segments that are read, each once however many threads ask for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._known: dict[Segment, _Download] = {}

    def get(self, segments: Sequence[Segment]) -> list[memoryview]:
        """The bytes of all, when they have come.

        No lock is held meanwhile: what brings them may be another thread, or a callback
        in this one.
        """
        connection = self._connection
        wanted = [self._begin(segment) for segment in segments]
        try:
            connection.wait(
                lambda: connection.failure is not None or all(d.is_done for d in wanted)
            )
            connection.check()
            for download in wanted:
                if download.refusal is not None:
                    raise ClusterError(
                        f"the result cannot be fetched: {download.refusal}"
                    )
        finally:
            self._forget(segments)
        return [memoryview(download.data) for download in wanted]

    def _begin(self, segment: Segment) -> _Download:
        with self._lock:
            download = self._known.get(segment)
            if download is not None:
                download.readers += 1
                return download
            download = self._known[segment] = _Download(segment)
        if segment.size:
            self._connection.post(Fetch(segment))
        return download

    def _forget(self, segments: Iterable[Segment]) -> None:
        """One reader of each less."""
        for segment in segments:
            with self._lock:
                download = self._known[segment]
                download.readers -= 1
                if not download.readers:
                    del self._known[segment]

    def on_chunk(self, chunk: Chunk, data: bytes) -> None:
        for download in self._of(chunk.name):
            if download.take(chunk.offset, data):
                return

    def on_refused(self, message: ChunkRefused) -> None:
        for download in self._of(message.name):
            download.refusal = message.reason
        self._connection.notify()

    def _of(self, name: str) -> list[_Download]:
        with self._lock:
            return [d for s, d in self._known.items() if s.name == name]


# --- arguments ------------------------------------------------------------------------


@dataclass
class _Upload:
    """One file on its way to the controller."""

    unacknowledged: int = 0
    refusal: str | None = None


class _Uploads:
    """A pool whose files are at the controller."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._under_way: dict[str, _Upload] = {}

    def write(self, buffers: Sequence[memoryview]) -> tuple[Segment, ...]:
        """Send the bytes of all into one file; returns when the controller has them.

        Raises:
            SerializationError: there is no room for them.
        """
        flat = [buffer.cast("B") for buffer in buffers]
        name = f"{self._connection.session}-{next(self._numbers)}"
        upload = self._under_way[name] = _Upload()
        try:
            self._send_all(name, upload, flat)
        except BaseException:
            self.give_back([name])
            raise
        finally:
            del self._under_way[name]
        segments, offset = [], 0
        for buffer in flat:
            segments.append(Segment(name, offset, buffer.nbytes))
            offset += buffer.nbytes
        return tuple(segments)

    def _send_all(
        self, name: str, upload: _Upload, buffers: Sequence[memoryview]
    ) -> None:
        total = sum([buffer.nbytes for buffer in buffers])
        offset = 0
        for buffer in buffers:
            for start in range(0, buffer.nbytes, CHUNK_BYTES):
                piece = buffer[start : start + CHUNK_BYTES]
                self._await(upload, WINDOW_BYTES - piece.nbytes)
                upload.unacknowledged += piece.nbytes
                chunk = Chunk(name, offset + start, total)
                self._connection.post(Piece(chunk, bytes(piece)))
            offset += buffer.nbytes
        self._await(upload, 0)

    def _await(self, upload: _Upload, most: int) -> None:
        """Wait until so much is under way at most."""
        connection = self._connection
        connection.wait(
            lambda: (
                upload.unacknowledged <= most
                or upload.refusal is not None
                or connection.failure is not None
            )
        )
        connection.check()
        if upload.refusal is not None:
            raise SerializationError(
                f"the arguments cannot be brought to the controller: {upload.refusal}"
            )

    def on_credit(self, message: ChunkCredit) -> None:
        upload = self._under_way.get(message.name)
        if upload is not None:
            upload.unacknowledged -= message.size_bytes

    def on_refused(self, message: ChunkRefused) -> None:
        upload = self._under_way.get(message.name)
        if upload is not None:
            upload.refusal = message.reason

    def free(self, names: Sequence[str]) -> None:
        """The controller has removed them."""

    def give_back(self, names: Sequence[str]) -> None:
        """They will not be needed after all."""
        if self._connection.failure is None:
            self._connection.post(Released(list(names)))

    def close(self) -> None:
        """The controller removes what a client leaves behind."""
