"""A kernel in a process of its own, and a client that speaks the protocol to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import zmq

import ipcluster as ipp
from ipcluster.shell.kernel.connection import Connection
from ipcluster.shell.kernel.messages import Message, Session

PATIENCE = 20.0


class Client:
    """One client: its own session and identity on every channel."""

    def __init__(self, connection: Connection, context: zmq.Context[Any]) -> None:
        self.session = Session(connection.key.encode())
        self.sockets: dict[str, zmq.Socket[bytes]] = {}
        identity = self.session.session.encode()
        for channel, kind in (
            ("shell", zmq.DEALER),
            ("control", zmq.DEALER),
            ("stdin", zmq.DEALER),
            ("iopub", zmq.SUB),
            ("hb", zmq.REQ),
        ):
            one = context.socket(kind)
            one.linger = 0
            if kind == zmq.DEALER:
                one.setsockopt(zmq.IDENTITY, identity)
            if kind == zmq.SUB:
                one.setsockopt(zmq.SUBSCRIBE, b"")
            if connection.curve_keys is not None:
                one.curve_publickey, one.curve_secretkey = connection.curve_keys
                one.curve_serverkey = connection.curve_keys[0]
            one.ipv6 = ":" in connection.ip
            one.connect(connection.address(channel))
            self.sockets[channel] = one
        self.until("iopub_welcome")

    def send(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        subshell: str | None = None,
        buffers: Sequence[bytes] = (),
        metadata: dict[str, Any] | None = None,
    ) -> str:
        """Send a request; its id."""
        session = self.session
        frames = session.pack(msg_type, content or {}, None, metadata, buffers)
        message = Session(b"").unpack(frames)
        if subshell is not None:
            message.header["subshell_id"] = subshell
            from ipcluster.shell.kernel import messages

            parts = [
                messages._encode(part)
                for part in (message.header, {}, {}, content or {})
            ]
            frames = [messages.DELIMITER, session._sign(parts), *parts]
        self.sockets[channel].send_multipart(frames)
        return str(message.header["msg_id"])

    def receive(self, channel: str, timeout: float = PATIENCE) -> Message:
        one = self.sockets[channel]
        if not one.poll(int(timeout * 1000)):
            raise TimeoutError(f"nothing on {channel} for {timeout:g} s")
        frames = one.recv_multipart()
        return self.session.unpack(frames)

    def ask(
        self,
        msg_type: str,
        content: dict[str, Any] | None = None,
        *,
        channel: str = "shell",
        subshell: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The content of the reply to a request."""
        request = self.send(
            msg_type, content, channel=channel, subshell=subshell, metadata=metadata
        )
        return self.reply_to(request, channel)

    def reply_to(self, request: str, channel: str = "shell") -> dict[str, Any]:
        while True:
            reply = self.receive(channel)
            if reply.parent.get("msg_id") == request:
                return reply.content

    def shown(self, request: str) -> list[tuple[str, dict[str, Any]]]:
        """What iopub tells of a request, from busy to idle, those two left out."""
        found: list[tuple[str, dict[str, Any]]] = []
        while True:
            message = self.receive("iopub")
            if message.parent.get("msg_id") != request:
                continue
            if message.type == "status":
                if message.content["execution_state"] == "idle":
                    return found
                continue
            found.append((message.type, message.content))

    def until(self, msg_type: str, request: str | None = None) -> dict[str, Any]:
        """The content of the next iopub message of a type."""
        while True:
            message = self.receive("iopub")
            if message.type == msg_type and (
                request is None or message.parent.get("msg_id") == request
            ):
                return message.content

    def execute(
        self, code: str, **content: Any
    ) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
        """Run a cell: the reply, and what was shown."""
        request = self.start(code, **content)
        return self.reply_to(request), self.shown(request)

    def start(self, code: str, subshell: str | None = None, **content: Any) -> str:
        """Begin a cell; its id."""
        body = {"code": code, "silent": False, "allow_stdin": True, **content}
        return self.send("execute_request", body, subshell=subshell)

    def close(self) -> None:
        for one in self.sockets.values():
            one.close()


class KernelProcess:
    """A kernel as a user starts it."""

    def __init__(self, folder: Path, *words: str, **environment: str) -> None:
        self.file = folder / "kernel.json"
        self.log = folder / "kernel.log"
        home = folder / "home"
        home.mkdir(exist_ok=True)
        kept = {k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "ipcluster.shell.kernel.app",
                    "-f",
                    str(self.file),
                    *words,
                ],
                cwd=folder,
                env=kept | {"HOME": str(home)} | environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not self.file.exists():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "no connection file"
            time.sleep(0.005)
        self.connection = Connection.read(str(self.file))

    def interrupt(self) -> None:
        """As front ends do that know one process only."""
        self.process.send_signal(signal.SIGINT)

    def interrupt_group(self) -> None:
        """As Jupyter's do, and a Ctrl-C at a terminal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def context() -> Iterator[zmq.Context[Any]]:
    context: zmq.Context[Any] = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture(scope="session")
def client_class() -> type[Client]:
    return Client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelProcess]:
    """One kernel for a module's tests."""
    kernel = KernelProcess(tmp_path_factory.mktemp("kernel"))
    yield kernel
    kernel.kill()


@pytest.fixture(scope="module")
def shared_face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KernelProcess]:
    """A kernel that is the face of an engine."""
    with ipp.Cluster(n=1) as rc:
        ticket = str(rc.cluster.place.client_ticket)
        words = ("--cluster", ticket, "--engine", "0")
        kernel = KernelProcess(tmp_path_factory.mktemp("face"), *words)
        yield kernel
        kernel.kill()


@pytest.fixture
def client(shared: KernelProcess, context: zmq.Context[Any]) -> Iterator[Client]:
    """A client of that kernel, which must answer afterwards as well."""
    client = Client(shared.connection, context)
    yield client
    assert client.ask("kernel_info_request")["status"] == "ok"
    client.close()


@pytest.fixture
def another(shared: KernelProcess, context: zmq.Context[Any]) -> Iterator[Client]:
    """A second client of the same kernel."""
    client = Client(shared.connection, context)
    yield client
    client.close()


@pytest.fixture
def own(
    tmp_path: Path, context: zmq.Context[Any]
) -> Iterator[Callable[..., tuple[KernelProcess, Client]]]:
    """Makes kernels for one test, which may break them."""
    made: list[tuple[KernelProcess, Client]] = []

    def make(*words: str, **environment: str) -> tuple[KernelProcess, Client]:
        folder = tmp_path / f"kernel-{len(made)}" if made else tmp_path
        folder.mkdir(exist_ok=True)
        kernel = KernelProcess(folder, *words, **environment)
        made.append((kernel, Client(kernel.connection, context)))
        return made[-1]

    yield make
    for kernel, client in made:
        client.close()
        kernel.kill()
