"""A client that loses its connection says hello on the next one.

Events of the connection are read by one thread, messages by another: in any order.
"""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.client.engines import Roster
from ipcluster.client.lifeline import Lifeline
from ipcluster.wire import messages as m
from ipcluster.wire.codec import unpack_to_controller
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.numbered import NumberedFrames
from ipcluster.wire.tickets import Ticket

WELCOME = m.Welcome(3, "c", "epoch", ("", ""), "", [], 1, 1, "")
SAY_HELLO = m.Refused(m.SAY_HELLO)


class Connection:
    """What a lifeline asks of a connection, and what it did."""

    def __init__(self) -> None:
        self.ticket = Ticket(
            protocol=m.PROTOCOL,
            cluster="c",
            cluster_id="",
            profile="default",
            addresses=[],
            server_key="",
            door_public="",
            door_secret="",
            grant="grant",
            host="elsewhere",
            pid=1,
        )
        self.session, self.epoch, self.client = "0123456789ab", "epoch", 3
        self.closed = self.is_local = False
        self.numbered = NumberedFrames()
        self.roster = Roster()
        self.did: list[str] = []
        self.failure: ClusterError | None = None

    def send_plain(self, frame: bytes) -> None:
        first = unpack_to_controller(frame)[0]
        self.did.append(type(first).__name__)

    def send_again(self) -> None:
        self.did.append("again")

    def send(self) -> None: ...

    def notify(self) -> None: ...

    def fail(self, error: ClusterError) -> None:
        self.failure = error


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture
def lifeline(connection: Connection) -> Lifeline:
    stub: Any = connection
    return Lifeline(stub)


def test_the_next_connection_begins_with_a_hello(
    connection: Connection, lifeline: Lifeline
) -> None:
    lifeline.on_disconnected()
    assert lifeline.is_lost

    lifeline.on_connected()
    lifeline.on_refused(SAY_HELLO)  # to what was sent before the break was noticed
    lifeline.on_welcome(WELCOME)

    assert connection.did == ["Hello", "again"]
    assert not lifeline.is_lost


def test_a_welcome_over_a_connection_that_has_broken_since_is_not_the_end_of_it(
    connection: Connection, lifeline: Lifeline
) -> None:
    lifeline.on_disconnected()
    lifeline.on_connected()
    lifeline.on_disconnected()  # the second connection
    lifeline.on_welcome(WELCOME)  # which had still brought this
    lifeline.on_connected()  # the third: nobody says hello, all seems well
    assert connection.did == ["Hello", "again"]

    lifeline.on_refused(SAY_HELLO)

    assert lifeline.is_lost
    assert connection.did == ["Hello", "again", "Hello"]
    lifeline.on_welcome(WELCOME)
    assert connection.did == ["Hello", "again", "Hello", "again"]
    assert not lifeline.is_lost
    assert connection.failure is None


def test_another_refusal_is_the_end(connection: Connection, lifeline: Lifeline) -> None:
    lifeline.on_refused(m.Refused("this grant has expired"))

    assert "this grant has expired" in str(connection.failure)
