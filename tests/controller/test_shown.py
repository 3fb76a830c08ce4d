"""What a client sees of its tasks while they run, when it does not look."""

import pytest

from ipcluster.controller.peers import RESULTS_WINDOW_BYTES, Peer
from ipcluster.wire.grants import Grant
from ipcluster.wire.messages import SEQUENCE_BITS, Outcome, Output, Shown

TASK = 3 << SEQUENCE_BITS | 1


@pytest.fixture
def peer() -> Peer:
    return Peer(3, "0" * 12, "somebody", "client", Grant(cluster="c"), 0, b"route")


@pytest.mark.parametrize("first", ["output", "event"])
def test_a_client_that_takes_nothing_hears_once_that_it_misses_something(
    peer: Peer, first: str
) -> None:
    peer.sent_bytes = RESULTS_WINDOW_BYTES + 1
    output, event = Output(TASK, 1, "text"), Shown(TASK, b"event")

    if first == "output":
        shown = peer.show(output), peer.show_event(event), peer.show(output)
    else:
        shown = peer.show_event(event), peer.show(output), peer.show_event(event)

    assert shown == (True, False, False)
    (said,) = peer.outbox
    assert isinstance(said, Output)
    assert "left out" in said.text
    peer.sent_bytes = 0
    assert peer.show_event(event)
    assert peer.show(output)
    assert peer.outbox[1:] == [event, output]


def test_a_wish_always_comes_and_comes_again_until_its_task_has_ended(
    peer: Peer,
) -> None:
    peer.sent_bytes = RESULTS_WINDOW_BYTES + 1
    wish = Shown(TASK, b"event", 1)

    assert peer.show_event(wish)
    assert peer.outbox == [wish]
    peer.sent_bytes = 0
    peer.resume()
    assert peer.outbox == [wish]
    peer.connected = False
    assert not peer.show_event(Shown(TASK, b"event", 2))
    peer.resume()
    assert peer.outbox == [Shown(TASK, b"event", 2)]
    peer.deliver(0, [Outcome(TASK, 0, b"", 0.0, 0.0)])
    assert not peer.wishes
