"""The sockets of a client of a Jupyter kernel, and the one thread that touches them.

    any thread                      this thread
    send(), ask() ── frames ──────> shell, control, stdin    (DEALER)
        `──────── a reply <──────── shell, control
    on_message <─────────────────── iopub (SUB), stdin, replies that nobody waits for

Iopub is read before the others: what a cell has printed is shown before what it asks.
"""

from __future__ import annotations

import json
import os
import queue
import threading
from typing import TYPE_CHECKING, Any, Protocol

import zmq
from zmq.utils.monitor import recv_monitor_message

from ipcluster.shell.kernel.messages import BadMessage, Session

if TYPE_CHECKING:
    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.messages import Message

# Seconds between looks at what no socket tells.
TICK = 0.2
# Seconds that iopub must be silent before a question is shown: what was printed before
# it comes through another socket.
SETTLE = 0.02
DEALERS = ("shell", "control", "stdin")


class Listener(Protocol):
    """Who is told what comes, in this thread."""

    def on_message(self, channel: str, message: Message) -> None:
        """A message that no `ask` waits for."""

    def on_link(self, *, is_up: bool) -> None:
        """The connection to the kernel stands (again), or is broken."""

    def on_tick(self) -> None:
        """A moment has passed."""


class _Question:
    """A request that somebody waits for."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.reply: Message | None = None


class Channels:
    """One client of one kernel; its session is its name on all channels."""

    def __init__(self, connection: Connection, listener: Listener) -> None:
        self.session = Session(connection.key.encode(), connection.signature_scheme)
        self._connection = connection
        self._listener = listener
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._outgoing: queue.SimpleQueue[tuple[str, list[Any]]] = queue.SimpleQueue()
        self._questions: dict[str, _Question] = {}
        self._packing = threading.Lock()
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        self._closing = False
        self._monitor: Any = None
        self._thread = threading.Thread(
            target=self._run, name="console's channels", daemon=True
        )

    def start(self) -> None:
        """Connect; the listener is told from now on."""
        identity = self.session.session.encode()
        for channel in (*DEALERS, "iopub"):
            socket = self._context.socket(zmq.SUB if channel == "iopub" else zmq.DEALER)
            socket.linger = 500
            self._secure(socket)
            socket.ipv6 = ":" in self._connection.ip
            if channel == "iopub":
                socket.setsockopt(zmq.SUBSCRIBE, b"")
                socket.rcvhwm = 0  # what is not read waits in the kernel, or here
            else:
                socket.setsockopt(zmq.IDENTITY, identity)
            self._sockets[channel] = socket
        self._monitor = self._sockets["shell"].get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        )
        for channel, socket in self._sockets.items():
            socket.connect(self._connection.address(channel))
        self._thread.start()

    def _secure(self, socket: zmq.Socket[bytes]) -> None:
        keys = self._connection.curve_keys
        if keys is not None:  # one pair, the kernel's and its clients'
            socket.curve_publickey, socket.curve_secretkey = keys
            socket.curve_serverkey = keys[0]

    # --- from any thread --------------------------------------------------------------

    def send(self, channel: str, msg_type: str, content: dict[str, Any]) -> str:
        """Send a message; its id."""
        return self._send(channel, msg_type, content, None)

    def ask(
        self,
        msg_type: str,
        content: dict[str, Any],
        patience: float,
        channel: str = "shell",
        metadata: dict[str, Any] | None = None,
    ) -> Message | None:
        """The reply to a request; None: none came in time."""
        question = _Question()
        msg_id = self._send(channel, msg_type, content, question, metadata)
        question.answered.wait(patience)
        self._questions.pop(msg_id, None)
        return question.reply

    def _send(
        self,
        channel: str,
        msg_type: str,
        content: dict[str, Any],
        question: _Question | None,
        metadata: dict[str, Any] | None = None,
    ) -> str:
        with self._packing:
            frames = self.session.pack(msg_type, content, metadata=metadata)
        msg_id = str(json.loads(bytes(frames[2]))["msg_id"])
        if question is not None:
            self._questions[msg_id] = question
        self._outgoing.put((channel, frames))
        self._wake()
        return msg_id

    def _wake(self) -> None:
        if not self._closing:
            os.write(self._waker, b"\0")

    def close(self) -> None:
        """Send what waits, and close."""
        if self._closing:
            return
        self._wake()
        self._closing = True
        if self._thread.ident is not None:
            self._thread.join()
        for socket in self._sockets.values():
            socket.disable_monitor()
            socket.close()
        if self._monitor is not None:
            self._monitor.close(0)
        self._context.term()
        os.close(self._woken)
        os.close(self._waker)
        for question in list(self._questions.values()):
            question.answered.set()

    # --- the thread -------------------------------------------------------------------

    def _run(self) -> None:
        poller = zmq.Poller()
        for socket in (*self._sockets.values(), self._monitor):
            poller.register(socket, zmq.POLLIN)
        poller.register(self._woken, zmq.POLLIN)
        while True:
            poller.poll(int(TICK * 1000))
            is_last = self._closing
            self._send_waiting()
            self._read("iopub")
            for channel in DEALERS:
                self._read(channel)
            while self._monitor.poll(0):
                what = int(recv_monitor_message(self._monitor)["event"])
                self._listener.on_link(is_up=what != zmq.EVENT_DISCONNECTED)
            if is_last:
                return
            self._listener.on_tick()

    def _send_waiting(self) -> None:
        try:
            os.read(self._woken, 4096)
        except BlockingIOError:
            pass
        while True:
            try:
                channel, frames = self._outgoing.get_nowait()
            except queue.Empty:
                return
            try:
                self._sockets[channel].send_multipart(frames, zmq.NOBLOCK)
            except zmq.Again:  # there is no kernel, and very much waits for it
                continue

    def _read(self, channel: str) -> None:
        socket = self._sockets[channel]
        while True:
            try:
                frames = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                message = self.session.unpack(frames)
            except BadMessage:  # of somebody without the key
                continue
            if channel == "stdin":
                while self._sockets["iopub"].poll(int(SETTLE * 1000)):
                    self._read("iopub")
            question = None
            if channel != "iopub":
                question = self._questions.get(str(message.parent.get("msg_id")))
            if question is None:
                self._listener.on_message(channel, message)
            else:
                question.reply = message
                question.answered.set()
