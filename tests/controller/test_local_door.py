"""The door for peers of this host: who is let near, and that nobody keeps others."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipcluster.controller import local_door
from ipcluster.controller.local_door import (
    MOST_FRAMES,
    MOST_STRANGERS,
    LocalDoor,
    Taken,
)
from ipcluster.wire.codec import unpack_to_client
from ipcluster.wire.messages import Refused
from ipcluster.wire.streams import (
    FramedStream,
    Received,
    StreamClosed,
    new_buffer,
    unix_socket,
)

PATIENCE = 10.0


class Loop:
    """What a controller's loop does with a door: all who say something are let in."""

    def __init__(self, path: Path, known: Callable[[bytes], bool]) -> None:
        self.path = path
        self.door = LocalDoor(path)
        self.poller = select.poll()
        self.came: list[tuple[int, bytes, Received]] = []
        self.gone: list[int] = []
        self._peers: list[FramedStream] = []
        self.door.on_disconnect = self.gone.append
        self.door.attach(self.poller, known)

    def turn(self) -> None:
        """One round, and peers write on."""
        for peer in self._peers:
            peer.flush()
        for taken in self.door.left_over():
            self._note(taken)
        for fd, events in self.poller.poll(20):
            if self.door.owns(fd) and (came := self.door.on_ready(fd, events)):
                self._note(came)

    def _note(self, taken: Taken) -> None:
        number, route, frames = taken
        self.came += [(number, route, frame) for frame in frames]

    def until(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < deadline
            self.turn()

    def peer(self) -> FramedStream:
        """A connection; it is accepted in a later round."""
        sock = unix_socket()
        sock.connect(str(self.path))
        peer = FramedStream(sock)
        self._peers.append(peer)
        return peer

    def close(self) -> None:
        self.door.close(0)
        for peer in self._peers:
            peer.socket.close()


@pytest.fixture
def known() -> set[bytes]:
    """Whose hello was accepted."""
    return set()


@pytest.fixture
def loop(tmp_path: Path, known: set[bytes]) -> Iterator[Loop]:
    loop = Loop(tmp_path / "door", known.__contains__)
    yield loop
    loop.close()


def said(loop: Loop, peer: FramedStream) -> list[Received]:
    """What the door says to a peer until it says something."""
    frames: list[Received] = []

    def heard() -> bool:
        frames.extend(peer.receive(new_buffer()))
        return bool(frames)

    loop.until(heard)
    return frames


def ends(loop: Loop, peer: FramedStream) -> bool:
    """Whether the door has ended this connection."""
    try:
        peer.receive(new_buffer())
    except StreamClosed:
        return True
    return False


def test_frames_there_and_back_and_the_end(loop: Loop) -> None:
    first, second = loop.peer(), loop.peer()
    first.send([b"from the first"])
    second.send([b"from the second", b"raw"])
    loop.until(lambda: len(loop.came) == 2)
    (number, route, frame), (_, other, raw) = sorted(loop.came)

    loop.door.send(other, [b"to the second"])
    loop.door.send(route, [b"to the first", b"raw"])

    assert frame == (b"from the first", None)
    assert raw == (b"from the second", b"raw")
    assert said(loop, first) == [(b"to the first", b"raw")]
    assert said(loop, second) == [(b"to the second", None)]
    first.close()
    loop.until(lambda: loop.gone)
    assert loop.gone == [number]
    loop.door.send(route, [b"too late"])


def test_one_who_does_not_read_keeps_nobody_waiting(loop: Loop) -> None:
    deaf, other = loop.peer(), loop.peer()
    deaf.send([b"deaf"])
    loop.until(lambda: loop.came)
    _, route, _ = loop.came.pop()
    for _ in range(8):
        loop.door.send(route, [bytes(1 << 20)])

    other.send([b"other"])
    loop.until(lambda: loop.came)
    loop.door.send(loop.came[0][1], [b"answer"])
    assert said(loop, other) == [(b"answer", None)]

    # And it gets all of it when it reads at last.
    frames: list[Received] = []

    def all_came() -> bool:
        frames.extend(deaf.receive(new_buffer()))
        return len(frames) == 8

    loop.until(all_came)
    assert {len(frame) for frame, _ in frames} == {1 << 20}


def test_one_who_floods_is_read_in_turns(loop: Loop, known: set[bytes]) -> None:
    flood, other = loop.peer(), loop.peer()
    flood.send([b"in"])
    loop.until(lambda: loop.came)
    known.add(loop.came.pop()[1])
    for _ in range(40):
        flood.send([bytes(100_000)])

    other.send([b"other"])
    for _ in range(6):  # to be accepted, and read: no more than a turn of the others'
        loop.turn()

    assert b"other" in [frame for _, _, (frame, _) in loop.came]


def test_many_small_frames_are_taken_in_shares(loop: Loop) -> None:
    flood, other = loop.peer(), loop.peer()
    count = 10 * MOST_FRAMES + 1
    flood.socket.send(b"".join(struct.pack("<IB", 1, i % 256) for i in range(count)))
    loop.until(lambda: loop.came)

    assert len(loop.came) == MOST_FRAMES
    other.send([b"other"])
    for _ in range(2):  # to be accepted, and read
        loop.turn()
    assert b"other" in [frame for _, _, (frame, _) in loop.came]
    assert len(loop.came) < count
    loop.until(lambda: len(loop.came) == count + 1)
    small = [frame for _, _, (frame, _) in loop.came if frame != b"other"]
    assert small == [bytes([i % 256]) for i in range(count)]


def test_what_is_left_of_one_who_went_is_forgotten(loop: Loop) -> None:
    flood = loop.peer()
    flood.socket.send(struct.pack("<IB", 1, 7) * (MOST_FRAMES + 1))
    loop.until(lambda: loop.came)

    loop.door.drop(loop.came[0][1])

    assert loop.door.left_over() == []


def test_a_stranger_says_little(loop: Loop, known: set[bytes]) -> None:
    stranger, peer = loop.peer(), loop.peer()
    peer.send([b"in"])
    loop.until(lambda: loop.came)
    known.add(loop.came.pop()[1])

    stranger.send([bytes(1 << 17)])
    peer.send([bytes(1 << 17)])

    loop.until(lambda: loop.came and loop.gone)
    assert [len(frame) for _, _, (frame, _) in loop.came] == [1 << 17]
    assert ends(loop, stranger)
    assert not ends(loop, peer)


@pytest.mark.parametrize(
    "data",
    [b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 4096],
    ids=["HTTP", "ones"],
)
def test_what_is_no_frame_ends_the_connection(loop: Loop, data: bytes) -> None:
    stranger = loop.peer()
    stranger.socket.send(data)

    loop.until(lambda: loop.gone)

    assert loop.came == []
    assert ends(loop, stranger)


def test_of_many_without_a_hello_the_oldest_goes(loop: Loop, known: set[bytes]) -> None:
    peer = loop.peer()
    peer.send([b"in"])
    loop.until(lambda: loop.came)
    known.add(loop.came.pop()[1])

    half_open = []
    for _ in range(MOST_STRANGERS + 1):
        half_open.append(loop.peer())
        loop.turn()
    loop.until(lambda: loop.gone)

    assert len(loop.gone) == 1
    assert ends(loop, half_open[0])
    assert not ends(loop, half_open[1])
    peer.send([b"still here"])
    loop.until(lambda: loop.came)


def test_another_user_is_told_and_turned_away(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_door, "user_of", lambda _socket: 12_345)
    stranger = loop.peer()
    stranger.send([b"hello"])

    [(frame, _)] = said(loop, stranger)

    [message] = unpack_to_client(frame)
    assert isinstance(message, Refused)
    assert "another user's" in message.reason
    assert loop.came == []
    assert ends(loop, stranger)


def test_a_connection_that_was_replaced_ends_without_a_word(loop: Loop) -> None:
    peer = loop.peer()
    peer.send([b"in"])
    loop.until(lambda: loop.came)

    loop.door.drop(loop.came[0][1])
    loop.door.drop(loop.came[0][1])

    assert ends(loop, peer)
    assert loop.gone == []


def test_no_descriptor_left(loop: Loop) -> None:
    peer, late = loop.peer(), loop.peer()
    peer.send([b"in"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        spare = socket.socket()
        free = spare.fileno()
        spare.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        assert loop.poller.poll(1000)
        loop.turn()

    assert ends(loop, peer)
    late.send([b"in"])
    loop.until(lambda: loop.came)


def test_a_file_that_was_left_there_is_replaced(tmp_path: Path) -> None:
    left = unix_socket()
    left.bind(str(tmp_path / "door"))
    left.close()

    loop = Loop(tmp_path / "door", lambda _route: False)
    loop.peer().send([b"in"])
    loop.until(lambda: loop.came)

    loop.close()
    assert not (tmp_path / "door").exists()


def test_a_path_that_is_too_long_leaves_the_port(tmp_path: Path) -> None:
    loop = Loop(tmp_path / ("x" * 120), lambda _route: False)

    assert not loop.door.is_open

    loop.turn()
    loop.close()


def test_the_end_waits_for_one_who_reads(loop: Loop) -> None:
    peer = loop.peer()
    peer.send([b"in"])
    loop.until(lambda: loop.came)
    size = 1 << 22
    loop.door.send(loop.came[0][1], [bytes(size)])
    frames: list[Received] = []

    def read() -> None:
        with contextlib.suppress(StreamClosed):
            while not frames:
                frames.extend(peer.receive(new_buffer()))

    thread = threading.Thread(target=read)
    thread.start()
    loop.door.close(PATIENCE)
    thread.join(PATIENCE)

    assert [len(frame) for frame, _ in frames] == [size]


def test_lengths_are_little_endian_and_before_each_part(loop: Loop) -> None:
    peer = loop.peer()
    peer.socket.send(struct.pack("<I", 3) + b"abc")

    loop.until(lambda: loop.came)

    assert loop.came[0][2] == (b"abc", None)
