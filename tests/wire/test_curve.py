"""Keys on real sockets: who gets in, who does not, and how both ends learn of it."""

from __future__ import annotations

import logging
import socket as sockets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import zmq

from ipcluster.wire.curve import (
    ZAP_ADDRESS,
    CurveKeys,
    Door,
    Event,
    Handshake,
    Happened,
    Watch,
    new_curve_keys,
    secure_client,
    secure_server,
)
from ipcluster.wire.errors import SecurityError

SERVER, ALICE, MALLORY = new_curve_keys(), new_curve_keys(), new_curve_keys()
DOMAIN = "cluster"
PATIENCE = 5.0  # seconds until a test gives up
PATIENCE_MS = 5_000


@dataclass
class Controller:
    """One loop over the door, a server and what happens to its connections."""

    opener: Opener
    door: Door
    server: zmq.Socket[bytes]
    watch: Watch
    address: str = ""
    events: list[Event] = field(default_factory=list)
    received: list[zmq.Frame] = field(default_factory=list)

    def until(self, done: Callable[[], object], *watches: Watch) -> None:
        """Serve until `done`; read by the way what the clients' watches have."""
        poller = zmq.Poller()
        for one in (self.door.socket, self.server, self.watch.socket):
            poller.register(one, zmq.POLLIN)
        for watch in watches:
            poller.register(watch.socket, zmq.POLLIN)
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, "nothing came of it"
            ready = dict(poller.poll(100))
            if self.door.socket in ready:
                self.door.serve()
            if self.server in ready:
                self.received += self.server.recv_multipart(copy=False)[1:]
            self.events += self.watch.read()

    def saw(self, what: Happened) -> bool:
        return any(event.what is what for event in self.events)


class Opener:
    """Makes sockets and watches, and closes them all after the test."""

    def __init__(self) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._stack = ExitStack()
        self._stack.callback(self.context.term)

    def socket(self, kind: int) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        self._stack.callback(socket.close, 0)
        return socket

    def watch(self, socket: zmq.Socket[bytes]) -> Watch:
        return self._stack.enter_context(Watch(socket))

    def door(self, **options: Any) -> Door:
        return self._stack.enter_context(Door(self.context, **options))

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def opener() -> Iterator[Opener]:
    opener = Opener()
    yield opener
    opener.close()


@pytest.fixture
def controller(opener: Opener) -> Controller:
    door = opener.door()
    door.allow(DOMAIN, ALICE.public, "alice")
    server = opener.socket(zmq.ROUTER)
    secure_server(server, SERVER.secret, DOMAIN)
    watch = opener.watch(server)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    return Controller(opener, door, server, watch, f"tcp://127.0.0.1:{port}")


@dataclass
class Dialled:
    """A client on its way in."""

    socket: zmq.Socket[bytes]
    watch: Watch
    handshake: Handshake
    controller: Controller

    def settled(self) -> bool:
        for event in self.watch.read():
            self.handshake.on_event(event)
        return self.handshake.is_done or self.handshake.refusal is not None

    def await_refusal(self) -> str:
        self.controller.until(self.settled, self.watch)
        assert not self.handshake.is_done
        return str(self.handshake.refusal)


def dial(
    controller: Controller,
    door: CurveKeys | None = ALICE,
    server: CurveKeys = SERVER,
    address: str = "",
) -> Dialled:
    socket = controller.opener.socket(zmq.DEALER)
    socket.reconnect_ivl = 5
    if door is not None:
        secure_client(socket, server.public, door.public, door.secret)
    watch = controller.opener.watch(socket)
    socket.connect(address or controller.address)
    socket.send(b"hello")
    return Dialled(socket, watch, Handshake(), controller)


# --- who gets in ----------------------------------------------------------------------


def test_holder_of_the_door_key_gets_in(controller: Controller) -> None:
    client = dial(controller)

    controller.until(lambda: client.settled() and controller.received, client.watch)

    assert client.handshake.is_done
    (frame,) = controller.received
    assert (frame.bytes, frame.get("User-Id")) == (b"hello", "alice")
    assert controller.door.refused == 0


def test_unknown_door_key_is_refused_and_told(controller: Controller) -> None:
    client = dial(controller, door=MALLORY)

    reason = client.await_refusal()

    assert "refused this ticket's key" in reason
    assert controller.address in reason
    assert controller.received == []
    assert controller.door.refused >= 1


def test_other_server_key_is_noticed_by_both(controller: Controller) -> None:
    client = dial(controller, server=MALLORY)

    reason = client.await_refusal()

    assert "has another key than this ticket" in reason
    controller.until(lambda: controller.saw(Happened.BROKEN))
    assert controller.received == []


def test_peer_without_keys_is_refused(controller: Controller) -> None:
    client = dial(controller, door=None)

    assert "is not this ticket's controller" in client.await_refusal()
    assert controller.received == []


def test_forbidden_key_stays_out(controller: Controller) -> None:
    controller.door.forbid(DOMAIN, ALICE.public)
    controller.door.forbid(DOMAIN, ALICE.public)

    assert "refused" in dial(controller).await_refusal()


def test_key_of_another_domain_stays_out(controller: Controller) -> None:
    controller.door.allow("another", MALLORY.public)

    assert "refused" in dial(controller, door=MALLORY).await_refusal()


def test_without_a_door_nobody_gets_in(opener: Opener) -> None:
    server = opener.socket(zmq.ROUTER)
    secure_server(server, SERVER.secret, DOMAIN)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    client = opener.socket(zmq.DEALER)
    secure_client(client, SERVER.public, ALICE.public, ALICE.secret)
    watch = opener.watch(client)
    client.connect(f"tcp://127.0.0.1:{port}")
    client.send(b"hello")
    events: list[Happened] = []
    end = time.monotonic() + PATIENCE

    while Happened.DISCONNECTED not in events and time.monotonic() < end:
        watch.socket.poll(100)
        events += [event.what for event in watch.read()]

    assert Happened.DISCONNECTED in events
    assert Happened.WELCOMED not in events
    assert server.poll(0) == 0


def test_newcomer_waits_while_nobody_serves_the_door(controller: Controller) -> None:
    client = dial(controller)

    assert client.watch.socket.poll(PATIENCE_MS)
    assert controller.door.socket.poll(PATIENCE_MS)
    assert not client.settled()

    controller.until(client.settled, client.watch)
    assert client.handshake.is_done


def test_random_bytes_and_half_open_connections_do_no_harm(
    controller: Controller,
) -> None:
    _, port = controller.address.rsplit(":", 1)
    strangers = []
    for content in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 40):
        stranger = sockets.create_connection(("127.0.0.1", int(port)), PATIENCE)
        stranger.sendall(content)
        strangers.append(stranger)
    client = dial(controller)

    controller.until(lambda: controller.received, client.watch)

    assert [frame.bytes for frame in controller.received] == [b"hello"]
    for stranger in strangers:
        stranger.close()


@pytest.mark.parametrize("content", [b"", b"220 mail.example.org ESMTP\r\n" * 5])
def test_another_program_at_the_address_is_noticed(
    controller: Controller, content: bytes
) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.3)  # after wrong bytes, libzmq does not come again
        client = dial(controller, address=f"tcp://127.0.0.1:{other.getsockname()[1]}")
        with suppress(TimeoutError):
            for _ in range(3):
                connection, _ = other.accept()
                connection.sendall(content)
                connection.close()

        assert "another program" in client.await_refusal()


# --- the door itself ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_frames", "status"),
    [
        ([b"1.0", b"7"], b"500"),
        ([b"2.0", b"7", b"cluster", b"10.0.0.9", b"", b"CURVE", b"k" * 32], b"500"),
        ([b"1.0", b"7", b"cluster", b"10.0.0.9", b"", b"NULL"], b"400"),
        ([b"1.0", b"7", b"cluster", b"10.0.0.9", b"", b"PLAIN", b"u", b"p"], b"400"),
        ([b"1.0", b"7", b"cluster", b"10.0.0.9", b"", b"CURVE"], b"400"),
        ([b"1.0", b"7", b"cluster", b"\xff\xfe", b"", b"CURVE", b"k" * 32], b"400"),
    ],
)
def test_odd_questions_are_answered_with_no(
    opener: Opener, request_frames: list[bytes], status: bytes
) -> None:
    door = opener.door()
    asking = opener.socket(zmq.REQ)
    asking.connect(ZAP_ADDRESS)

    asking.send_multipart(request_frames)
    assert door.socket.poll(PATIENCE_MS)
    door.serve()

    assert asking.poll(PATIENCE_MS)
    answer = asking.recv_multipart()
    assert answer[:3] == [b"1.0", b"7", status]
    assert len(answer) == 6


def test_refusals_are_logged_once_per_address_and_minute(
    opener: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ipcluster")
    now = 100.0
    question = [b"1.0", b"1", b"d", b"10.0.0.9", b"", b"CURVE", b"k" * 32]
    door = opener.door(clock=lambda: now)

    for _ in range(50):
        door._answer(question)

    assert [record.message for record in caplog.records] == [
        "refused at the door: unknown key, from 10.0.0.9"
    ]

    now += 61
    door._answer(question)

    assert len(caplog.records) == 2
    assert door.refused == 51


def test_addresses_that_are_remembered_are_bounded(opener: Opener) -> None:
    door = opener.door()

    for number in range(3_000):
        address = f"10.0.{number // 256}.{number % 256}".encode()
        door._answer([b"1.0", b"1", b"d", address, b"", b"CURVE", b"k" * 32])

    assert len(door._logged) <= 1024


def test_door_closes_twice(opener: Opener) -> None:
    door = opener.door()

    door.close()
    door.close()


@pytest.mark.parametrize("key", ["", "short", "x" * 41, "é" * 40, '"' * 40, "#" * 40])
def test_text_that_is_no_key_is_told(opener: Opener, key: str) -> None:
    socket = opener.socket(zmq.DEALER)

    with pytest.raises(SecurityError, match="server key is not a CURVE key"):
        secure_client(socket, key, ALICE.public, ALICE.secret)
    with pytest.raises(SecurityError, match="door key is not a CURVE key"):
        secure_client(socket, SERVER.public, key, ALICE.secret)


# --- connections that come and go -----------------------------------------------------


def test_end_of_a_peer_is_known_by_its_descriptor(controller: Controller) -> None:
    client = dial(controller)
    controller.until(lambda: controller.received, client.watch)
    descriptor = controller.received[0].get(zmq.SRCFD)

    client.watch.close()
    client.socket.close(0)
    controller.until(lambda: controller.saw(Happened.DISCONNECTED))

    gone = [e.value for e in controller.events if e.what is Happened.DISCONNECTED]
    assert gone == [descriptor]


def test_watch_can_be_closed_twice_and_after_its_socket(opener: Opener) -> None:
    watch = opener.watch(opener.socket(zmq.DEALER))
    watched = opener.socket(zmq.DEALER)
    other = opener.watch(watched)

    watch.close()
    watch.close()
    watched.close(0)
    other.close()

    assert watch.socket.closed
    assert other.socket.closed


# --- what events mean -----------------------------------------------------------------


def told(*happened: Happened) -> Handshake:
    handshake = Handshake()
    for what in happened:
        handshake.on_event(Event(what, 0, "tcp://h:1"))
    return handshake


def test_one_connection_closed_in_the_handshake_may_be_chance() -> None:
    cut = (Happened.CONNECTED, Happened.CUT_SHORT, Happened.DISCONNECTED)

    assert told(*cut, Happened.RETRYING, *cut).refusal is None
    assert told(*cut, *cut, *cut).refusal is not None
    assert told(*cut, *cut, Happened.CONNECTED, Happened.WELCOMED, *cut).refusal is None


def test_end_of_a_good_connection_is_no_refusal() -> None:
    good = (Happened.CONNECTED, Happened.WELCOMED, Happened.DISCONNECTED)

    handshake = told(*good, *good, *good, *good)

    assert handshake.refusal is None
    assert not handshake.is_done


def test_nobody_listening_is_no_refusal() -> None:
    assert told(*[Happened.CLOSED, Happened.RETRYING] * 20).refusal is None
