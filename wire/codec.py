"""Messages to frames and back; past this line nobody sees bytes.

A frame is a msgpack array of messages for one peer: whoever has several queued sends
them together. On a stream socket (an engine's link, a keeper's control socket) a frame
follows its length, four bytes little-endian. Decoding checks types and fields (msgspec)
and raises `ProtocolError`; nothing here ever unpickles.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import msgspec

from ipcluster.wire import messages as m
from ipcluster.wire.errors import ProtocolError

LENGTH = struct.Struct("<I")

# A frame longer than this is a broken or hostile peer: payloads beyond 256 KiB travel
# in segments, and senders close a batch at about 1 MiB.
FRAME_LIMIT_BYTES = 64 << 20

_encode = msgspec.msgpack.Encoder().encode
_to_controller = msgspec.msgpack.Decoder(list[m.ToController]).decode
_to_client = msgspec.msgpack.Decoder(list[m.ToClient]).decode
_to_link = msgspec.msgpack.Decoder(list[m.ToLink]).decode
_from_link = msgspec.msgpack.Decoder(list[m.FromLink]).decode
_to_keeper = msgspec.msgpack.Decoder(list[m.ToKeeperMessage]).decode
_from_keeper = msgspec.msgpack.Decoder(list[m.FromKeeper]).decode

_BROKEN = (msgspec.MsgspecError, RecursionError)


def pack(messages: Sequence[msgspec.Struct]) -> bytes:
    """One frame that carries these messages, in order."""
    return _encode(messages)


def pack_stream(messages: Sequence[msgspec.Struct]) -> bytes:
    """One frame for a stream socket: its length, then what `pack` gives."""
    body = _encode(messages)
    return LENGTH.pack(len(body)) + body


def pack_body(value: object) -> bytes:
    """The msgpack of plain values: the body of an `Ask` or an `Answer`."""
    return _encode(value)


def unpack_body(body: bytes) -> Any:
    try:
        return msgspec.msgpack.decode(body)
    except _BROKEN as error:
        raise ProtocolError(f"body that is no msgpack: {error}") from error


def unpack_to_controller(frame: bytes | memoryview) -> list[m.ToController]:
    try:
        return _to_controller(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message to a controller: {error}") from error


def unpack_to_client(frame: bytes | memoryview) -> list[m.ToClient]:
    try:
        return _to_client(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message to a client: {error}") from error


def unpack_to_link(frame: bytes | memoryview) -> list[m.ToLink]:
    try:
        return _to_link(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message to an engine: {error}") from error


def unpack_from_link(frame: bytes | memoryview) -> list[m.FromLink]:
    try:
        return _from_link(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message from an engine: {error}") from error


def unpack_to_keeper(frame: bytes | memoryview) -> list[m.ToKeeperMessage]:
    try:
        return _to_keeper(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message to a keeper: {error}") from error


def unpack_from_keeper(frame: bytes | memoryview) -> list[m.FromKeeper]:
    try:
        return _from_keeper(frame)
    except _BROKEN as error:
        raise ProtocolError(f"not a message from a keeper: {error}") from error


class FrameReader:
    """Cuts what a stream socket gives into frames."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now.

        Raises:
            ProtocolError: a length beyond `FRAME_LIMIT_BYTES`.
        """
        buffer = self._data
        if (
            not buffer
            and len(data) >= 4
            and LENGTH.unpack_from(data)[0] == len(data) - 4
        ):
            return [data[4:]]
        buffer += data
        frames, at, end = [], 0, len(buffer)
        while end - at >= 4:
            size = LENGTH.unpack_from(buffer, at)[0]
            if size > FRAME_LIMIT_BYTES:
                raise ProtocolError(f"a frame of {size:,} bytes")
            if end - at < 4 + size:
                break
            frames.append(bytes(buffer[at + 4 : at + 4 + size]))
            at += 4 + size
        if at:
            del buffer[:at]
        return frames
