"""From what a Client was given to a ticket."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from ipcluster.client.finding import find_ticket
from ipcluster.wire import tickets
from ipcluster.wire.errors import TicketError
from ipcluster.wire.places import ClusterPlace, State
from ipcluster.wire.tickets import Ticket

KEY = "k" * 40


def make_cluster(cluster_id: str, started: float, profile: str = "default") -> Ticket:
    place = ClusterPlace(profile, cluster_id)
    place.make()
    ticket = Ticket(
        cluster=f"name-{cluster_id}",
        cluster_id=cluster_id,
        profile=profile,
        addresses=["tcp://127.0.0.1:1"],
        server_key=KEY,
        door_public=KEY,
        door_secret=KEY,
        grant="",
        host="elsewhere",
        pid=os.getpid(),
    )
    tickets.write(place.client_ticket, ticket)
    place.write_state(State(pid=os.getpid(), host="elsewhere", started=started))
    return ticket


@pytest.fixture(autouse=True)
def _clean() -> object:
    yield
    for place in (ClusterPlace("default", "one"), ClusterPlace("default", "two")):
        place.remove()


def test_nothing_given_means_the_latest() -> None:
    make_cluster("one", time.time() - 10)
    latest = make_cluster("two", time.time())

    assert find_ticket(None) == latest


def test_by_id_path_dict_and_ticket() -> None:
    one = make_cluster("one", time.time())
    make_cluster("two", time.time() + 1)
    path = ClusterPlace("default", "one").client_ticket

    assert find_ticket("one") == one
    assert find_ticket(None, cluster_id="one") == one
    assert find_ticket(path) == one
    assert find_ticket(str(path)) == one
    assert find_ticket(msgspec.to_builtins(one)) == one
    assert find_ticket(one) is one


def test_by_folder_of_the_profile() -> None:
    one = make_cluster("one", time.time())

    assert find_ticket(None, profile_dir=ClusterPlace().folder.parent) == one


def test_environment_names_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_cluster("one", time.time())
    make_cluster("two", time.time() + 1)
    monkeypatch.setenv("IPCLUSTER_ID", "one")

    assert find_ticket(None) == one


def test_no_cluster_says_how_to_start_one() -> None:
    with pytest.raises(TicketError, match="ipcluster start"):
        find_ticket(None)


def test_unknown_id_names_those_there_are() -> None:
    make_cluster("one", time.time())

    with pytest.raises(TicketError, match="'one'"):
        find_ticket("three")


def test_missing_file_and_broken_dict(tmp_path: Path) -> None:
    with pytest.raises(TicketError):
        find_ticket(tmp_path / "no.ticket")
    with pytest.raises(TicketError, match="not a ticket"):
        find_ticket({"cluster": "x"})
