"""Frames on a stream socket: whole and in order, however the bytes come."""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Iterator

import pytest

from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.streams import (
    READ_BYTES,
    FramedStream,
    Received,
    StreamClosed,
    new_buffer,
    user_of,
)

Pair = tuple[FramedStream, FramedStream]


@pytest.fixture
def pair() -> Iterator[Pair]:
    near, far = map(FramedStream, socket.socketpair())
    yield near, far
    near.close()
    far.close()


def receive(stream: FramedStream, count: int) -> list[Received]:
    """So many frames, all of which have been sent."""
    frames: list[Received] = []
    buffer = new_buffer()
    while len(frames) < count:
        frames += stream.receive(buffer)
    return frames


def test_frames_come_as_they_were_sent(pair: Pair) -> None:
    near, far = pair
    sent: list[list[bytes | memoryview]] = [
        [b"one"],
        [b""],
        [b"head", b"raw"],
        [b"", b""],
        [b"x", memoryview(b"y")],
    ]

    for parts in sent:
        near.send(parts)

    assert receive(far, len(sent)) == [
        (b"one", None),
        (b"", None),
        (b"head", b"raw"),
        (b"", b""),
        (b"x", b"y"),
    ]
    assert far.receive(new_buffer()) == []


def test_frames_are_put_together_of_any_pieces(pair: Pair) -> None:
    near, far = pair
    rng = random.Random(3)
    sent: list[tuple[bytes, bytes | None]] = []
    data = bytearray()
    for _ in range(60):
        frame = rng.randbytes(rng.choice([0, 1, 3, 4, 100]))
        extra = rng.randbytes(rng.randrange(50)) if rng.random() < 0.5 else None
        sent.append((frame, extra))
        more = 0 if extra is None else 1 << 31
        data += struct.pack("<I", len(frame) | more) + frame
        if extra is not None:
            data += struct.pack("<I", len(extra)) + extra

    frames: list[Received] = []
    while data:
        size = rng.randrange(1, 12)
        near.socket.send(data[:size])
        del data[:size]
        frames += far.receive(new_buffer())

    assert frames == sent


def test_what_does_not_fit_waits_and_comes_in_order(pair: Pair) -> None:
    near, far = pair
    large = os.urandom(3 * READ_BYTES + 7)
    near.send([b"first", large])
    near.send([b"second"])
    assert near.has_backlog

    frames: list[Received] = []
    buffer = new_buffer()
    while len(frames) < 2:
        frames += far.receive(buffer)
        near.flush()

    assert frames == [(b"first", large), (b"second", None)]
    assert not near.has_backlog


@pytest.mark.parametrize("more", [0, 1 << 31], ids=["one part", "two parts"])
def test_a_length_beyond_the_limit_is_refused_before_the_bytes(
    pair: Pair, more: int
) -> None:
    near, far = pair
    far.limit_bytes = 1000
    near.socket.send(struct.pack("<I", 1001 | more))

    with pytest.raises(ProtocolError, match="a frame of 1,001 bytes"):
        far.receive(new_buffer())


def test_a_second_part_beyond_the_limit_is_refused(pair: Pair) -> None:
    near, far = pair
    far.limit_bytes = 1000
    near.socket.send(struct.pack("<I", 1 | 1 << 31) + b"x" + struct.pack("<I", 1001))

    with pytest.raises(ProtocolError, match="a frame of 1,001 bytes"):
        far.receive(new_buffer())


def test_what_was_sent_comes_before_the_end(pair: Pair) -> None:
    near, far = pair
    near.send([b"last words"])
    near.close()

    assert receive(far, 1) == [(b"last words", None)]
    with pytest.raises(StreamClosed):
        far.receive(new_buffer())


def test_sending_to_one_who_has_gone_is_told_by_reading(pair: Pair) -> None:
    near, far = pair
    far.close()

    near.send([b"hello"])
    near.send([b"head", b"raw"])
    near.flush()

    assert not near.has_backlog
    with pytest.raises(StreamClosed):
        near.receive(new_buffer())


def test_a_backlog_for_one_who_goes_is_let_go(pair: Pair) -> None:
    near, far = pair
    near.send([bytes(4 * READ_BYTES)])
    assert near.has_backlog
    far.close()

    near.flush()

    assert not near.has_backlog


def test_the_end_reaches_the_other_side_past_a_forked_copy(pair: Pair) -> None:
    near, far = pair
    copy = os.dup(near.fileno())  # as a child has it
    try:
        near.close()
        with pytest.raises(StreamClosed):
            far.receive(new_buffer())
    finally:
        os.close(copy)


@pytest.mark.skipif(
    not hasattr(socket, "SO_PEERCRED"), reason="this system does not tell"
)
def test_the_system_tells_whose_the_other_end_is(pair: Pair) -> None:
    assert user_of(pair[0].socket) == os.getuid()
