"""Watchers that do not read: they lose, and are told how much."""

from __future__ import annotations

import pytest

from ipcluster.controller.peers import RESULTS_WINDOW_BYTES, Peer
from ipcluster.wire.errors import SecurityError
from ipcluster.wire.grants import CLIENT_RIGHTS, EXECUTE, Grant, Object, authorize
from ipcluster.wire.messages import Results, Seen

GRANT = Grant(cluster="c", holder="owner", rights=CLIENT_RIGHTS)
BIG = Seen(0, 1, "ada@host:1", b"x" * (1 << 20))
SMALL = Seen(0, 1, "ada@host:1", b"x")


def make_peer(holder: str = "owner") -> Peer:
    grant = Grant(cluster="c", holder=holder, rights=CLIENT_RIGHTS)
    return Peer(7, "session", "ada@host:1", "client", grant, 0, b"route")


def take_all(peer: Peer) -> None:
    peer.on_ack(peer.next_number - 1)


def test_a_watcher_that_takes_nothing_is_sent_no_more_than_its_window() -> None:
    peer = make_peer()

    shown = [peer.show_others(BIG) for _ in range(100)]

    sent = sum(len(one.event) for one in peer.outbox if isinstance(one, Seen))
    assert sent <= RESULTS_WINDOW_BYTES + 2 * len(BIG.event)
    assert peer.left_out == shown.count(False) > 0


def test_it_is_told_how_much_it_lost_as_soon_as_it_reads_again() -> None:
    peer = make_peer()
    lost = [peer.show_others(BIG) for _ in range(100)].count(False)
    peer.outbox.clear()

    take_all(peer)

    assert peer.outbox == [Seen(-1, 0, "", b"", lost)]
    assert peer.show_others(SMALL)
    assert peer.outbox[-1] == SMALL


def test_one_that_was_away_is_told_with_the_next() -> None:
    peer = make_peer()
    peer.connected = False
    peer.show_others(SMALL)
    peer.show_others(SMALL)
    peer.connected = True

    peer.show_others(SMALL)

    assert peer.outbox == [Seen(0, 1, "ada@host:1", b"x", 2)]
    assert not any(isinstance(one, Results) for one in peer.outbox)


def test_others_are_known_by_whose_grant_they_have() -> None:
    assert make_peer().title == "ada@host:1"
    assert make_peer("ada").title == "ada@host:1"
    assert make_peer("bob").title == "bob (ada@host:1)"


def test_watching_takes_the_right_to_others_results() -> None:
    runs = Grant(cluster="c", holder="bob", rights=frozenset({EXECUTE}))
    one = Grant(cluster="c", holder="eve", rights=CLIENT_RIGHTS, engines=frozenset({1}))

    authorize(GRANT, "watch", Object(engines=frozenset({0})))
    for grant in (runs, one):
        with pytest.raises(SecurityError):
            authorize(grant, "watch", Object(engines=frozenset({0})))
