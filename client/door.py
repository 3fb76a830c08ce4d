"""Getting in: choose the way to the controller, knock, and say why it did not open.

On the controller's own host the door is a socket file that only its user can reach,
elsewhere a TCP port where CURVE encrypts everything.
"""

from __future__ import annotations

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
from ipcluster.wire import tickets
from ipcluster.wire.codec import pack, unpack_to_client
from ipcluster.wire.curve import Handshake, Watch, secure_client
from ipcluster.wire.errors import (
    ClusterError,
    ProtocolError,
    SecurityError,
    TicketError,
    TimeoutError,  # noqa: A004 - the name users know
)
from ipcluster.wire.messages import PROTOCOL, Hello, Numbered, Refused, Welcome
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

    socket: zmq.Socket[Any]
    watch: Watch
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
    address = choose_address(ticket, transport)
    try:
        return _knock(ticket, session, address, transport, timeout)
    except zmq.ZMQError as error:
        raise ClusterError(f"cannot connect to {address}: {error.strerror}") from error


def _knock(
    ticket: Ticket,
    session: str,
    address: str,
    transport: str | None,
    timeout: float | None,
) -> Door:
    socket = _shared_context().socket(zmq.DEALER)
    watch = None
    try:
        _prepare(socket, ticket, address)
        watch = Watch(socket)
        socket.connect(address)
        socket.send(pack([hello(ticket, session), Numbered(0, 0)]))
        welcome = _await_welcome(socket, watch, ticket, address, timeout)
    except BaseException:
        if watch is not None:
            watch.close()
        socket.close(0)
        raise
    is_local = transport != "remote" and _proves_host(welcome)
    return Door(socket, watch, welcome, is_local, address)


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
    if transport in (None, "ipc") and ticket.ipc is not None:
        path = ticket.ipc.removeprefix("ipc://")
        if ticket.host == sockets.gethostname() and _is_mine(path):
            return f"ipc://{path}"
    if transport == "ipc":
        raise TicketError(
            f"the socket file of cluster {ticket.cluster_id or 'default'!r} is not on "
            f"this host or not yours: {ticket.ipc}; leave out transport='ipc'"
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


def _prepare(socket: zmq.Socket[Any], ticket: Ticket, address: str) -> None:
    """Set the socket up before it connects."""
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
    if not address.startswith("ipc:"):
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS)
        # A heartbeat waits behind what the network does not take.
        socket.setsockopt(zmq.TCP_MAXRT, HEARTBEAT_TIMEOUT_MS)
        socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        secure_client(socket, ticket.server_key, ticket.door_public, ticket.door_secret)


def _await_welcome(
    socket: zmq.Socket[Any],
    watch: Watch,
    ticket: Ticket,
    address: str,
    timeout: float | None,
) -> Welcome:
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    poller.register(watch.socket, zmq.POLLIN)
    handshake = Handshake()
    deadline = None if timeout is None or timeout < 0 else time.monotonic() + timeout
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = dict(poller.poll(None if left is None else int(left * 1000) + 1))
        if socket in ready:
            for message in unpack_to_client(socket.recv_multipart()[0]):
                if isinstance(message, Refused):
                    raise _refusal(message.reason)
                if isinstance(message, Welcome):
                    return message
        elif watch.socket in ready:
            for event in watch.read():
                handshake.on_event(event)
            if handshake.refusal is not None:
                raise handshake.refusal
        elif not ready:
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
