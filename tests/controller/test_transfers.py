"""Whose files they are, and what they are called here."""

from pathlib import Path

import pytest

from ipcluster.controller.peers import Peer
from ipcluster.controller.transfers import Transfers, prefix_of
from ipcluster.wire.errors import ProtocolError
from ipcluster.wire.grants import Grant
from ipcluster.wire.messages import Chunk, ChunkCredit, ChunkRefused, Fetch, Segment

SESSION = "0123456789ab"


def new_peer(kind: str = "client", number: int = 3) -> Peer:
    return Peer(number, SESSION, "somebody", kind, Grant(cluster="c"), 0, b"route")


@pytest.fixture
def transfers(tmp_path: Path) -> Transfers:
    return Transfers([tmp_path])


def test_a_clients_upload_is_named_after_its_session(
    transfers: Transfers, tmp_path: Path
) -> None:
    peer = new_peer()
    name = f"{SESSION}-1"

    transfers.on_message(peer, Chunk(name, 0, 3), memoryview(b"abc"))

    assert peer.outbox == [ChunkCredit(name, 3)]
    assert (tmp_path / name).read_bytes() == b"abc"
    assert transfers.made == {name: 3}
    for other in ("e0-1-1", "ffffffffffff-1", name):  # the last is there already
        with pytest.raises(ProtocolError, match="cannot be named"):
            transfers.on_message(peer, Chunk(other, 0, 3), memoryview(b"abc"))
    with pytest.raises(ProtocolError, match="without its bytes"):
        transfers.on_message(peer, Chunk(f"{SESSION}-2", 0, 3), None)


def test_an_agents_segment_gets_a_prefix_and_only_if_it_was_asked_for(
    transfers: Transfers, tmp_path: Path
) -> None:
    peer = new_peer("agent", 7)
    chunk, data = Chunk("e0-1-1", 0, 3), memoryview(b"abc")

    transfers.on_message(peer, chunk, data)
    assert peer.outbox == []
    assert list(tmp_path.iterdir()) == []

    transfers.expect(peer, prefix_of(7) + "e0-1-1")
    transfers.on_message(peer, chunk, data)
    assert peer.outbox == [ChunkCredit("e0-1-1", 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["h7.e0-1-1"]


def test_what_an_agent_does_not_have_is_told_by_the_name_here(
    transfers: Transfers,
) -> None:
    told: list[tuple[str, str]] = []
    transfers.on_refused = lambda _peer, name, reason: told.append((name, reason))
    peer = new_peer("agent", 7)
    transfers.expect(peer, "h7.e0-1-1")

    transfers.on_message(peer, ChunkRefused("e0-1-1", "no such file"), None)

    assert told == [("h7.e0-1-1", "no such file")]
    assert transfers.reason("h7.e0-1-1") == "no such file"


def test_no_room_is_told_to_the_sender(transfers: Transfers, tmp_path: Path) -> None:
    peer = new_peer()
    name = f"{SESSION}-1"
    (tmp_path / name).touch()

    transfers.on_message(peer, Chunk(name, 0, 3), memoryview(b"abc"))

    (answer,) = peer.outbox
    assert isinstance(answer, ChunkRefused)
    assert "cannot write 3 bytes" in answer.reason
    assert not transfers.has(name)


def test_a_fetch_of_nothing_is_refused(transfers: Transfers) -> None:
    peer = new_peer()

    transfers.on_message(peer, Fetch(Segment("none", 0, 1)), None)

    assert peer.outbox == [ChunkRefused("none", "no segment none")]


def test_what_no_task_names_goes_when_its_maker_says_so(
    transfers: Transfers, tmp_path: Path
) -> None:
    peer = new_peer()
    for number in (1, 2, 3):
        chunk = Chunk(f"{SESSION}-{number}", 0, 3 + number // 3)
        transfers.on_message(peer, chunk, memoryview(b"abc"))
    names = [f"{SESSION}-{number}" for number in (1, 2, 3)]

    transfers.withdraw(peer, [*names, "e0-1-1"], lambda name: name == names[0])

    assert [path.name for path in tmp_path.iterdir()] == names[:1]


def test_files_of_a_maker_that_has_gone_are_removed(
    transfers: Transfers, tmp_path: Path
) -> None:
    for name in ("e0-1-1", "e0-1-2", "e0-12-1"):
        (tmp_path / name).touch()

    transfers.discard_of("e0-1", lambda name: name == "e0-1-2")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["e0-1-2", "e0-12-1"]
