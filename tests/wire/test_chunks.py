"""Segments in chunks: two ends in memory, and everything that a file can refuse."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.wire.chunks import (
    CHUNK_BYTES,
    MOST_INBOUND,
    MOST_OUTBOUND,
    WINDOW_BYTES,
    ChunkFiles,
)
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.messages import Chunk, ChunkCredit, ChunkRefused, Segment


class End:
    """One side, and what it was told."""

    def __init__(self, *folders: Path) -> None:
        self.folder = folders[0]
        for folder in folders:
            folder.mkdir(exist_ok=True)
        self.arrived: list[str] = []
        self.sent: list[str] = []
        self.refused: list[tuple[str, str]] = []
        self.files = ChunkFiles(
            folders,
            self.arrived.append,
            self.sent.append,
            lambda name, reason: self.refused.append((name, reason)),
        )

    def write(self, name: str, size_bytes: int) -> bytes:
        data = os.urandom(size_bytes)
        (self.folder / name).write_bytes(data)
        return data


@pytest.fixture
def near(tmp_path: Path) -> Iterator[End]:
    end = End(tmp_path / "near")
    yield end
    end.files.close()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[End]:
    end = End(tmp_path / "far")
    yield end
    end.files.close()


def carry(source: End, target: End) -> int:
    """Move what may be moved, with credits; how many chunks that were."""
    chunks = list(source.files.take())
    for chunk, data in chunks:
        answer = target.files.on_chunk(chunk, memoryview(data))
        if isinstance(answer, ChunkCredit):
            source.files.on_credit(answer)
        elif isinstance(answer, ChunkRefused):
            source.files.on_refused(answer)
    return len(chunks)


def test_a_segment_arrives_whole_and_no_more_than_its_bytes(
    near: End, far: End
) -> None:
    data = near.write("a", 3 * CHUNK_BYTES)

    near.files.push(Segment("a", 0, 2 * CHUNK_BYTES + 5))
    while carry(near, far):
        pass

    assert (far.folder / "a").read_bytes() == data[: 2 * CHUNK_BYTES + 5]
    assert (far.arrived, near.sent) == (["a"], ["a"])


def test_no_more_than_the_window_is_under_way_and_files_take_turns(near: End) -> None:
    near.write("a", 2 * WINDOW_BYTES)
    near.write("b", 2 * WINDOW_BYTES)
    near.files.push(Segment("a", 0, 2 * WINDOW_BYTES))
    near.files.push(Segment("b", 0, 2 * WINDOW_BYTES))

    chunks = list(near.files.take())

    assert sum(len(data) for _, data in chunks) == WINDOW_BYTES
    assert [chunk.name for chunk, _ in chunks[:4]] == ["a", "b", "a", "b"]
    assert list(near.files.take()) == []
    near.files.on_credit(ChunkCredit("b", CHUNK_BYTES))
    assert len(list(near.files.take())) == 1


def test_two_ranges_of_one_file_go_one_behind_the_other(near: End) -> None:
    data = near.write("a", 1000)
    near.files.push(Segment("a", 0, 600))
    near.files.push(Segment("a", 600, 400))

    found = [(chunk.offset, piece) for chunk, piece in near.files.take()]
    near.files.on_credit(ChunkCredit("a", 1000))

    assert found == [(0, data[:600]), (600, data[600:])]
    assert near.sent == ["a", "a"]


def test_no_room_is_said_and_leaves_nothing(near: End, far: End) -> None:
    near.write("a", 4 * CHUNK_BYTES)
    (far.folder / "a").write_bytes(b"taken")
    near.files.push(Segment("a", 0, 4 * CHUNK_BYTES))

    carry(near, far)

    (name, reason) = near.refused[0]
    assert name == "a"
    assert "cannot write" in reason
    assert far.refused
    assert (far.folder / "a").read_bytes() == b"taken"
    assert carry(near, far) == 0


@pytest.mark.parametrize("name", ["../a", "/a", "a/b", "", ".a", "a" * 101, "a\0b"])
def test_a_name_is_no_path(near: End, name: str) -> None:
    with pytest.raises(ProtocolError, match="no segment's name"):
        near.files.on_chunk(Chunk(name, 0, 1), memoryview(b"x"))
    with pytest.raises(ProtocolError, match="no segment's name"):
        near.files.push(Segment(name, 0, 1))


@pytest.mark.parametrize("total", [-1, 1 << 62])
def test_a_file_has_a_size(near: End, total: int) -> None:
    with pytest.raises(ProtocolError, match="a file of"):
        near.files.on_chunk(Chunk("a", 0, total), memoryview(b"x"))


def test_a_chunk_lies_in_its_file(near: End) -> None:
    with pytest.raises(ProtocolError, match="beyond the end"):
        near.files.on_chunk(Chunk("a", 0, 2), memoryview(b"xyz"))
    with pytest.raises(ProtocolError, match="beyond the end"):
        near.files.on_chunk(Chunk("a", -1, 2), memoryview(b"x"))


def test_what_is_not_there_cannot_be_sent(near: End) -> None:
    near.write("a", 10)

    with pytest.raises(ProtocolError, match="no segment none"):
        near.files.push(Segment("none", 0, 1))
    for offset in (-1, 11):
        with pytest.raises(ProtocolError, match="ends at"):
            near.files.push(Segment("a", offset, 100))


def test_a_peer_has_only_so_many_files_open(near: End) -> None:
    near.write("out", 1)
    for i in range(MOST_INBOUND):
        near.files.on_chunk(Chunk(f"a{i}", 0, 2), memoryview(b"x"))
    for _ in range(MOST_OUTBOUND):
        near.files.push(Segment("out", 0, 1))

    with pytest.raises(ProtocolError, match="files at a time"):
        near.files.on_chunk(Chunk("b", 0, 2), memoryview(b"x"))
    with pytest.raises(ProtocolError, match="segments at a time"):
        near.files.push(Segment("out", 0, 1))


def test_half_a_file_goes_when_its_peer_goes(near: End) -> None:
    near.files.on_chunk(Chunk("a", 0, 2), memoryview(b"x"))

    near.files.close()

    assert list(near.folder.iterdir()) == []


def test_more_credit_than_was_given_changes_nothing(near: End) -> None:
    near.write("a", 2 * WINDOW_BYTES)
    near.files.push(Segment("a", 0, 2 * WINDOW_BYTES))
    list(near.files.take())

    near.files.on_credit(ChunkCredit("a", 1 << 60))
    near.files.on_credit(ChunkCredit("a", -(1 << 60)))
    near.files.on_credit(ChunkCredit("none", 1))

    assert sum(len(data) for _, data in near.files.take()) == WINDOW_BYTES
