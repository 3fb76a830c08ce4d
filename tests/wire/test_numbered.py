"""Numbered frames: whatever a connection loses, each side gets all, once, in order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipcluster.wire.codec import unpack_to_controller
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Ack, Chunk, Numbered
from ipcluster.wire.numbered import SILENT_FRAMES, NumberedFrames


def receive(side: NumberedFrames, frames: list[bytes | memoryview]) -> list[int]:
    """The numbers of the `Ack`s in a frame, if it is new."""
    first, *rest = unpack_to_controller(frames[0])
    assert isinstance(first, Numbered)
    if not side.take(first):
        return []
    return [message.number for message in rest if isinstance(message, Ack)]


def test_frames_are_kept_until_the_other_has_said_that_they_came() -> None:
    near, far = NumberedFrames(), NumberedFrames()
    frames = [near.pack([Ack(i)]) for i in range(3)]
    assert receive(far, frames[0]) == [0]
    assert near.size_bytes == sum(len(frame[0]) for frame in frames)

    receive(near, far.pack([]))

    assert near.size_bytes == sum(len(frame[0]) for frame in frames[1:])
    assert near.again(far.taken) == frames[1:]


def test_a_frame_that_comes_twice_is_passed_over() -> None:
    near, far = NumberedFrames(), NumberedFrames()
    frame = near.pack([Ack(1)])

    assert receive(far, frame) == [1]
    assert receive(far, frame) == []


def test_a_missing_frame_is_noticed() -> None:
    near, far = NumberedFrames(), NumberedFrames()
    near.pack([Ack(1)])

    with pytest.raises(ProtocolError, match="one was lost"):
        receive(far, near.pack([Ack(2)]))


def test_bytes_of_a_chunk_are_kept_with_it() -> None:
    near = NumberedFrames()

    frames = near.pack([Chunk("a", 0, 3)], b"abc")

    assert frames[1] == b"abc"
    assert near.again(0) == [frames]


def test_who_only_listens_says_so_in_time() -> None:
    near, far = NumberedFrames(), NumberedFrames()
    for i in range(SILENT_FRAMES):
        assert not far.is_owed
        receive(far, near.pack([Ack(i)]))

    assert far.is_owed
    near.take(far.said())

    assert not far.is_owed
    assert near.size_bytes == 0
    assert near.taken == 0


@given(st.integers(0, 1 << 30))
def test_random_cuts_lose_and_double_nothing(seed: int) -> None:
    rng = random.Random(seed)
    sides = [NumberedFrames(), NumberedFrames()]
    ways: list[list[list[bytes | memoryview]]] = [[], []]  # to 0, to 1
    got: list[list[int]] = [[], []]
    sent = [0, 0]

    for _ in range(60):
        side = rng.randrange(2)
        match rng.randrange(5):
            case 0 | 1:
                ways[1 - side].append(sides[side].pack([Ack(sent[side])]))
                sent[side] += 1
            case 2 | 3 if ways[side]:
                got[side] += receive(sides[side], ways[side].pop(0))
            case 4:  # cut: a part of what is under way is lost, then both go on
                taken = sides[0].taken, sides[1].taken
                ways[1] = list(sides[0].again(taken[1]))
                ways[0] = list(sides[1].again(taken[0]))
            case _:
                pass
    for side in range(2):
        for frames in ways[side]:
            got[side] += receive(sides[side], frames)

    assert got == [list(range(sent[1])), list(range(sent[0]))]
