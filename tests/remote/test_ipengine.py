"""What `ipengine` says when it is not let in: one line, and the reason in it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipcluster.engines.agent import Agent
from ipcluster.engines.approach import Approach
from ipcluster.engines.holder import Holder
from ipcluster.launchers.engine_app import connect, main, reachable
from ipcluster.wire import tickets
from ipcluster.wire.curve import new_curve_keys
from ipcluster.wire.errors import ClusterError, TicketError
from ipcluster.wire.messages import PROTOCOL, Hello
from ipcluster.wire.processes import process_started
from ipcluster.wire.tickets import Ticket

pytestmark = pytest.mark.cluster
HERE = (sys.version_info.major, sys.version_info.minor)


@pytest.fixture
def changed(shared_site: Any, tmp_path: Path) -> Any:
    """Writes the engines' ticket with some fields changed; its path."""
    tmp_path.chmod(0o700)

    def write(**changes: Any) -> Path:
        ticket = tickets.read(shared_site.place.engine_ticket)
        path = tmp_path / "engine.ticket"
        tickets.write(path, msgspec.structs.replace(ticket, **changes))
        return path

    return write


def last_line(capfd: pytest.CaptureFixture[str]) -> str:
    lines = [
        line
        for line in capfd.readouterr().err.splitlines()
        if line.startswith("ipengine:")
    ]
    assert len(lines) == 1
    return lines[0]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def refused(
    path: Path, capfd: pytest.CaptureFixture[str], *words: str, timeout: float = 20
) -> str:
    assert main(["-n0", f"--ticket={path}", f"--timeout={timeout}", *words]) == 1
    return last_line(capfd)


def test_no_ticket(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = refused(tmp_path / "none.ticket", capfd, timeout=0.1)

    assert "no ticket at" in text


def test_a_stale_ticket(changed: Any, capfd: pytest.CaptureFixture[str]) -> None:
    started = process_started(os.getpid()) or 0.0
    path = changed(pid=os.getpid(), pid_started=started - 5)

    assert "is gone and its ticket was left behind" in refused(path, capfd)


def test_a_wrong_door_key(changed: Any, capfd: pytest.CaptureFixture[str]) -> None:
    keys = new_curve_keys()
    path = changed(door_public=keys.public, door_secret=keys.secret)

    assert "refused this ticket's key" in refused(path, capfd)


def test_a_wrong_server_key(changed: Any, capfd: pytest.CaptureFixture[str]) -> None:
    path = changed(server_key=new_curve_keys().public)

    assert "has another key than this ticket" in refused(path, capfd)


def test_a_grant_that_was_changed(
    changed: Any, shared_site: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    grant = tickets.read(shared_site.place.engine_ticket).grant
    path = changed(grant="A" + grant[1:])

    text = refused(path, capfd)

    assert "the controller refused this agent" in text
    assert "grant" in text


def test_an_address_where_nobody_listens(
    changed: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"

    text = refused(changed(addresses=[address]), capfd, timeout=0.5)

    assert "no controller let this agent in" in text
    assert f"{address}: nobody listens there" in text


def test_a_loopback_address_of_another_host(
    changed: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    text = refused(changed(host="elsewhere"), capfd)

    assert "of elsewhere only; start it with --ip" in text


def test_the_address_that_answers_is_found(shared_site: Any, changed: Any) -> None:
    """Several addresses are tried in turn; the first leads nowhere."""
    first = f"tcp://127.0.0.1:{free_port()}"
    path = changed(addresses=[first, *shared_site.ticket.addresses])

    agent = shared_site.agent(1, ticket=path)

    assert len(shared_site.far_ids(agent)) == 1
    agent.stop()


def test_reachable_addresses_leave_out_loopback_elsewhere(shared_site: Any) -> None:
    ticket = tickets.read(shared_site.place.engine_ticket)
    far = msgspec.structs.replace(
        ticket, host="elsewhere", addresses=["tcp://127.0.0.1:1", "tcp://10.0.0.1:1"]
    )

    assert reachable(far) == ["tcp://10.0.0.1:1"]
    with pytest.raises(TicketError):
        reachable(msgspec.structs.replace(far, addresses=["tcp://127.0.0.1:1"]))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"python": (HERE[0], HERE[1] + 1)}, "this cluster runs Python"),
        ({"protocol": PROTOCOL + 1}, "this controller speaks"),
    ],
)
def test_another_version_is_refused(
    shared_site: Any, tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    """No such Python is at hand, so its hello is forged."""
    ticket: Ticket = tickets.read(shared_site.place.engine_ticket)
    peer = shared_site.raw(ticket)
    hello: Hello = peer.hello(name="agent", **changes)
    door = connect(ticket, shared_site.context)
    agent = Agent(door, Approach(door, ticket.addresses), hello, 0, [tmp_path])
    control, keeper = socket.socketpair()
    agent.hold(Holder(control, agent.poller))

    with pytest.raises(ClusterError, match=reason):
        agent.run(20, 20)

    agent.close()
    door.close()
    keeper.close()
