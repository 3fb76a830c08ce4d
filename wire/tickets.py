"""A ticket: the file that lets a peer in. All that a client or an agent needs.

It holds the controller's addresses and public key, the door key (a CURVE key pair
without which the door does not open) and a signed grant that says what its holder may
do. Whoever has the file has the rights in it, so it lies with mode 0600 in a folder
that others cannot change, and is refused when it does not.
"""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec

from ipcluster.wire import private_files
from ipcluster.wire.messages import PROTOCOL
from ipcluster.wire.own_errors import SecurityError, TicketError
from ipcluster.wire.processes import is_alive


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a ticket. Keys are CURVE keys in Z85, 40 characters each."""

    protocol: int = PROTOCOL
    cluster: str  # this cluster's own name, never given twice
    cluster_id: str = ""
    profile: str = "default"
    addresses: list[str]  # tcp://host:port, the likeliest first
    socket_file: str | None = None  # another door, on the controller's own host
    server_key: str
    door_public: str
    door_secret: str
    grant: str
    host: str
    pid: int  # the controller's
    pid_started: float = 0.0
    created: float = 0.0

    def __repr__(self) -> str:
        # The fields are secrets; this may end up in a log.
        return f"<Ticket of {self.cluster} on {self.host}, {self.addresses}>"


class _Any(msgspec.Struct):
    """What tickets of every protocol version have."""

    protocol: int


def write(path: Path, ticket: Ticket) -> None:
    """Write the ticket with mode 0600; readers see the old one or this one, whole.

    Raises:
        SecurityError: others can change files in its folder.
    """
    private_files.check_above(path.parent)
    data = msgspec.json.format(msgspec.json.encode(ticket), indent=2)
    private_files.write_file(path, data + b"\n")


def read(path: Path) -> Ticket:
    """The ticket at `path`. Fields that a newer version added are passed over.

    Raises:
        TicketError: it is not there, open to others, cut off, or of another protocol.
    """
    try:
        data = private_files.read_file(path)
    except FileNotFoundError as error:
        raise TicketError(f"no ticket at {path}: is the cluster started?") from error
    except SecurityError as error:
        raise TicketError(f"ticket refused: {error}") from error
    except OSError as error:
        raise TicketError(f"cannot read the ticket {path}: {error.strerror}") from error
    return _decode(path, data)


def _decode(path: Path, data: bytes) -> Ticket:
    try:
        protocol = msgspec.json.decode(data, type=_Any).protocol
        if protocol != PROTOCOL:
            raise TicketError(
                f"{path} is for protocol {protocol}, this ipcluster speaks {PROTOCOL}: "
                "use the same version at both ends"
            )
        return msgspec.json.decode(data, type=Ticket)
    except msgspec.ValidationError as error:
        raise TicketError(f"{path} is not a ticket: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TicketError(
            f"{path} is cut off or not a ticket ({error}); copy it again"
        ) from error


def is_stale(ticket: Ticket) -> str | None:
    """Why nobody can answer to this ticket, in a sentence; None if somebody may.

    Only the host that the controller was on can know.
    """
    if ticket.host != socket.gethostname():
        return None
    if is_alive(ticket.pid, ticket.pid_started):
        return None
    name = ticket.cluster_id or "default"
    return (
        f"the controller of cluster {name!r} (pid {ticket.pid}) is gone and its ticket "
        "was left behind: start the cluster again, or `ipcluster clean`"
    )
