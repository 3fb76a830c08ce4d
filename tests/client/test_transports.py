"""A client's Unix socket: it never blocks, and comes back when it broke."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ipcluster.client.transports import Change, UnixTransport
from ipcluster.wire.errors import ConnectionLost
from ipcluster.wire.streams import FramedStream, StreamClosed, new_buffer, unix_socket

LARGE = bytes(8 << 20)


class Far:
    """The other end, which may go and come back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[socket.socket] = []
        self.listen()

    def listen(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = unix_socket()
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._open.append(self._listener)

    def accept(self) -> FramedStream:
        sock, _ = self._listener.accept()
        self._open.append(sock)
        return FramedStream(sock)

    def close(self) -> None:
        for sock in self._open:
            sock.close()
        self._open.clear()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    far = Far(tmp_path / "door")
    yield far
    far.close()


@pytest.fixture
def near(far: Far) -> Iterator[UnixTransport]:
    near = UnixTransport(far.path)
    yield near
    near.close(0)


def can_read(fd: int, seconds: float = 10.0) -> bool:
    return bool(select.select([fd], [], [], seconds)[0])


def received(end: FramedStream, near: UnixTransport | None = None) -> bytes:
    """The next frame; the near end writes on meanwhile."""
    deadline = time.monotonic() + 10
    while not (frames := end.receive(new_buffer())):
        assert time.monotonic() < deadline
        if near is not None:
            near.receive()
    return frames[0].frame


def test_frames_with_and_without_raw_bytes(far: Far, near: UnixTransport) -> None:
    end = far.accept()
    end.send([b"one"])
    end.send([b"two", b"raw"])

    assert can_read(near.fd)
    assert (near.receive(), near.attached()) == (b"one", b"")
    assert near.has_more
    assert (near.receive(), near.attached()) == (b"two", b"raw")
    assert not near.has_more
    assert near.receive() is None


def test_sending_does_not_wait(far: Far, near: UnixTransport) -> None:
    end = far.accept()

    near.send([b"head", LARGE])

    assert near.wants_to_write
    assert received(end, near) == b"head"
    assert not near.wants_to_write


def test_a_broken_connection_is_told_and_quiet(far: Far, near: UnixTransport) -> None:
    far.accept()
    fd = near.fd
    near.send([LARGE])
    far.close()

    assert near.receive() is None

    assert can_read(near.watch_fd)
    assert near.look() == [Change.BROKEN]
    assert isinstance(near.refusal, ConnectionLost)
    assert near.fd == fd
    assert not can_read(fd, 0)
    assert not can_read(near.watch_fd, 0)
    assert not near.wants_to_write
    assert near.receive() is None
    assert near.look() == []


def test_it_comes_back_over_the_same_descriptor(far: Far, near: UnixTransport) -> None:
    far.accept()
    far.close()
    near.receive()
    assert near.look() == [Change.BROKEN]
    near.send([b"lost: numbered frames are sent again"])

    far.listen()
    assert near.look(again=False) == []
    assert near.look() == [Change.CONNECTED]

    end = far.accept()
    near.send([b"hello again"])
    assert received(end) == b"hello again"
    end.send([b"welcome"])
    assert can_read(near.fd)
    assert near.receive() == b"welcome"
    assert not os.get_inheritable(near.fd)


def test_half_a_frame_of_a_broken_connection_is_forgotten(
    far: Far, near: UnixTransport
) -> None:
    far.accept().socket.send(b"\x10\0\0\0half")
    far.close()
    while near.look(again=False) != [Change.BROKEN]:
        near.receive()

    far.listen()
    assert near.look() == [Change.CONNECTED]

    far.accept().send([b"whole"])
    assert can_read(near.fd)
    assert near.receive() == b"whole"


def test_what_is_no_controller_is_left(far: Far, near: UnixTransport) -> None:
    far.accept().socket.send(b"\xff\xff\xff\xff")

    assert near.receive() is None

    assert near.look(again=False) == [Change.BROKEN]
    assert "does not speak as a controller" in str(near.refusal)


def test_the_end_sends_what_waits(far: Far, near: UnixTransport) -> None:
    end = far.accept()
    near.send([b"small"])

    near.close(1)
    near.close(1)

    assert received(end) == b"small"
    with pytest.raises(StreamClosed):
        end.receive(new_buffer())


def test_the_end_does_not_wait_for_ever(far: Far, near: UnixTransport) -> None:
    far.accept()
    near.send([LARGE])
    begun = time.monotonic()

    near.close(0.05)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "make",
    [lambda path: None, Path.touch, lambda path: path.mkdir()],
    ids=["nothing", "a file", "a folder"],
)
def test_where_nobody_listens(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "x")

    with pytest.raises(OSError, match=r"No such file|refused|not permitted|Is a"):
        UnixTransport(tmp_path / "x")
