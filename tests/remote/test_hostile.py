"""Peers that do not keep to the protocol: refused, and others are served all along."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.wire import messages as m
from ipcluster.wire import tickets
from ipcluster.wire.codec import pack
from ipcluster.wire.curve import new_curve_keys
from ipcluster.wire.errors import (
    ProtocolError,
    SecurityError,
    TimeoutError,  # noqa: A004 - the name users know
)
from ipcluster.wire.serialize import dump, dump_function

pytestmark = pytest.mark.cluster
PATIENCE = 20.0
OPTIONS = m.Options()


@pytest.fixture(autouse=True)
def good(shared_site: Any) -> Iterator[Client]:
    """A client that is served before, and after whatever a test does."""
    client: Client = shared_site.client(None)
    assert client[0].apply_async(int).get(timeout=PATIENCE) == 0
    yield client
    assert client[0].apply_async(int).get(timeout=PATIENCE) == 0
    client.close()


@pytest.fixture(params=["port", "file"])
def door(request: pytest.FixtureRequest) -> str:
    """Both doors of the controller."""
    return str(request.param)


@pytest.fixture
def raw(shared_site: Any, door: str) -> Callable[..., Any]:
    """Peers that come in by this door."""
    return partial(shared_site.raw, door=door)


@pytest.fixture
def stranger(shared_site: Any, door: str) -> Callable[[], socket.socket]:
    """Connections to this door, on which nothing was said yet."""
    ticket = shared_site.ticket
    host, _, port = ticket.addresses[0].removeprefix("tcp://").partition(":")

    def connect() -> socket.socket:
        if door == "port":
            return socket.create_connection((host, int(port)))
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(ticket.socket_file)
        return peer

    return connect


def noop(number: int) -> tuple[m.NewFunction, m.Item]:
    """A function, and a task that calls it."""
    digest, (payload, segments, spilled) = dump_function(int)
    packed = dump(((), {}), None)
    return m.NewFunction(digest, payload, segments, spilled), m.Item(number, packed[0])


def first_task(welcome: m.Welcome) -> int:
    return welcome.client << m.SEQUENCE_BITS | 1


# --- before the door ------------------------------------------------------------------


def test_random_bytes_at_the_door(
    stranger: Callable[[], socket.socket], good: Client
) -> None:
    rng = random.Random(1)
    for _ in range(50):
        with stranger() as peer, contextlib.suppress(OSError):  # it may be cut off
            peer.sendall(rng.randbytes(rng.randrange(1, 4096)))

    assert good[0].apply_async(int).get(timeout=PATIENCE) == 0


def test_many_half_open_connections(
    stranger: Callable[[], socket.socket], good: Client, shared_site: Any, door: str
) -> None:
    peers = [stranger() for _ in range(300)]
    for peer in peers[::2]:
        with contextlib.suppress(OSError):  # the oldest of too many are cut off
            # The start of a greeting, or of a frame.
            peer.sendall(b"\xff\0\0\0\0\0\0\0\x01\x7f")

    assert good[0].apply_async(int).get(timeout=PATIENCE) == 0
    newcomer = shared_site.client("tcp" if door == "port" else "ipc")
    assert newcomer[0].apply_async(int).get(timeout=PATIENCE) == 0

    for peer in peers:
        peer.close()


def test_a_wrong_door_key_is_told(shared_site: Any) -> None:
    keys = new_curve_keys()
    ticket = msgspec.structs.replace(
        shared_site.ticket, door_public=keys.public, door_secret=keys.secret
    )

    with pytest.raises(SecurityError, match="refused this ticket's key"):
        shared_site.client("tcp", ticket=ticket)


def test_a_wrong_server_key_is_told(shared_site: Any) -> None:
    ticket = msgspec.structs.replace(
        shared_site.ticket, server_key=new_curve_keys().public
    )

    with pytest.raises((SecurityError, TimeoutError), match=r"another key|not answer"):
        Client(ticket, transport="tcp", timeout=3)


# --- at the door ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"protocol": m.PROTOCOL + 1}, "this controller speaks"),
        ({"python": (2, 7)}, "Python 2.7 was offered, this cluster runs Python"),
        ({"grant": "nonsense"}, "not of the form"),
        ({"grant": ""}, "not of the form"),
        ({"session": "../../etc"}, "hex digits"),
    ],
)
def test_a_hello_that_does_not_fit_is_refused_in_one_line(
    raw: Any, changes: dict[str, Any], reason: str
) -> None:
    peer = raw()
    peer.send(peer.hello(**changes))

    refused = peer.receive(m.Refused)

    assert reason in refused.reason
    assert "\n" not in refused.reason


def test_nothing_is_done_before_a_hello(raw: Any) -> None:
    peer = raw()
    function, item = noop(1 << m.SEQUENCE_BITS | 1)
    peer.send(function, m.Submit(function.digest, 0, OPTIONS, [item]))

    assert peer.receive(m.Refused).reason == m.SAY_HELLO


def test_a_session_cannot_be_taken_over_with_another_grant(
    shared_site: Any, good: Client, raw: Any
) -> None:
    """Sessions are in every msg_id, so they are no secret."""
    engine_ticket = tickets.read(shared_site.place.engine_ticket)
    peer = raw(engine_ticket)
    peer.send(peer.hello(session=good.session))

    assert "another grant" in peer.receive(m.Refused).reason


# --- inside ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        os.urandom(1000),
        pack([m.Ack(1)])[:-1],
        b"\x91\x92\xa7nothing\x01",
        b"\x91\x95\xa6submit\xc4\x01f\xc3\xc0\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\x91" * 100_000,
    ],
    ids=["empty", "no msgpack", "random", "cut", "tag", "types", "length", "depth"],
)
def test_garbage_from_a_peer_that_was_let_in(raw: Any, frame: bytes) -> None:
    peer = raw()
    peer.enter()
    peer.put(frame)
    peer.put(frame, frame)
    peer.send(m.Ask(1, "engines", b""))

    assert not peer.receive(m.Answer).error


def test_a_frame_beyond_the_limit_costs_the_connection(
    shared_site: Any, good: Client, raw: Any
) -> None:
    peer = raw()
    peer.enter()
    peer.put(bytes(65 << 20))

    assert good[0].apply_async(int).get(timeout=PATIENCE) == 0
    assert shared_site.controller.memory_info().rss < 500 << 20


def test_tasks_cannot_be_numbered_as_anothers(raw: Any, good: Client) -> None:
    peer = raw()
    welcome = peer.enter()
    victim = good.connection.client
    for client in (victim, welcome.client + 1, 0):
        function, item = noop(client << m.SEQUENCE_BITS | 12_345)
        direct = m.Direct(function.digest, 0, OPTIONS, [0], item)
        peer.send(function)
        peer.send(m.Submit(function.digest, 0, OPTIONS, [item]))
        peer.send(direct)
    edge = m.Item(welcome.client + 1 << m.SEQUENCE_BITS, item.payload)
    last = msgspec.structs.replace(edge, task=edge.task - 1)
    peer.send(m.Direct(function.digest, 0, OPTIONS, [0, 0], last))
    function, item = noop(first_task(welcome))
    peer.send(m.Submit(function.digest, 0, OPTIONS, [item]))

    results = peer.receive(m.Results)

    assert [outcome.task for outcome in results.outcomes] == [item.task]
    assert not any("_12345" in one for one in good.hub_history())


def test_segments_must_be_of_the_senders_making(raw: Any) -> None:
    peer = raw()
    welcome = peer.enter()
    names = ["../x", "e0-1-1", "", "c1-0123456789ab-1", "0123456789ab-1", "a/b"]
    function, item = noop(first_task(welcome))
    for i, name in enumerate(names):
        forged = m.Item(item.task + i, b"", (m.Segment(name, 0, 10),), True)
        peer.send(function, m.Submit(function.digest, 0, OPTIONS, [forged]))
        peer.send(m.NewFunction(b"x" * 16, b"", (m.Segment(name, 0, 9),), True))
    item = m.Item(item.task + 100, item.payload)
    peer.send(m.Submit(function.digest, 0, OPTIONS, [item]))

    results = peer.receive(m.Results)

    assert [outcome.task for outcome in results.outcomes] == [item.task]


def test_chunks_go_only_into_files_of_their_sender(
    shared_site: Any, tmp_path: Path, raw: Any
) -> None:
    peer = raw()
    session = os.urandom(6).hex()
    peer.enter(session=session)
    before = set(shared_site.place.segment_folder.iterdir())
    for name in ("../../x", "/tmp/x", "e0-1-1", f"{session}-/../../x", "other-1"):
        peer.put(pack([m.Chunk(name, 0, 5)]), b"12345")
    for total in (-1, 1 << 70 >> 8):
        chunk = m.Chunk(f"{session}-1", 0, total)
        peer.put(pack([chunk]), b"12345")
    peer.put(pack([m.Chunk(f"{session}-2", 0, 5)]), b"123456")
    peer.send(m.Chunk(f"{session}-3", 0, 5))
    peer.send(m.Ask(1, "engines", b""))

    assert not peer.receive(m.Answer).error
    left = set(shared_site.place.segment_folder.iterdir()) - before
    assert {path.name for path in left} <= {f"{session}-2"}


# --- agents ---------------------------------------------------------------------------


def test_an_agents_ticket_brings_engines_and_nothing_else(
    shared_site: Any, raw: Any
) -> None:
    ticket = tickets.read(shared_site.place.engine_ticket)
    with pytest.raises(SecurityError, match="takes the right"):
        shared_site.client("tcp", ticket=ticket)[0].apply_async(int).get(
            timeout=PATIENCE
        )
    peer = raw()
    peer.enter(name="agent")  # the owner's ticket is not an agent's
    peer.send(m.HostJoin("x", 1, []))
    peer.send(m.FromEngine(0, b"junk"))
    peer.send(m.Ask(1, "engines", b""))

    assert not peer.receive(m.Answer).error


def test_a_wild_agent_harms_nobody(shared_site: Any, raw: Any) -> None:
    peer = raw(tickets.read(shared_site.place.engine_ticket))
    peer.enter(name="agent")
    peer.send(m.Numbered(1, 0), m.FromEngine(0, b"x"))  # before it joined its host
    peer.send(m.HostJoin("x", 1, []))
    ready = m.Ready("u" * 32, 1, "x", (3, 11), 0.0)
    segment = m.Segment("../../x", 0, 10)
    outcome = m.Outcome(1, 0, b"", segments=(segment,))
    for number, frame in enumerate(
        (pack([ready]), b"\xc1", pack([m.Done([outcome])]), pack([m.Released(["x"])])),
        2,
    ):
        peer.send(m.Numbered(number, 0), m.FromEngine(0, frame))
    peer.send(m.Numbered(99, 0), m.Died(7, 0, 0, False, ""))
    peer.send(m.Numbered(6, 1 << 60), m.Died(0, -9, 0, False, "gone"))


# --- too much -------------------------------------------------------------------------


def test_a_client_that_never_reads_costs_no_memory(
    shared_site: Any, good: Client, raw: Any
) -> None:
    peer = raw()
    welcome = peer.enter()
    function, item = noop(first_task(welcome))
    peer.send(function)
    task = item.task
    rss = shared_site.controller.memory_info().rss
    begun = time.monotonic()
    for _ in range(400):
        items = [m.Item(task + i, item.payload) for i in range(1000)]
        task += 1000
        peer.send(m.Submit(function.digest, 0, OPTIONS, items))
    waits = []
    while time.monotonic() - begun < 2:
        asked = time.monotonic()
        assert good[0].apply_async(int).get(timeout=PATIENCE) == 0
        waits.append(time.monotonic() - asked)

    assert sorted(waits)[len(waits) // 2] < 0.5
    assert shared_site.controller.memory_info().rss - rss < 300 << 20


def test_large_results_that_nobody_reads_do_not_pile_up(
    shared_site: Any, good: Client, raw: Any
) -> None:
    peer = raw()
    first = first_task(peer.enter())
    digest, (payload, segments, spilled) = dump_function(bytes)
    peer.send(m.NewFunction(digest, payload, segments, spilled))
    size = dump(((200_000,), {}), None).payload
    rss = shared_site.controller.memory_info().rss
    items = [m.Item(first + i, size) for i in range(2000)]  # 400 MB of results
    peer.send(m.Submit(digest, 0, OPTIONS, items))

    begun = time.monotonic()
    while time.monotonic() - begun < 2:
        assert good[0].apply_async(int).get(timeout=PATIENCE) == 0

    assert shared_site.controller.memory_info().rss - rss < 250 << 20
    number = 0
    taken = 0
    while taken < 2000:  # what waited goes on as it is read
        results = peer.receive(m.Results)
        taken += len(results.outcomes)
        number = max(number, results.number)
        peer.send(m.Ack(number))


def test_a_flood_of_questions_leaves_others_their_turn(
    shared_site: Any, good: Client, raw: Any
) -> None:
    peer = raw()
    peer.enter()
    for i in range(300):
        peer.send(m.Ask(i, "nothing", bytes(1_000_000)))
    waits = []
    for _ in range(20):
        asked = time.monotonic()
        assert good[0].apply_async(int).get(timeout=PATIENCE) == 0
        waits.append(time.monotonic() - asked)

    assert sorted(waits)[10] < 0.5
    assert shared_site.controller.memory_info().rss < 500 << 20


def test_giant_lengths_announced_before_the_handshake(
    stranger: Callable[[], socket.socket], shared_site: Any, door: str
) -> None:
    greeting = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00NULL".ljust(64, b"\0")
    giant = greeting + b"\x06" + struct.pack(">Q", 1 << 60)
    if door == "file":
        giant = struct.pack("<I", 60 << 20)
    with stranger() as peer:
        peer.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            peer.sendall(giant + bytes(1000))
            while peer.recv(4096):
                pass  # until it is closed on us

    assert shared_site.controller.memory_info().rss < 500 << 20


def test_protocol_errors_have_a_name() -> None:
    assert issubclass(ProtocolError, ipp.error.IPythonError)
