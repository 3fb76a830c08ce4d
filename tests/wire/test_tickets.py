"""Tickets: written whole and private, refused when others could have read them."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import msgspec
import pytest

from ipcluster.wire import tickets
from ipcluster.wire.errors import SecurityError, TicketError
from ipcluster.wire.messages import PROTOCOL
from ipcluster.wire.processes import process_started
from ipcluster.wire.tickets import Ticket, is_stale

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")

TICKET = Ticket(
    cluster="c0ffee",
    cluster_id="night",
    profile="default",
    addresses=["tcp://10.0.0.1:4242", "tcp://127.0.0.1:4242"],
    socket_file="/tmp/door",
    server_key="S" * 40,
    door_public="P" * 40,
    door_secret="very secret",
    grant="signed.text",
    host=socket.gethostname(),
    pid=os.getpid(),
    pid_started=process_started(os.getpid()) or 0.0,
    created=1.0,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "client.ticket"
    tickets.write(path, TICKET)
    return path


def test_ticket_is_read_back(path: Path) -> None:
    assert tickets.read(path) == TICKET


def test_ticket_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        tickets.write(tmp_path / "t", TICKET)
    finally:
        os.umask(old)

    assert stat.S_IMODE((tmp_path / "t").stat().st_mode) == 0o600


def test_writing_again_replaces_and_leaves_nothing_else(path: Path) -> None:
    newer = msgspec.structs.replace(TICKET, created=2.0)

    tickets.write(path, newer)

    assert tickets.read(path) == newer
    assert list(path.parent.iterdir()) == [path]


def test_secrets_are_not_in_the_repr() -> None:
    assert "secret" not in repr(TICKET)
    assert "signed" not in repr(TICKET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o610])
def test_ticket_open_to_others_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)

    with pytest.raises(TicketError) as caught:
        tickets.read(path)

    assert str(caught.value) == (
        f"ticket refused: others can read {path}; run: chmod 600 {path}"
    )


def test_folder_that_others_may_write_is_refused(path: Path) -> None:
    path.parent.chmod(0o770)

    with pytest.raises(TicketError, match=r"others can change files .*chmod go-w"):
        tickets.read(path)
    with pytest.raises(SecurityError, match="others can change files"):
        tickets.write(path, TICKET)


def test_folder_that_others_may_read_or_a_sticky_one_is_fine(path: Path) -> None:
    path.parent.chmod(0o755)
    assert tickets.read(path) == TICKET

    path.parent.chmod(0o1777)
    assert tickets.read(path) == TICKET


@as_root
def test_ticket_of_another_user_is_refused(path: Path) -> None:
    os.chown(path, 12345, -1)

    with pytest.raises(TicketError, match="belongs to another user"):
        tickets.read(path)


def test_missing_ticket_is_told(tmp_path: Path) -> None:
    with pytest.raises(TicketError, match=r"no ticket at .*: is the cluster started"):
        tickets.read(tmp_path / "none")


def test_folder_in_place_of_a_ticket_is_told(tmp_path: Path) -> None:
    with pytest.raises(TicketError):
        tickets.read(tmp_path)


def test_every_cut_off_ticket_is_told(path: Path) -> None:
    whole = path.read_bytes().rstrip()

    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(TicketError, match="cut off or not a ticket"):
            tickets.read(path)


@pytest.mark.parametrize("content", [b"[]", b"3", b'{"protocol": "x"}', b"{}"])
def test_other_json_is_no_ticket(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(TicketError, match="is not a ticket"):
        tickets.read(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"PK\x03\x04", b'{"cluster": "\xff"'])
def test_other_bytes_are_no_ticket(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(TicketError):
        tickets.read(path)


def test_other_protocol_is_told_before_anything_else(path: Path) -> None:
    path.write_text('{"protocol": 99, "addresses": "in another form"}')

    with pytest.raises(TicketError, match=f"protocol 99, .* speaks {PROTOCOL}"):
        tickets.read(path)


def test_unknown_fields_are_passed_over(path: Path) -> None:
    fields = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode(fields | {"from_the_future": [1]}))

    assert tickets.read(path) == TICKET


# --- stale ----------------------------------------------------------------------------


def test_ticket_of_a_running_controller_is_not_stale() -> None:
    assert is_stale(TICKET) is None


def test_ticket_of_a_dead_controller_is_stale() -> None:
    stale = is_stale(msgspec.structs.replace(TICKET, pid=1 << 30))

    assert stale is not None
    assert stale.startswith(
        "the controller of cluster 'night' (pid 1073741824) is gone"
    )


def test_pid_that_was_used_again_is_stale() -> None:
    again = msgspec.structs.replace(TICKET, pid_started=TICKET.pid_started - 60)

    assert is_stale(again) is not None


def test_nobody_can_tell_about_another_host() -> None:
    other = msgspec.structs.replace(TICKET, host="elsewhere", pid=1 << 30)

    assert is_stale(other) is None
