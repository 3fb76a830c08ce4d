"""CURVE on sockets, the door that checks keys, and what became of a handshake.

A connection passes two locks before any message is read. CURVE: the peer must know
the controller's public key. ZAP (0MQ RFC 27): libzmq asks the `Door`, on a socket in
the same process, whether the peer's own public key is one that a ticket carries. What
the peer may then do is decided by its grant (`wire/grants.py`).

A peer with a wrong key is not told by its socket, which tries again for ever. `Watch`
reads what libzmq notices about connections, and `Handshake` says what it means.
"""

from __future__ import annotations

import itertools
import logging
import struct
import time
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Any, NamedTuple

import zmq
from zmq.utils import z85
from zmq.utils.monitor import parse_monitor_message

from ipcluster.wire.own_errors import SecurityError

log = logging.getLogger(__name__)

ZAP_ADDRESS = "inproc://zeromq.zap.01"

# A peer may take so long over its handshake: half-open connections are dropped then.
HANDSHAKE_MILLISECONDS = 10_000

# Seconds between two lines in the log about the same address, and how many are kept.
LOG_AGAIN_AFTER = 60.0
_ADDRESSES = 1024

# Connections closed in the handshake, in a row, after which it is not chance: the
# controller may have been starting, or a tunnel may just have come up.
_CLOSED_IN_A_ROW = 3


class CurveKeys(NamedTuple):
    """A CURVE key pair in Z85, 40 characters each."""

    public: str
    secret: str


def new_curve_keys() -> CurveKeys:
    """A new key pair, for a server or for a door."""
    public, secret = zmq.curve_keypair()
    return CurveKeys(public.decode(), secret.decode())


def secure_server(socket: zmq.Socket[Any], secret: str, domain: str) -> None:
    """Let in only peers that know our public key and that the `Door` knows.

    Call it before `bind`, with the door open.
    """
    socket.curve_server = True
    socket.curve_secretkey = _key("server", secret)
    socket.zap_domain = domain.encode()
    # Else, without a Door, libzmq lets in everybody who knows the server's key.
    socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
    socket.handshake_ivl = HANDSHAKE_MILLISECONDS


def secure_client(
    socket: zmq.Socket[Any],
    server_public: str,
    door_public: str,
    door_secret: str,
) -> None:
    """Talk only to the holder of the server's secret key. Call it before `connect`.

    Raises:
        SecurityError: one of these is not a key.
    """
    socket.curve_serverkey = _key("server", server_public)
    socket.curve_publickey = _key("door", door_public)
    socket.curve_secretkey = _key("door", door_secret)


def _key(what: str, text: str) -> bytes:
    try:
        key = text.encode("ascii")
        if len(key) == 40 and len(z85.decode(key)) == 32:
            return key
    except (ValueError, KeyError, struct.error):
        pass  # what z85 raises for wrong letters, and for digits that are too large
    raise SecurityError(f"the {what} key is not a CURVE key of 40 characters")


class Door:
    """The doorkeeper: tells libzmq which keys may come in (ZAP, 0MQ RFC 27).

    It has no thread: poll `socket` in the loop that serves the other sockets, and call
    `serve` when it is readable. While nobody does, newcomers wait in their handshake.
    One per context, opened before server sockets bind.
    """

    def __init__(
        self,
        context: zmq.Context[Any],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._names: dict[tuple[bytes, bytes], bytes] = {}
        self._logged: dict[str, float] = {}
        self.refused = 0
        self.socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.bind(ZAP_ADDRESS)

    def __enter__(self) -> Door:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def allow(self, domain: str, public: str, name: str = "") -> None:
        """Let in holders of this key. Their messages' "User-Id" will be `name`."""
        key = z85.decode(_key("door", public))
        self._names[domain.encode(), key] = name.encode()

    def forbid(self, domain: str, public: str) -> None:
        """Let nobody in with this key any more; who is in stays."""
        self._names.pop((domain.encode(), z85.decode(_key("door", public))), None)

    def serve(self) -> None:
        """Answer what libzmq asks now; never blocks."""
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            # Up to the empty frame it is the way back.
            end = frames.index(b"") + 1 if b"" in frames else len(frames)
            reply = self._answer(frames[end:])
            self.socket.send_multipart(frames[:end] + reply)

    def close(self) -> None:
        """Let nobody in any more. Safe to call twice."""
        self.socket.close()

    def _answer(self, request: list[bytes]) -> list[bytes]:
        if len(request) < 6 or request[0] != b"1.0":
            # Not from libzmq, which is the only one that can reach this address.
            log.warning("a malformed question at the door")
            number = request[1] if len(request) > 1 else b""
            return [b"1.0", number, b"500", b"malformed request", b"", b""]
        _, number, domain, address, _, mechanism, *credentials = request
        reason = b"unknown key"
        if mechanism != b"CURVE" or len(credentials) != 1:
            reason = b"CURVE only"
        elif (name := self._names.get((domain, credentials[0]))) is not None:
            return [b"1.0", number, b"200", b"OK", name, b""]
        self._refuse(address.decode("ascii", "replace"), reason.decode())
        return [b"1.0", number, b"400", reason, b"", b""]

    def _refuse(self, address: str, reason: str) -> None:
        self.refused += 1
        now = self._clock()
        if now - self._logged.get(address, -LOG_AGAIN_AFTER) < LOG_AGAIN_AFTER:
            return
        if len(self._logged) >= _ADDRESSES:
            self._logged.clear()
        self._logged[address] = now
        log.info("refused at the door: %s, from %s", reason, address)


class Happened(Enum):
    """What libzmq noticed about a connection."""

    CONNECTED = zmq.EVENT_CONNECTED
    ACCEPTED = zmq.EVENT_ACCEPTED
    RETRYING = zmq.EVENT_CONNECT_RETRIED
    WELCOMED = zmq.EVENT_HANDSHAKE_SUCCEEDED
    REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
    BROKEN = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    CUT_SHORT = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    DISCONNECTED = zmq.EVENT_DISCONNECTED
    CLOSED = zmq.EVENT_CLOSED


_EVENTS = sum(one.value for one in Happened)


class Event(NamedTuple):
    """One thing noticed. `value`: a descriptor, a ZAP status or an error number."""

    what: Happened
    value: int
    address: str


class Watch:
    """What becomes of a socket's connections. Poll `socket`, then `read`.

    DISCONNECTED has the connection's descriptor as its value, the one that
    `frame.get(zmq.SRCFD)` gave for messages from that peer. Close it before the socket
    that it watches.
    """

    _numbers = itertools.count()

    def __init__(self, watched: zmq.Socket[Any]) -> None:
        self._watched = watched
        address = f"inproc://watch-{next(self._numbers)}"
        watched.monitor(address, _EVENTS)
        self.socket: zmq.Socket[bytes] = watched.context.socket(
            zmq.PAIR, socket_class=zmq.Socket
        )
        self.socket.linger = 0
        self.socket.connect(address)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def read(self) -> list[Event]:
        """What was noticed since the last time, oldest first; never blocks."""
        events: list[Event] = []
        while True:
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return events
            found = parse_monitor_message(frames)
            try:
                what = Happened(int(found["event"]))
            except ValueError:  # the end of watching, which nobody waits for
                continue
            address = found["endpoint"].decode("ascii", "replace")
            events.append(Event(what, int(found["value"]), address))

    def close(self) -> None:
        """Stop watching. Safe to call twice."""
        if not self.socket.closed:
            if not self._watched.closed:
                self._watched.disable_monitor()
            self.socket.close()


class Handshake:
    """What the events of a client's socket mean: in, refused, or still trying.

    After a refusal libzmq may not try again by itself: take a new socket.
    """

    def __init__(self) -> None:
        self.is_done = False
        self.refusal: SecurityError | None = None
        self._in_handshake = False
        self._closed = 0

    def on_event(self, event: Event) -> None:
        """Learn of one event; `is_done` and `refusal` say what it came to."""
        match event.what:
            case Happened.CONNECTED:
                self._in_handshake = True
            case Happened.WELCOMED:
                self.is_done = True
                self.refusal = None
                self._in_handshake = False
                self._closed = 0
            case Happened.REFUSED:
                self._in_handshake = False
                self.refusal = SecurityError(
                    f"the controller at {event.address} refused this ticket's key: the "
                    "ticket is of an earlier or another cluster"
                )
            case Happened.BROKEN:
                self._on_stranger(event)
            case Happened.CUT_SHORT:
                self._on_cut_short(event)
            case Happened.DISCONNECTED:
                self.is_done = False
                # libzmq says CUT_SHORT of a peer that goes in the handshake. It says
                # nothing of one whose first bytes are no ZMTP, and does not try again.
                if self._in_handshake:
                    self._on_stranger(event)
            case _:
                pass

    def _on_stranger(self, event: Event) -> None:
        self._in_handshake = False
        self.refusal = SecurityError(
            f"what answers at {event.address} is not this ticket's controller, but "
            "another program, or a controller without keys"
        )

    def _on_cut_short(self, event: Event) -> None:
        self._in_handshake = False
        self._closed += 1
        if self._closed >= _CLOSED_IN_A_ROW:
            self.refusal = SecurityError(
                f"{event.address} closes the connection in the handshake: what listens "
                "there has another key than this ticket, or is another program"
            )
