"""Engines behind an agent: frames wait for bytes, in order; nothing else waits."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from ipcluster.controller.agents import AgentStation
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Arrival, Doors
from ipcluster.controller.holds import Holds
from ipcluster.controller.reception import Identity, Reception
from ipcluster.controller.server import Server
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.transfers import Transfers
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack, unpack_to_link
from ipcluster.wire.curve import new_curve_keys
from ipcluster.wire.errors import decode_info
from ipcluster.wire.grants import ENGINE_RIGHTS, Grant, new_signing_keys, sign

A = m.Segment("0123456789ab-1", 0, 5)
OWNER = 1


class Desk:
    """A controller whose loop does not run, with one agent and its engine."""

    def __init__(self, folder: Path) -> None:
        self.context: zmq.Context[Any] = zmq.Context()
        keys = new_signing_keys()
        config = ControllerConfig()
        doors = Doors(
            self.context, config, folder / "d", new_curve_keys(), new_curve_keys()
        )
        self.folder = folder / "segments"
        self.folder.mkdir()
        identity = Identity("c", "1", keys.public, ("", ""), str(self.folder), "")
        reception = Reception(config, identity, doors)
        transfers = Transfers([self.folder])
        self.server = Server(config, TaskTable(), doors, reception, transfers, Holds())
        self.server.table.on_client_joined(OWNER)
        grant = sign(keys.private, Grant(cluster="c", rights=ENGINE_RIGHTS))
        python = __import__("sys").version_info[:2]
        hello = m.Hello(m.PROTOCOL, python, grant, "a" * 12, "agent", "0")
        arrival = Arrival(0, b"route", b"", None, 5)
        peer = reception.on_hello(arrival, hello, None, self.server)
        assert peer is not None
        self.peer = peer
        self.join = m.HostJoin("far", 1, [])
        self.station = reception.station_of(peer, self.join)
        self.say(m.Ready("u" * 32, 9, "far", (3, 11), 0.0))
        self.engine = self.server.roster.of_station(self.station)[0]
        self.told()

    def say(self, *messages: Any) -> None:
        """The engine says this."""
        self.server.on_station(self.station, m.FromEngine(0, pack(messages)))

    def told(self) -> list[Any]:
        """What the agent is to be told; frames for the engine unpacked."""
        found: list[Any] = []
        for message in self.peer.outbox:
            if isinstance(message, m.ToEngine):
                found.append(unpack_to_link(message.frame))
            else:
                found.append(message)
        self.peer.outbox.clear()
        return found

    def assign(self, task: int) -> m.Item:
        """A task with a large argument is given to the engine."""
        item = m.Item(OWNER << 40 | task, b"", (A,), True)
        submit = m.Submit(b"push", 0, m.Options(), [item])
        self.server.segments.hold_items(("client", OWNER), [item])
        self.server.table.on_submit(OWNER, submit, 0.0)
        self.server._act()
        self.server._flush_engine(self.engine)
        return item

    def close(self) -> None:
        self.server.doors.close()
        self.context.destroy(0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="ipt-", dir="/tmp") as folder:
        desk = Desk(Path(folder))
        yield desk
        desk.close()


def outcome(task: int, *segments: m.Segment) -> m.Outcome:
    return m.Outcome(OWNER << 40 | task, 0, b"", segments=segments)


def test_a_frame_waits_for_its_bytes_and_interrupts_do_not(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")

    item = desk.assign(1)
    desk.station.tell_keeper(m.Interrupt(0, item.task))

    (interrupt,) = desk.told()
    assert isinstance(interrupt, m.ToKeeper)
    ((chunk, data),) = list(desk.server.transfers.take(desk.peer))
    assert (chunk.name, data) == (A.name, b"12345")
    desk.server.transfers.on_message(desk.peer, m.ChunkCredit(A.name, 5), None)
    assert desk.told() == [[m.Run(b"push", 0, [item], 0)]]


def test_a_segment_goes_to_a_host_once_and_again_when_it_was_freed(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    for expected in (1, 0):
        desk.station.send(0, pack([]), [A])
        assert len(list(desk.server.transfers.take(desk.peer))) == expected
        desk.server.transfers.on_message(desk.peer, m.ChunkCredit(A.name, 5), None)
    desk.told()

    desk.station.free([A.name])

    assert desk.told() == [m.FreeSegments([A.name])]
    desk.station.send(0, pack([]), [A])
    assert len(list(desk.server.transfers.take(desk.peer))) == 1


def test_what_cannot_be_brought_there_ends_the_task_and_no_other(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    item = desk.assign(1)
    list(desk.server.transfers.take(desk.peer))

    refused = m.ChunkRefused(A.name, "no room")
    desk.server.transfers.on_message(desk.peer, refused, None)

    record = desk.server.table.result(item.task)
    assert record is not None
    info = decode_info(record.outcome.payload)
    assert info.evalue == "an argument cannot be brought to host far: no room"
    assert desk.told() == [[]]
    assert desk.engine.assigned == 0


def test_results_wait_for_their_bytes_and_what_follows_waits_too(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    first = desk.assign(1)
    result = m.Segment("e0-9-1", 64, 3)

    desk.say(m.Done([outcome(1, result)]))
    desk.server.on_station(desk.station, m.Died(0, -9, 0, False, ""))

    assert m.Fetch(m.Segment("e0-9-1", 0, 67)) in desk.told()
    assert desk.server.table.result(first.task) is None
    chunk = m.Chunk("e0-9-1", 0, 67)
    desk.server.transfers.on_message(desk.peer, chunk, memoryview(bytes(67)))
    record = desk.server.table.result(first.task)
    assert record is not None
    assert record.outcome.segments == (m.Segment("h1.e0-9-1", 64, 3),)
    assert desk.server.roster.of_station(desk.station) == []


def test_a_result_that_cannot_be_had_is_an_error(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    first = desk.assign(1)
    desk.say(m.Done([outcome(1, m.Segment("e0-9-1", 0, 3))]))
    desk.told()

    refused = m.ChunkRefused("e0-9-1", "no segment e0-9-1")
    desk.server.transfers.on_message(desk.peer, refused, None)

    record = desk.server.table.result(first.task)
    assert record is not None
    text = decode_info(record.outcome.payload).evalue
    assert text == "the result cannot be brought from host far: no segment e0-9-1"
    assert [m.FreeSegments(["e0-9-1"])] in desk.told()


def test_a_name_from_an_engine_is_no_path(desk: Desk) -> None:
    desk.say(m.Done([outcome(1, m.Segment("../../x", 0, 3))]))

    assert desk.told() == []


def test_engines_are_suspect_until_their_agent_is_back(desk: Desk) -> None:
    reception, table = desk.server.reception, desk.server.table
    (desk.folder / A.name).write_bytes(b"12345")

    reception.on_disconnect(0, 5, 100.0)
    desk.assign(1)
    assert table.unassigned() == [OWNER << 40 | 1]
    assert reception.next_deadline() == 105.0

    reception.on_tick(104.0)
    assert isinstance(reception.stations[desk.peer.number], AgentStation)
    desk.station.on_back()
    desk.server._act()
    assert table.unassigned() == []


def test_an_agent_that_stays_away_is_given_up(desk: Desk) -> None:
    reception = desk.server.reception
    reception.on_disconnect(0, 5, 100.0)

    reception.on_tick(105.0)

    assert reception.stations == {}
    assert list(desk.server.roster.engines) == []
    assert "no connection for 5 s" in desk.server.roster.left[-1][1]


def ready(**stated: Any) -> m.Ready:
    return m.Ready("u" * 32, 9, "far", (3, 11), 0.0, **stated)


def freed(desk: Desk) -> bool:
    """Whether nobody maps the segment any more."""
    return not desk.server.holds.known(A.name)


def sent(desk: Desk) -> m.Item:
    """A task with a large argument, on its engine."""
    (desk.folder / A.name).write_bytes(b"12345")
    item = desk.assign(1)
    list(desk.server.transfers.take(desk.peer))
    desk.server.transfers.on_message(desk.peer, m.ChunkCredit(A.name, 5), None)
    desk.told()
    return item


def test_what_was_let_go_over_a_lost_link_is_let_go_after_all(desk: Desk) -> None:
    sent(desk)
    desk.say(m.Done([outcome(1)]))
    desk.server._act()
    assert not freed(desk)  # it has said so, and nobody heard it

    desk.server.on_station(desk.station, m.Born(0, 9))
    desk.say(ready(maps=["something else"]))

    assert freed(desk)


def test_what_is_still_mapped_after_a_lost_link_stays(desk: Desk) -> None:
    item = sent(desk)

    desk.server.on_station(desk.station, m.Born(0, 9))
    desk.say(ready(held=[item.task], maps=[A.name]))
    desk.say(m.Done([outcome(1)]))
    desk.server._act()

    assert not freed(desk)
    desk.say(m.Released([A.name]))
    assert freed(desk)


def test_an_engine_gets_nothing_between_its_new_link_and_what_it_says(
    desk: Desk,
) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    desk.assign(1)
    desk.server.on_station(desk.station, m.Born(0, 9))
    submit = m.Submit(b"push", 0, m.Options(), [m.Item(OWNER << 40 | 2, b"")])
    desk.server.table.on_submit(OWNER, submit, 0.0)
    desk.server._act()
    desk.server.transfers.on_message(desk.peer, m.ChunkCredit(A.name, 5), None)

    # Neither the new task, nor the old one, whose bytes were on their way.
    assert desk.told() == []

    desk.say(ready())
    desk.server._act()
    desk.server._flush_engine(desk.engine)
    first, second = OWNER << 40 | 1, OWNER << 40 | 2
    run = m.Run(b"push", 0, [m.Item(second, b"")], 0)
    assert desk.told()[0] == [run, m.Recall([first])]
    # Given back, it is brought again.
    desk.say(m.Dropped([first]))
    desk.say(m.Done([outcome(2)]))
    desk.server._act()
    assert desk.engine.needs == [A]


def test_what_an_engine_has_lent_and_nobody_maps_is_its_own_again(desk: Desk) -> None:
    sent(desk)
    desk.say(m.Done([outcome(1, m.Segment("e0-9-1", 0, 3))]))
    desk.server.transfers.on_message(
        desk.peer, m.Chunk("e0-9-1", 0, 3), memoryview(b"abc")
    )
    desk.server._act()
    desk.told()

    desk.server.on_station(desk.station, m.Born(0, 9))
    desk.say(ready(lent=["e0-9-1", "e0-9-2"]))

    assert desk.engine.outbox == [m.FreeSegments(["e0-9-2"])]


def test_an_engine_that_was_given_up_has_lent_nothing(desk: Desk) -> None:
    desk.server.lose_engine(desk.engine, None, True, "no connection")

    desk.say(ready(lent=["e0-9-1"]))

    (engine,) = desk.server.roster.of_station(desk.station)
    assert engine.outbox == [m.FreeSegments(["e0-9-1"])]


def test_the_segments_of_a_function_go_with_it(desk: Desk) -> None:
    (desk.folder / A.name).write_bytes(b"12345")
    function = m.NewFunction(b"f" * 16, b"", (A,), True)
    desk.server.segments.hold_function(("client", OWNER), function)
    desk.server.segments.tidy()
    assert not freed(desk)

    del function
    desk.server.segments.tidy()

    assert freed(desk)
