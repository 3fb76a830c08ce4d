"""Getting in: choose the way to the controller, knock, and say why it did not open.

On the controller's own host the door is a socket file that only its user can reach.
Elsewhere, and where that file cannot be reached, it is a TCP port where CURVE encrypts
everything.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket as sockets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from ipcluster import __version__
from ipcluster.client.bell import Ears
from ipcluster.client.transports import TcpTransport, Transport, UnixTransport
from ipcluster.wire import tickets
from ipcluster.wire.codec import pack, unpack_to_client
from ipcluster.wire.curve import Watch, secure_client
from ipcluster.wire.errors import (
    ClusterError,
    ProtocolError,
    SecurityError,
    TicketError,
    TimeoutError,  # noqa: A004 - the name users know
)
from ipcluster.wire.messages import PROTOCOL, Hello, Numbered, Refused, Welcome
from ipcluster.wire.streams import HAS_UNIX_SOCKETS
from ipcluster.wire.tickets import Ticket

# Milliseconds between attempts to connect again, at first and at most.
RECONNECT_MS = 100
RECONNECT_MAX_MS = 2000
# Milliseconds: a ZMTP heartbeat finds a host that was unplugged.
HEARTBEAT_MS = 5000
HEARTBEAT_TIMEOUT_MS = 20000

_context: tuple[int, zmq.Context[Any]] | None = None


@dataclass
class Door:
    """An open connection, before anything else was said on it."""

    transport: Transport
    welcome: Welcome
    is_local: bool
    """Whether the controller's files can be read here."""
    address: str


def new_session() -> str:
    """A name for one Client, the same over reconnects."""
    return secrets.token_hex(6)


def hello(ticket: Ticket, session: str) -> Hello:
    user = os.environ.get("USER") or os.environ.get("USERNAME") or "someone"
    return Hello(
        protocol=PROTOCOL,
        python=(sys.version_info.major, sys.version_info.minor),
        grant=ticket.grant,
        session=session,
        name=f"{user}@{sockets.gethostname()}:{os.getpid()}",
        version=__version__,
    )


def knock(
    ticket: Ticket, session: str, transport: str | None, timeout: float | None
) -> Door:
    """Connect and be let in.

    Raises:
        TicketError: the controller of this ticket has ended.
        SecurityError: it refused the key or the grant.
        ProtocolError: it refused this version of the protocol or of Python.
        TimeoutError: nobody answered in time.
        ClusterError: there is no socket to be had.
    """
    if stale := tickets.is_stale(ticket):
        raise TicketError(stale)
    way, address = _connect(ticket, transport)
    try:
        way.send([pack([hello(ticket, session), Numbered(0, 0)])])
        welcome = _await_welcome(way, ticket, address, timeout)
    except BaseException:
        way.close(0)
        raise
    is_local = transport != "remote" and _proves_host(welcome)
    return Door(way, welcome, is_local, address)


def _connect(ticket: Ticket, transport: str | None) -> tuple[Transport, str]:
    """The socket file if it is here, mine, and somebody listens; else the port."""
    address = choose_address(ticket, transport)
    if address.startswith("unix:"):
        try:
            return UnixTransport(Path(address.removeprefix("unix:"))), address
        except OSError as error:
            if transport == "ipc" or error.errno in (errno.EMFILE, errno.ENFILE):
                raise ClusterError(
                    f"cannot connect to {address}: {error.strerror or error}"
                ) from error
        address = choose_address(ticket, "tcp")
    try:
        return _connect_tcp(ticket, address), address
    except zmq.ZMQError as error:
        raise ClusterError(f"cannot connect to {address}: {error.strerror}") from error


def _connect_tcp(ticket: Ticket, address: str) -> TcpTransport:
    socket = _shared_context().socket(zmq.DEALER)
    watch = None
    try:
        _prepare(socket, ticket)
        watch = Watch(socket)
        socket.connect(address)
        return TcpTransport(socket, watch)
    except BaseException:
        if watch is not None:
            watch.close()
        socket.close(0)
        raise


def choose_address(ticket: Ticket, transport: str | None) -> str:
    """The socket file when it is here and mine, else the first TCP address.

    `transport` "remote" is "tcp" without the files that the two may share.

    Raises:
        ValueError: `transport` is none of "ipc", "tcp", "remote" and None.
        TicketError: the ticket has no address for that transport, from here.
    """
    if transport not in (None, "ipc", "tcp", "remote"):
        raise ValueError(
            f'transport must be "ipc", "tcp", "remote" or None, not {transport!r}'
        )
    if transport in (None, "ipc") and HAS_UNIX_SOCKETS:
        path = ticket.socket_file
        if path and ticket.host == sockets.gethostname() and _is_mine(path):
            return f"unix:{path}"
    if transport == "ipc":
        raise TicketError(
            f"the socket file of cluster {ticket.cluster_id or 'default'!r} is not on "
            f"this host or not yours: {ticket.socket_file}; leave out transport='ipc'"
        )
    here = ticket.host == sockets.gethostname()
    for address in ticket.addresses:
        # A loopback address means another machine on every other host.
        if here or "//127." not in address:
            return address
    raise TicketError(
        f"the cluster listens on {', '.join(ticket.addresses) or 'no port'} of "
        f"{ticket.host} only; start it with --ip to reach it from other hosts"
    )


def _is_mine(path: str) -> bool:
    try:
        status = Path(path).stat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or status.st_uid == os.getuid()


def _shared_context() -> zmq.Context[Any]:
    """One context for all clients of the process: its thread moves the bytes."""
    global _context
    if _context is None or _context[0] != os.getpid() or _context[1].closed:
        _context = os.getpid(), zmq.Context()
    return _context[1]


def _prepare(socket: zmq.Socket[Any], ticket: Ticket) -> None:
    """Set the socket up before it connects."""
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
    # A heartbeat waits behind what the network does not take.
    socket.setsockopt(zmq.TCP_MAXRT, HEARTBEAT_TIMEOUT_MS)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    secure_client(socket, ticket.server_key, ticket.door_public, ticket.door_secret)


def _await_welcome(
    way: Transport, ticket: Ticket, address: str, timeout: float | None
) -> Welcome:
    ears = Ears([way.fd, way.watch_fd])
    deadline = None if timeout is None or timeout < 0 else time.monotonic() + timeout
    while True:
        while (frame := way.receive()) is not None:
            for message in unpack_to_client(frame):
                if isinstance(message, Refused):
                    raise _refusal(message.reason)
                if isinstance(message, Welcome):
                    return message
        way.look(again=False)
        if way.refusal is not None:
            raise way.refusal
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not ears.wait(left) and left is not None and not left:
            raise TimeoutError(
                f"the controller of cluster {ticket.cluster_id or 'default'!r} (pid "
                f"{ticket.pid} on {ticket.host}) did not answer at {address} within "
                f"{timeout:g} s; `ipcluster list` shows which clusters run"
            )


def _refusal(reason: str) -> Exception:
    """The controller's one line as an error of the right kind."""
    about_versions = "protocol" in reason.lower() or "python" in reason.lower()
    return (ProtocolError if about_versions else SecurityError)(reason)


def _proves_host(welcome: Welcome) -> bool:
    path, content = welcome.host_proof
    if not path:
        return False
    try:
        return Path(path).read_text() == content
    except (OSError, UnicodeDecodeError):
        return False
