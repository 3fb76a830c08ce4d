"""Whoever waits hears of every message, also while another thread sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zmq
from msgspec import Struct

from ipcluster.client.bell import Ears
from ipcluster.client.pump import Piece, Pump
from ipcluster.client.transports import TcpTransport
from ipcluster.wire.curve import Watch
from ipcluster.wire.messages import Ack


class Heard:
    """What a pump works for: notes the frames that come, sends nothing by itself."""

    is_quiet = True
    is_over = False

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def fill(self) -> list[Struct | Piece]:
        return []

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


class Line:
    """A pump, and the far end of its socket."""

    def __init__(self) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        self.far = self._context.socket(zmq.PAIR)
        self.far.bind("inproc://line")
        near = self._context.socket(zmq.PAIR)
        watch = Watch(near)
        near.connect("inproc://line")
        self.heard = Heard()
        self.pump = Pump(TcpTransport(near, watch), self.heard)

    def close(self) -> None:
        self.pump.close(0)
        self.far.close(0)
        self._context.destroy(0)


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
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
        line.far.send(b"news")
        elsewhere(sends[how])

    pump._ears = Between(pump._ears, both)  # type: ignore[assignment]  # the moment that counts

    began = time.monotonic()
    assert pump.wait(lambda: bool(line.heard.frames), timeout=10)
    assert line.heard.frames == [b"news"]
    assert time.monotonic() - began < 5  # not when the time was over
