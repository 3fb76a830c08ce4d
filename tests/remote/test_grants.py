"""What a peer may do is what its grant says; it is told in one line if it may not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack, pack_body, unpack_body
from ipcluster.wire.errors import SecurityError, decode_info
from ipcluster.wire.serialize import dump, dump_function

pytestmark = pytest.mark.cluster
PATIENCE = 20.0
OPTIONS = m.Options()


def submit(welcome: m.Welcome, sequence: int = 1) -> tuple[m.NewFunction, m.Submit]:
    """A function, and a task that calls it."""
    digest, (payload, segments, spilled) = dump_function(int)
    task = welcome.client << m.SEQUENCE_BITS | sequence
    item = m.Item(task, dump(((), {}), None).payload)
    return (
        m.NewFunction(digest, payload, segments, spilled),
        m.Submit(digest, 0, OPTIONS, [item]),
    )


def test_who_may_only_observe_cannot_submit(office: Any) -> None:
    peer = office.peer("observe")
    function, tasks = submit(peer.enter())
    peer.send(function, tasks)

    outcome = peer.receive(m.Results).outcomes[0]

    assert (outcome.task, outcome.status) == (tasks.items[0].task, m.Status.ABORTED)
    info = decode_info(outcome.payload)
    assert info.kind == "SecurityError"
    assert "takes the right submit" in info.evalue
    assert "\n" not in info.evalue


def test_an_observing_client_raises_that(office: Any) -> None:
    client = office.client("observe")

    with pytest.raises(SecurityError, match="takes the right submit"):
        client.load_balanced_view().apply_async(int).get(timeout=PATIENCE)
    assert client.ids == []
    with pytest.raises(SecurityError, match="takes the right"):
        client.shutdown(hub=True, block=True)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"expires": 1.0}, "has expired"),
        ({"cluster": "another"}, "for another cluster"),
    ],
)
def test_a_grant_that_is_over_or_of_elsewhere_is_refused(
    office: Any, limits: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SecurityError, match=reason):
        office.client("submit", **limits)


def test_a_grant_ends_also_in_the_midst_of_a_session(office: Any) -> None:
    peer = office.peer("submit", "observe", expires=time.time() + 0.3)
    peer.enter()
    answer = None
    while answer is None or not answer.error:
        peer.send(m.Ask(1, "engines", b""))
        answer = peer.receive(m.Answer)

    assert "has expired" in decode_info(answer.body).evalue


def test_a_grant_for_some_engines_is_for_no_others(office: Any) -> None:
    peer = office.peer("execute", "submit", engines=frozenset({1}))
    welcome = peer.enter()
    function, tasks = submit(welcome)
    direct = m.Direct(tasks.function, 0, OPTIONS, [0], tasks.items[0])
    peer.send(function, direct)

    info = decode_info(peer.receive(m.Results).outcomes[0].payload)

    assert "does not cover engines [0]" in info.evalue


def test_others_tasks_take_a_right_of_their_own(office: Any) -> None:
    """Cancel, and every question that names tasks; its own are its own."""
    owner, other = office.peer("submit"), office.peer("submit")
    welcome = owner.enter(session="0123456789ab")
    other.enter()
    function, tasks = submit(welcome)
    owner.send(function, tasks)  # it waits: there are no engines
    task, body = tasks.items[0].task, pack_body({"msg_ids": ["0123456789ab_1"]})

    other.send(m.Cancel([task], True), m.Released(["x"]), m.Ack(1 << 40))
    for verb in ("get_results", "result_status", "resubmit", "purge"):
        other.send(m.Ask(1, verb, body))
        answer = other.receive(m.Answer)
        assert answer.error
        assert "another's" in decode_info(answer.body).evalue
    owner.send(m.Ask(1, "result_status", body))

    status = unpack_body(owner.receive(m.Answer).body)
    assert status == {"pending": ["0123456789ab_1"], "completed": [], "unknown": []}


def test_who_has_the_right_takes_back_others_tasks(office: Any) -> None:
    owner, boss = office.peer("submit"), office.peer("control")
    function, tasks = submit(owner.enter())
    boss.enter()
    owner.send(function, tasks, m.Ask(1, "queue_status", b""))
    owner.receive(m.Answer)

    boss.send(m.Cancel([tasks.items[0].task], False))

    outcome = owner.receive(m.Results).outcomes[0]
    assert outcome.status == m.Status.ABORTED


def test_a_segment_is_fetched_only_by_who_was_told_of_it(office: Any) -> None:
    owner, other = office.peer("submit"), office.peer("submit", "results")
    thief = office.peer("submit")
    owner.enter(session="0123456789ab")
    other.enter()
    thief.enter()
    name = "0123456789ab-1"
    owner.put(pack([m.Chunk(name, 0, 5)]), b"12345")
    assert owner.receive(m.ChunkCredit) == m.ChunkCredit(name, 5)

    thief.send(m.Fetch(m.Segment(name, 0, 5)))
    refused = thief.receive(m.ChunkRefused)
    assert refused.name == name
    assert "it is another's" in refused.reason

    other.send(m.Fetch(m.Segment(name, 0, 5)))
    assert other.receive(m.Chunk) == m.Chunk(name, 0, 5)
    other.send(m.Fetch(m.Segment("../door", 0, 5)), m.Fetch(m.Segment("none", 0, 5)))
    assert other.receive(m.ChunkRefused).name == "../door"
    assert other.receive(m.ChunkRefused) == m.ChunkRefused("none", "no segment none")


def test_a_session_is_its_holders(office: Any) -> None:
    first, second = office.peer("submit"), office.peer("observe")
    welcome = first.enter(session="0123456789ab")
    second.send(second.hello(session="0123456789ab"))
    assert "another grant" in second.receive(m.Refused).reason

    again = office.peer("submit")
    assert again.enter(session="0123456789ab").client == welcome.client


def test_files_of_a_client_go_with_it(office: Any, wait_until: Any) -> None:
    peer = office.peer("submit")
    peer.enter(session="0123456789ab")
    for number in (1, 2):
        chunk = m.Chunk(f"0123456789ab-{number}", 0, 5 * number)
        peer.put(pack([chunk]), b"12345")
        peer.receive(m.ChunkCredit)
    assert len(list(office.segments.iterdir())) == 2

    peer.send(m.Released(["0123456789ab-1", "0123456789ab-2"]))

    wait_until(lambda: not list(office.segments.iterdir()), "both files are gone")
