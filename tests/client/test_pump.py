"""Whoever waits hears of every message, also while another thread sends."""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from msgspec import Struct

from ipcluster.client.bell import Ears
from ipcluster.client.pump import Piece, Pump
from ipcluster.client.transports import TcpTransport, UnixTransport
from ipcluster.wire.curve import Watch
from ipcluster.wire.messages import Ack, Chunk
from ipcluster.wire.streams import FramedStream, new_buffer, unix_socket


class Heard:
    """What a pump works for: notes the frames that come, sends what it is given."""

    is_quiet = True
    is_over = False

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.waiting: list[Struct | Piece] = []

    def fill(self) -> list[Struct | Piece]:
        waiting, self.waiting = self.waiting, []
        return waiting

    def deliver(self, frame: bytes, attached: Callable[[], bytes]) -> None:
        self.frames.append(frame)

    def finish(self) -> bool:
        return False

    def tick(self) -> float:
        return 1.0

    def on_connected(self) -> None: ...

    def on_disconnected(self) -> None: ...


class Between:
    """Ears that do something once, just before they listen."""

    def __init__(self, ears: Ears, act: Callable[[], None]) -> None:
        self._ears = ears
        self._act: Callable[[], None] | None = act

    def wait(self, seconds: float | None) -> list[int]:
        if (act := self._act) is not None:
            self._act = None
            act()
        return self._ears.wait(seconds)


class PortLine:
    """A pump over a ZeroMQ socket, and the far end of it."""

    def __init__(self, _folder: Path) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        self._far = self._context.socket(zmq.PAIR)
        self._far.bind("inproc://line")
        near = self._context.socket(zmq.PAIR)
        watch = Watch(near)
        near.connect("inproc://line")
        self.heard = Heard()
        self.pump = Pump(TcpTransport(near, watch), self.heard)

    def say(self, frame: bytes) -> None:
        self._far.send(frame)

    def hear(self) -> bytes:
        """The next frame that the pump has sent."""
        assert self._far.poll(10_000)
        frame: bytes = self._far.recv()
        return frame

    def close(self) -> None:
        self.pump.close(0)
        self._far.close(0)
        self._context.destroy(0)


class FileLine:
    """A pump over a Unix socket, and the far end of it."""

    def __init__(self, folder: Path) -> None:
        path = folder / "door"
        with unix_socket() as listener:
            listener.bind(str(path))
            listener.listen()
            transport = UnixTransport(path)
            self._far = FramedStream(listener.accept()[0])
        self._came: deque[bytes] = deque()
        self.heard = Heard()
        self.pump = Pump(transport, self.heard)

    def say(self, frame: bytes) -> None:
        self._far.send([frame])

    def hear(self) -> bytes:
        """The next frame that the pump has sent."""
        while not self._came:
            assert select.select([self._far], [], [], 10)[0]
            received = self._far.receive(new_buffer())
            self._came.extend(frame for frame, _ in received)
        return self._came.popleft()

    def close(self) -> None:
        self.pump.close(0)
        self._far.close()


Line = PortLine | FileLine


@pytest.fixture(params=[PortLine, FileLine], ids=["port", "file"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    line: Line = request.param(tmp_path)
    yield line
    line.close()


def elsewhere(act: Callable[[], None]) -> None:
    """Do it in another thread, and wait until it is done."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(10)


@pytest.mark.parametrize("how", ["plain", "again", "send"])
def test_a_message_is_heard_that_came_while_another_thread_sent(
    line: Line, how: str
) -> None:
    pump = line.pump
    pump.numbered.pack([Ack(1)])
    sends = {
        "plain": lambda: pump.send_plain(b"hello"),
        "again": pump.send_again,
        "send": pump.send,
    }

    def both() -> None:
        # It has come, and its signal is taken by the one that sends.
        line.say(b"news")
        elsewhere(sends[how])

    pump._ears = Between(pump._ears, both)  # type: ignore[assignment]  # the moment that counts

    began = time.monotonic()
    assert pump.wait(lambda: bool(line.heard.frames), timeout=10)
    assert line.heard.frames == [b"news"]
    assert time.monotonic() - began < 5  # not when the time was over


@pytest.mark.parametrize("waits", [True, False], ids=["a thread waits", "nobody waits"])
def test_what_the_other_end_does_not_take_at_once_goes_later(
    tmp_path: Path, waits: bool
) -> None:
    """And a thread that sends it is not held up."""
    line = FileLine(tmp_path)
    try:
        data = bytes(4 << 20)
        ended = threading.Event()
        waiting = threading.Thread(target=line.pump.wait, args=(ended.is_set, 20))
        if waits:
            waiting.start()
            while not line.pump._driving:
                time.sleep(0.001)

        line.heard.waiting = [Piece(Chunk("a", 0, len(data)), data), Ack(7)]
        line.pump.send()

        assert b"chunk" in line.hear()
        assert b"ack" in line.hear()
        ended.set()
        if waits:
            line.pump.notify()
            waiting.join(10)
    finally:
        line.close()


def test_frames_that_came_at_once_are_not_forgotten_when_a_wait_ends(
    tmp_path: Path,
) -> None:
    line = FileLine(tmp_path)
    try:
        came = line.heard.frames
        for i in range(5):
            line.say(b"%d" % i)

        assert line.pump.wait(lambda: bool(came), timeout=10)

        deadline = time.monotonic() + 10
        while len(came) < 5:  # the I/O thread has the rest, with no further signal
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert came == [b"0", b"1", b"2", b"3", b"4"]
    finally:
        line.close()
