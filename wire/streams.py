"""Frames on a non-blocking Unix stream socket, of one part or of two.

A part follows its length, four bytes little-endian. Raw bytes that belong to a frame of
messages (a chunk's) are a second part; the top bit of the first one's length says that
it follows. What the system does not take at once waits in a backlog, and goes when
whoever polls the socket finds that it can be written to.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from ipcluster.wire.codec import FRAME_LIMIT_BYTES, LENGTH
from ipcluster.wire.errors import ProtocolError

# Whether this system has such sockets.
HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")
# In the length of a part: another one follows.
_MORE = 1 << 31
_SIZE = _MORE - 1
# Bytes read at a time: what one connection may bring before others get their turn.
READ_BYTES = 1 << 18

_CREDENTIALS = struct.Struct("3i")

Buffer = bytes | memoryview


class StreamClosed(Exception):
    """The other end has gone: nothing more comes, and nothing can be sent."""


class Received(NamedTuple):
    """One frame."""

    frame: bytes
    extra: bytes | None


def new_buffer() -> memoryview:
    """To read into; made once, since that costs more than the system call."""
    return memoryview(bytearray(READ_BYTES))


def unix_socket() -> socket.socket:
    """A socket to listen or to connect with."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def user_of(sock: socket.socket) -> int | None:
    """The user at the other end, as the system knows it; None where it does not say."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    found = sock.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    _pid, user, _group = _CREDENTIALS.unpack(found)
    return int(user)


class FramedStream:
    """One end of a connection, for one thread at a time."""

    def __init__(
        self, sock: socket.socket, limit_bytes: int = FRAME_LIMIT_BYTES
    ) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.limit_bytes = limit_bytes
        """A part that is said to be longer is the end of the connection."""
        self._backlog: deque[Buffer] = deque()
        self._data = bytearray()

    def fileno(self) -> int:
        return self.socket.fileno()

    @property
    def has_backlog(self) -> bool:
        """Whether something waits until the socket can be written to."""
        return bool(self._backlog)

    # --- writing ----------------------------------------------------------------------

    def send(self, parts: Sequence[Buffer]) -> None:
        """One frame. If the other end has gone, reading will tell."""
        if len(parts) == 1:
            (frame,) = parts
            self._write(LENGTH.pack(len(frame)) + frame)
            return
        frame, extra = parts
        head = LENGTH.pack(len(frame) | _MORE)
        self._write(b"".join((head, frame, LENGTH.pack(len(extra)))))
        self._write(extra)

    def _write(self, data: Buffer) -> None:
        if self._backlog:
            self._backlog.append(data)
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent < len(data):
            self._backlog.append(memoryview(data)[sent:])

    def flush(self) -> None:
        """Send of the backlog what the system takes now."""
        backlog = self._backlog
        while backlog:
            head = memoryview(backlog[0])
            try:
                sent = self.socket.send(head)
            except BlockingIOError:
                return
            except OSError:
                backlog.clear()
                return
            if sent == len(head):
                backlog.popleft()
            else:
                backlog[0] = head[sent:]

    # --- reading ----------------------------------------------------------------------

    def receive(self, buffer: memoryview) -> list[Received]:
        """Read once, and give the frames that are complete.

        Raises:
            StreamClosed: nothing more comes.
            ProtocolError: a length beyond the limit.
        """
        try:
            size = self.socket.recv_into(buffer)
        except BlockingIOError:
            return []
        except OSError as error:
            raise StreamClosed from error
        if not size:
            raise StreamClosed
        if (
            not self._data
            and 4 <= size <= self.limit_bytes
            and LENGTH.unpack_from(buffer)[0] == size - 4
        ):
            return [Received(bytes(buffer[4:size]), None)]
        self._data += buffer[:size]
        return self._cut()

    def _cut(self) -> list[Received]:
        frames: list[Received] = []
        at = 0
        while (frame := self._part(at)) is not None:
            begin, end, more = frame
            extra = None
            at_next = end
            if more:
                second = self._part(end)
                if second is None:
                    break
                extra = bytes(self._data[second[0] : second[1]])
                at_next = second[1]
            frames.append(Received(bytes(self._data[begin:end]), extra))
            at = at_next
        del self._data[:at]
        return frames

    def _part(self, at: int) -> tuple[int, int, bool] | None:
        """Where the part whose length is at `at` begins and ends, once it is whole.

        And whether another one follows.
        """
        begin = at + 4
        if len(self._data) < begin:
            return None
        (size,) = LENGTH.unpack_from(self._data, at)
        end = begin + (size & _SIZE)
        if end - begin > self.limit_bytes:
            raise ProtocolError(f"a frame of {end - begin:,} bytes")
        return (begin, end, bool(size & _MORE)) if end <= len(self._data) else None

    def close(self) -> None:
        """End the connection, for a forked child that has a copy of it as well."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
