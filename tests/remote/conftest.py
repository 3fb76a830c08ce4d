"""Clusters whose engines or clients are as on other hosts, and ways to break them.

An agent on this machine never uses the controller's folders; a client with
`transport="remote"` neither. `Proxy` stands between them and the controller, and cuts.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import zmq

import ipcluster as ipp
from ipcluster.client.client import Client
from ipcluster.controller.config import ControllerConfig
from ipcluster.controller.doors import Doors
from ipcluster.controller.holds import Holds
from ipcluster.controller.reception import Identity, Reception
from ipcluster.controller.server import Server
from ipcluster.controller.tasks import TaskTable
from ipcluster.controller.transfers import Transfers
from ipcluster.wire import messages as m
from ipcluster.wire import tickets
from ipcluster.wire.codec import pack, unpack_to_client
from ipcluster.wire.curve import new_curve_keys, secure_client
from ipcluster.wire.grants import Grant, new_signing_keys, sign
from ipcluster.wire.streams import FramedStream, new_buffer, unix_socket
from ipcluster.wire.tickets import Ticket

PATIENCE = 20.0


def until(reached: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Look again and again for something that only the system can tell."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)
    return found


class Agent:
    """An `ipengine` process, and what it says."""

    def __init__(
        self,
        ticket: Path,
        n: int,
        log: Path,
        inside: Callable[..., list[str]] = lambda *words: list(words),
    ) -> None:
        self.log = log
        module = "ipcluster.launchers.engine_app"
        words = [sys.executable, "-m", module, f"-n={n}", f"--ticket={ticket}"]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                inside(*words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.pid = self.process.pid

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def keeper(self) -> psutil.Process:
        return until(lambda: psutil.Process(self.pid).children(), "the agent's keeper")[
            0
        ]

    @property
    def folders(self) -> list[Path]:
        """Where this agent keeps segments."""
        return [
            path
            for root in ("/dev/shm", "/tmp")
            for path in Path(root).glob(f"ipcluster-{os.getuid()}-agent-{self.pid}-*")
        ]

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)


class Proxy:
    """A TCP port that leads to another, and can be cut and opened again."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
        self._far = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._open = threading.Event()
        self._open.set()
        self._ended = False
        self.accepted = 0
        self.carried_bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open.is_set():
                near.close()
                continue
            far = socket.create_connection(self._far)
            with self._lock:
                self._pairs[near], self._pairs[far] = far, near
            self.accepted += 1
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            try:
                while True:
                    for key, _ in selector.select():
                        assert isinstance(key.fileobj, socket.socket)
                        data = key.fileobj.recv(1 << 16)
                        if not data:
                            return
                        self.carried_bytes += len(data)
                        key.data.sendall(data)
            except OSError:
                return
            finally:
                self._drop(near, far)

    def _drop(self, *pair: socket.socket) -> None:
        for one in pair:
            with self._lock:
                self._pairs.pop(one, None)
            one.close()

    def cut(self, *, keep_shut: bool = False) -> None:
        """Break all connections; new ones are let in unless it is to stay shut."""
        if keep_shut:
            self._open.clear()
        with self._lock:
            pairs = list(self._pairs)
        for one in pairs:
            with contextlib.suppress(OSError):  # it may have gone by itself
                one.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._ended = True
        self._listener.close()
        self.cut(keep_shut=True)


class PortWay:
    """Frames to and from the port."""

    def __init__(self, ticket: Ticket, context: zmq.Context[Any]) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        secure_client(
            self.socket, ticket.server_key, ticket.door_public, ticket.door_secret
        )
        self.socket.connect(ticket.addresses[0])

    def put(self, *frames: bytes) -> None:
        self.socket.send_multipart(frames)

    def get(self, seconds: float) -> list[bytes]:
        """Frames that come within this time."""
        if not self.socket.poll(int(seconds * 1000) + 1):
            return []
        return [self.socket.recv_multipart()[0]]

    def close(self) -> None:
        self.socket.close()


class FileWay:
    """Frames to and from the socket file. What is not read is written all the same."""

    def __init__(self, ticket: Ticket) -> None:
        assert ticket.socket_file is not None
        sock = unix_socket()
        sock.connect(ticket.socket_file)
        self._stream = FramedStream(sock)
        self._buffer = new_buffer()
        self._poller = select.poll()

    def put(self, *frames: bytes) -> None:
        self._stream.send(frames)
        deadline = time.monotonic() + PATIENCE
        while self._stream.has_backlog:
            assert time.monotonic() < deadline
            self._wait(select.POLLOUT, PATIENCE)
            self._stream.flush()

    def get(self, seconds: float) -> list[bytes]:
        """Frames that come within this time."""
        if not self._wait(select.POLLIN, seconds):
            return []
        return [frame for frame, _ in self._stream.receive(self._buffer)]

    def _wait(self, events: int, seconds: float) -> bool:
        self._poller.register(self._stream, events)
        return bool(self._poller.poll(seconds * 1000))

    def close(self) -> None:
        self._stream.close()


class RawPeer:
    """A peer that says what it likes, by the right door."""

    def __init__(self, ticket: Ticket, way: PortWay | FileWay) -> None:
        self.ticket = ticket
        self._way = way
        self.put, self.close = way.put, way.close
        self._received: deque[Any] = deque()

    def hello(self, **changes: Any) -> m.Hello:
        made = m.Hello(
            m.PROTOCOL,
            (sys.version_info.major, sys.version_info.minor),
            self.ticket.grant,
            os.urandom(6).hex(),
            "a test",
            "0",
        )
        return msgspec.structs.replace(made, **changes)

    def send(self, *messages: Any) -> None:
        self.put(pack(messages))

    def receive(self, kind: type, seconds: float = PATIENCE) -> Any:
        """The next message of this kind; others are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            while self._received:
                message = self._received.popleft()
                if isinstance(message, kind):
                    return message
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind.__name__} within {seconds} s"
            for frame in self._way.get(left):
                self._received += unpack_to_client(frame)

    def enter(self, **changes: Any) -> m.Welcome:
        self.send(self.hello(**changes))
        welcome: m.Welcome = self.receive(m.Welcome)
        return welcome


class Site:
    """One cluster with one engine of its own, and whatever joins it from elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Any] = []
        self.context: zmq.Context[Any] = zmq.Context()
        self.cluster = ipp.Cluster(n=1)
        self.rc: Client = self.cluster.start_and_connect_sync()
        self.place = self.cluster.place
        self.rc.wait_for_engines(1, timeout=PATIENCE)

    @property
    def ticket(self) -> Ticket:
        """The owner's."""
        return tickets.read(self.place.client_ticket)

    def agent(self, n: int = 2, *, ticket: Path | None = None, **how: Any) -> Agent:
        """Engines of another host; returns when they answer."""
        before = set(self.rc.ids)
        log = self._folder / f"agent-{len(self._started)}.log"
        agent = Agent(ticket or self.place.engine_ticket, n, log, **how)
        self._started.append(agent)
        until(
            lambda: len(set(self.rc.ids) - before) >= n or agent.process.poll(),
            f"{n} engines of an agent",
        )
        assert agent.process.poll() is None, agent.said
        return agent

    def far_ids(self, agent: Agent) -> list[int]:
        """The engines of an agent."""
        pids = {child.pid for child in agent.keeper.children()}
        ids = self.rc.ids
        found = self.rc[ids].apply_async(os.getpid).get(timeout=PATIENCE)
        return [one for one, pid in zip(ids, found, strict=True) if pid in pids]

    def client(self, transport: str | None = "remote", **kwargs: Any) -> Client:
        client = Client(kwargs.pop("ticket", self.ticket), transport=transport)
        self._started.append(client)
        return client

    def proxy(self) -> Proxy:
        proxy = Proxy(self.ticket.addresses[0])
        self._started.append(proxy)
        return proxy

    def ticket_through(self, proxy: Proxy, kind: str = "client") -> Path:
        """A ticket that leads to the controller by way of the proxy."""
        path = getattr(self.place, f"{kind}_ticket")
        ticket = msgspec.structs.replace(
            tickets.read(path), addresses=[proxy.address], socket_file=None
        )
        changed = self._folder / f"{kind}-{len(self._started)}.ticket"
        tickets.write(changed, ticket)
        return changed

    def raw(self, ticket: Ticket | None = None, door: str = "port") -> RawPeer:
        ticket = ticket or self.ticket
        peer = RawPeer(
            ticket,
            PortWay(ticket, self.context) if door == "port" else FileWay(ticket),
        )
        self._started.append(peer)
        return peer

    @property
    def controller(self) -> psutil.Process:
        return psutil.Process(self.ticket.pid)

    def close(self) -> None:
        for one in reversed(self._started):
            if isinstance(one, Agent):
                one.stop()
                assert not one.folders
            else:
                one.close()
        self.rc.close()
        self.cluster.stop_cluster_sync()
        self.context.destroy(0)


class Office:
    """A controller in this process, without engines, that signs grants at will."""

    def __init__(self, folder: Path) -> None:
        self._context: zmq.Context[Any] = zmq.Context()
        self._signing = new_signing_keys()
        self._server_keys, self._door_keys = new_curve_keys(), new_curve_keys()
        config = ControllerConfig()
        doors = Doors(
            self._context, config, folder / "door", self._server_keys, self._door_keys
        )
        self.port = doors.port
        segments = folder / "segments"
        segments.mkdir(mode=0o700)
        identity = Identity(
            "office",
            "1",
            self._signing.public,
            ("", ""),
            str(segments),
            str(segments),
        )
        reception = Reception(config, identity, doors)
        doors.on_disconnect = lambda number, fd: reception.on_disconnect(
            number, fd, time.monotonic()
        )
        self.segments = segments
        self.server = Server(
            config, TaskTable(), doors, reception, Transfers([segments]), Holds()
        )
        self._ended = False
        self._peers: list[Any] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended:
            self.server.step(0.02)
        self.server.close()

    def ticket(self, *rights: str, cluster: str = "office", **limits: Any) -> Ticket:
        """A ticket with these rights."""
        grant = Grant(cluster=cluster, rights=frozenset(rights), **limits)
        return Ticket(
            protocol=m.PROTOCOL,
            cluster=cluster,
            cluster_id="",
            profile="default",
            addresses=[f"tcp://127.0.0.1:{self.port}"],
            server_key=self._server_keys.public,
            door_public=self._door_keys.public,
            door_secret=self._door_keys.secret,
            grant=sign(self._signing.private, grant),
            host=socket.gethostname(),
            pid=os.getpid(),
        )

    def peer(self, *rights: str, **limits: Any) -> RawPeer:
        ticket = self.ticket(*rights, **limits)
        peer = RawPeer(ticket, PortWay(ticket, self._context))
        self._peers.append(peer)
        return peer

    def client(self, *rights: str, **limits: Any) -> Client:
        client = Client(self.ticket(*rights, **limits), transport="tcp")
        self._peers.append(client)
        return client

    def close(self) -> None:
        for one in self._peers:
            one.close()
        self._ended = True
        self._thread.join(PATIENCE)
        self._context.destroy(500)


@pytest.fixture
def office() -> Iterator[Office]:
    with tempfile.TemporaryDirectory(prefix="ipt-", dir="/tmp") as folder:
        office = Office(Path(folder))
        yield office
        office.close()


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A cluster for the tests of a module that leave it whole."""
    folder = tmp_path_factory.mktemp("site", numbered=True)
    folder.chmod(0o700)
    site = Site(folder)
    yield site
    site.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A cluster for one test, which may break it."""
    tmp_path.chmod(0o700)
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.fixture
def wait_until() -> Callable[..., Any]:
    return until
