"""A small blocking connection to a controller, for what launchers ask of it.

It says hello with the client ticket, asks questions (`Ask`, `Answer`), and follows
which engines come and go. It sends no tasks; that is the client's business, a floor up.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Protocol, Self

import zmq

from ipcluster.wire import tickets
from ipcluster.wire.codec import pack, pack_body, unpack_body, unpack_to_client
from ipcluster.wire.curve import Handshake, Watch, secure_client
from ipcluster.wire.errors import (
    ConnectionLost,
    ProtocolError,
    SecurityError,
    TicketError,
    TimeoutError,  # noqa: A004 - the name users know
    decode_info,
    to_error,
)
from ipcluster.wire.messages import (
    PROTOCOL,
    Answer,
    Ask,
    EngineInfo,
    Engines,
    Hello,
    Refused,
    ToClient,
    Welcome,
)
from ipcluster.wire.places import ClusterPlace
from ipcluster.wire.streams import (
    HAS_UNIX_SOCKETS,
    FramedStream,
    StreamClosed,
    new_buffer,
    unix_socket,
)
from ipcluster.wire.tickets import Ticket

# Seconds for a controller to answer. It does within a millisecond unless it is frozen.
ANSWER_SECONDS = 10.0


class _Way(Protocol):
    """How frames get there and back."""

    def send(self, frame: bytes) -> None: ...

    def receive(self, seconds: float) -> list[bytes]:
        """Those that come first; none when so many seconds are over."""

    def close(self) -> None: ...


class _SocketFile:
    """The controller's own host's door."""

    def __init__(self, path: str) -> None:
        sock = unix_socket()
        try:
            sock.settimeout(ANSWER_SECONDS)
            sock.connect(path)
        except BaseException:
            sock.close()
            raise
        self._stream = FramedStream(sock)
        self._buffer = new_buffer()

    def send(self, frame: bytes) -> None:
        self._stream.send([frame])
        # A question is small: it only waits if the controller is frozen.
        while self._stream.has_backlog:
            if not self._wait(select.POLLOUT, ANSWER_SECONDS):
                return
            self._stream.flush()

    def receive(self, seconds: float) -> list[bytes]:
        if not self._wait(select.POLLIN, seconds):
            return []
        try:
            return [one.frame for one in self._stream.receive(self._buffer)]
        except StreamClosed as error:
            raise ConnectionLost("the controller closed the connection") from error

    def _wait(self, events: int, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._stream, events)
        return bool(poller.poll(seconds * 1000))

    def close(self) -> None:
        self._stream.close()


class _Port:
    """The port, with CURVE."""

    def __init__(self, ticket: Ticket) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        secure_client(
            self._socket, ticket.server_key, ticket.door_public, ticket.door_secret
        )
        self._handshake = Handshake()
        self._watch = Watch(self._socket)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._watch.socket, zmq.POLLIN)
        # All lead to one controller; with one message it does not matter which.
        self._socket.connect(ticket.addresses[0])

    def send(self, frame: bytes) -> None:
        self._socket.send(frame)

    def receive(self, seconds: float) -> list[bytes]:
        ready = dict(self._poller.poll(int(seconds * 1000) + 1))
        if self._watch.socket in ready:
            for event in self._watch.read():
                self._handshake.on_event(event)
            if self._handshake.refusal is not None:
                raise self._handshake.refusal
        return [self._socket.recv_multipart()[0]] if self._socket in ready else []

    def close(self) -> None:
        self._watch.close()
        self._socket.close()
        self._context.term()


def _way_to(ticket: Ticket, place: ClusterPlace) -> _Way:
    """The socket file if it is here and somebody listens; else the port."""
    if HAS_UNIX_SOCKETS and ticket.socket_file and ticket.host == socket.gethostname():
        place.check()  # the socket's folder must be ours alone: no key guards it
        with contextlib.suppress(OSError):
            return _SocketFile(ticket.socket_file)
    return _Port(ticket)


class ControllerDoor:
    """A connection to the controller of the cluster at `place`. Use it in a `with`.

    Raises:
        TicketError: there is no ticket, or one of a cluster that is gone.
        SecurityError: the controller refuses us.
        ConnectionLost: nobody answers.
    """

    def __init__(self, place: ClusterPlace, timeout: float = ANSWER_SECONDS) -> None:
        self.engines: dict[int, EngineInfo] = {}
        self.unborn = 0
        self.reason = ""
        """Of the engines that were asked for last, how many never came, and why."""
        self._timeout = timeout
        self._request = 0
        self._welcome: Welcome | None = None
        self._answers: dict[int, Answer] = {}
        ticket = tickets.read(place.client_ticket)
        if stale := tickets.is_stale(ticket):
            raise TicketError(stale)
        self._way: _Way | None = None
        try:
            self._connect(ticket, place)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Twice is harmless."""
        if self._way is not None:
            self._way.close()
            self._way = None

    def ask(self, verb: str, **body: object) -> Any:
        """The controller's answer; `verb` and `body` as in `controller/questions.py`.

        Raises:
            ClusterError: what the controller says is wrong with the question.
        """
        self._request += 1
        request = self._request
        self._send(pack([Ask(request, verb, pack_body(body))]))
        self._receive_until(lambda: request in self._answers, self._timeout)
        answer = self._answers.pop(request)
        if answer.error:
            raise to_error(decode_info(answer.body))
        return unpack_body(answer.body)

    def wait_for(
        self, reached: Callable[[dict[int, EngineInfo]], bool], seconds: float
    ) -> bool:
        """Wait until this is true of the engines; False: it is not after `seconds`."""
        with contextlib.suppress(TimeoutError):
            self._receive_until(lambda: reached(self.engines), seconds)
            return True
        return False

    def new_engines(self, before: Iterable[int], n: int, seconds: float) -> list[int]:
        """The ids of `n` engines that were not there `before`, or the few that came."""
        known = set(before)
        self.unborn, self.reason = 0, ""
        self.wait_for(
            lambda engines: len(engines.keys() - known) >= n - self.unborn, seconds
        )
        return sorted(self.engines.keys() - known)

    def _connect(self, ticket: Ticket, place: ClusterPlace) -> None:
        self._way = _way_to(ticket, place)
        self._send(pack([_hello(ticket)]))
        try:
            self._receive_until(lambda: self._welcome is not None, self._timeout)
        except TimeoutError as error:
            raise ConnectionLost(
                f"the controller of cluster {place.name!r} (pid {ticket.pid} on "
                f"{ticket.host}) does not answer within {self._timeout:.0f} s"
            ) from error

    def _send(self, frame: bytes) -> None:
        if self._way is None:
            raise ConnectionLost("this connection is closed")
        self._way.send(frame)

    def _receive_until(self, reached: Callable[[], bool], seconds: float) -> None:
        assert self._way is not None
        deadline = time.monotonic() + seconds
        while not reached():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no answer from the controller in {seconds:.0f} s")
            for frame in self._way.receive(left):
                for message in unpack_to_client(frame):
                    self._on_message(message)

    def _on_message(self, message: ToClient) -> None:
        match message:
            case Welcome():
                self._welcome = message
                self.engines = {one.engine: one for one in message.engines}
            case Engines(joined=joined, left=left, unborn=unborn, reason=reason):
                self.unborn += unborn
                self.reason = reason or self.reason
                self.engines.update({one.engine: one for one in joined})
                for engine, _cause in left:
                    self.engines.pop(engine, None)
            case Answer():
                self._answers[message.request] = message
            case Refused(reason=reason):
                raise SecurityError(f"the controller refused us: {reason}")
            case _:
                raise ProtocolError(f"no question was asked that {message!r} answers")


def _hello(ticket: Ticket) -> Hello:
    from ipcluster import __version__

    return Hello(
        protocol=PROTOCOL,
        python=sys.version_info[:2],
        grant=ticket.grant,
        session=secrets.token_hex(6),
        name="ipcluster",
        version=__version__,
    )
