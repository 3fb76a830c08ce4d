"""The kernel's sockets, and the one thread that touches them.

    shell, control   ROUTER   requests in, replies out
    stdin            ROUTER   input_request out, input_reply in
    iopub            XPUB     everything there is to see
    hb               ROUTER   echoes

The thread reads what comes, checks it, and hands it on: requests on shell to the
kernel's queue, those on control to the control thread. What others send they leave here
(outbox.py has what goes to iopub); the thread sends it. So user code may hold the main
thread for an hour, and heartbeats, interrupts and output go on.

A channel whose messages are not taken is not read on: its clients' queues fill up then,
not the kernel's memory.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque

import zmq

from ipcluster.shell.kernel.connection import CHANNELS
from ipcluster.shell.kernel.messages import BadMessage
from ipcluster.shell.kernel.notes import note, note_error
from ipcluster.shell.kernel.outbox import Outbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from ipcluster.shell.kernel.connection import Connection
    from ipcluster.shell.kernel.messages import Frame, Message, Session

    Handler = Callable[[Message], None]
    T = TypeVar("T")

# Seconds between looks at what nobody tells of: a parent that has gone.
IDLE = 1.0
# Messages read from one socket before the others get their turn.
DRAIN = 100
# Milliseconds that what was sent last gets to leave at the end.
LINGER = 1000
# Seconds between looks at a channel that is not read for now.
PAUSE = 0.05
# Bytes of one frame: beyond, libzmq ends the connection before it has taken it in.
LONGEST_FRAME = 512 << 20
# The same where only topics and heartbeats come.
LONGEST_TOPIC = 1 << 20

# What nobody who was away needs to hear.
UNKEPT = frozenset({"status", "iopub_welcome", "comm_msg"})

_TYPES = {
    "shell": zmq.ROUTER,
    "control": zmq.ROUTER,
    "stdin": zmq.ROUTER,
    "iopub": zmq.XPUB,
    "hb": zmq.ROUTER,
}


class Ports:
    """The sockets of one kernel.

    Args:
        connection: where to listen; ports of 0 are chosen, and filled in.
        session: signs and checks.
        on_message: told of what comes, by channel; called in the I/O thread.
    """

    def __init__(
        self,
        connection: Connection,
        session: Session,
        on_message: dict[str, Handler],
    ) -> None:
        self.session = session
        self.connection = connection
        self.on_publish: Callable[[Sequence[Frame]], None] | None = None
        self.on_tick: Callable[[], float] | None = None
        self.on_subscribe: Callable[[str], None] | None = None
        self.is_full: Callable[[str], bool] = lambda channel: False
        self.public = Outbox()
        self._handlers = on_message
        self._context = zmq.Context(io_threads=1)
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        self._outbox: deque[tuple[str, list[Frame]]] = deque()
        self._asleep = False
        self._stopping = False
        self._watched: dict[int, Callable[[], None]] = {}
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)
        try:
            self._bind()
        except BaseException:
            self._context.destroy(linger=0)
            raise
        self._thread = threading.Thread(
            target=self._run, name="kernel I/O", daemon=True
        )

    def _bind(self) -> None:
        connection = self.connection
        if connection.transport == "ipc":
            os.makedirs(os.path.dirname(connection.ip) or ".", 0o700, exist_ok=True)
        for number, channel in enumerate(CHANNELS, 1):
            one = self._context.socket(_TYPES[channel])
            one.linger = LINGER
            is_small = channel in ("iopub", "hb")
            one.maxmsgsize = LONGEST_TOPIC if is_small else LONGEST_FRAME
            connection.secure(one)
            if ":" in connection.ip:
                one.ipv6 = True
            if channel == "iopub":
                self.public.use(one)
                # Tell of each subscription, also of those that somebody has already.
                one.setsockopt(zmq.XPUB_VERBOSE, 1)
            elif channel != "hb":
                # Clients that connect again under their identity take their place.
                one.router_handover = True
            self._sockets[channel] = one
            port = connection.ports[channel]
            if connection.transport == "ipc":
                port = port or number
            address = connection.address(channel, port)
            try:
                one.bind(address)
            except zmq.ZMQError as error:
                why = zmq.strerror(error.errno or 0)
                raise OSError(f"cannot listen at {address}: {why}") from error
            if connection.transport != "ipc":
                endpoint = one.getsockopt_string(zmq.LAST_ENDPOINT)
                port = int(endpoint.rpartition(":")[2])
            connection.ports[channel] = port

    def start(self) -> None:
        self._thread.start()

    # --- sending, from any thread -----------------------------------------------------

    def send(
        self,
        channel: str,
        msg_type: str,
        content: dict[str, Any],
        parent: Message | None = None,
        *,
        metadata: dict[str, Any] | None = None,
        buffers: Sequence[Frame] = (),
        idents: Sequence[bytes] = (),
    ) -> None:
        """Send one message; it leaves as soon as the I/O thread gets to it."""
        frames = self.session.pack(
            msg_type,
            content,
            None if parent is None else parent.header,
            metadata,
            buffers,
            idents,
        )
        if channel == "iopub" and msg_type not in UNKEPT and self.on_publish:
            at = len(idents) + 2  # behind delimiter and signature
            self.on_publish(frames[at : at + 4])
        self.put(channel, frames)

    def put(self, channel: str, frames: list[Frame]) -> None:
        """Send frames that are packed."""
        if channel == "iopub":
            self.public.put(frames)
        else:
            self._outbox.append((channel, frames))
        if self._asleep:
            self.wake()

    def throttle(self) -> None:
        """Wait while too much has been shown that clients have not read yet."""
        if threading.current_thread() is not self._thread:
            self.public.throttle()

    def wake(self) -> None:
        """Have the I/O thread look at what is due."""
        try:
            self._bell.send(b"!")
        except (BlockingIOError, OSError):
            pass  # it is awake, or has ended

    def watch(self, fd: int, handler: Callable[[], None]) -> None:
        """Call `handler` in the I/O thread when something is to be read from `fd`."""
        self._watched[fd] = handler
        self.wake()

    def watches(self, fd: int) -> bool:
        return fd in self._watched

    def unwatch(self, fd: int) -> None:
        self._watched.pop(fd, None)
        self.wake()

    # --- the thread -------------------------------------------------------------------

    def _run(self) -> None:
        poller = zmq.Poller()
        poller.register(self._ear, zmq.POLLIN)
        channels = {one: name for name, one in self._sockets.items()}
        bell = self._ear.fileno()
        known: set[Any] = set()
        later: float | None = None
        while not self._stopping or self._outbox or (self.public and later is None):
            wanted, patience = self._wanted()
            for one in known - wanted:
                poller.unregister(one)
            for one in wanted - known:
                poller.register(one, zmq.POLLIN)
            known = wanted
            self._asleep = True
            if self._outbox or self._stopping or (self.public and later is None):
                patience = 0.0
            elif later is not None:
                patience = min(patience, later)
            ready = poller.poll(max(0, int(patience * 1000 + 0.999)))
            self._asleep = False
            for source, _ in ready:
                if source == bell:
                    self._hush()
                elif source in channels:
                    self._guard(self._read, channels[source])
                elif source in self._watched:
                    self._guard(self._watched[source])
            self._send_all()
            later = self.public.send()
        for one in self._sockets.values():
            one.close()

    def _wanted(self) -> tuple[set[Any], float]:
        """What to listen to now, and seconds until this is to be asked again."""
        wanted: set[Any] = set(self._watched)
        patience = IDLE
        for channel, one in self._sockets.items():
            if self.is_full(channel):
                patience = PAUSE
            else:
                wanted.add(one)
        if self.on_tick is not None:
            left = self._guard(self.on_tick)
            patience = IDLE if left is None else min(patience, left)
        return wanted, patience

    def _guard(self, handler: Callable[..., T], *args: Any) -> T | None:
        """Call it; whatever it raises does not end this thread."""
        try:
            return handler(*args)
        except Exception:
            note_error()
            return None

    def _hush(self) -> None:
        try:
            while self._ear.recv(4096):
                pass
        except (BlockingIOError, OSError):
            pass

    def _read(self, channel: str) -> None:
        source = self._sockets[channel]
        for _ in range(DRAIN):
            try:
                frames = source.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if channel == "hb":
                source.send_multipart(frames, zmq.NOBLOCK)
            elif channel == "iopub":
                if frames[0][:1] == b"\x01" and self.on_subscribe is not None:
                    self.on_subscribe(frames[0][1:].decode("utf-8", "replace"))
            else:
                self._receive(channel, frames)

    def _receive(self, channel: str, frames: list[bytes]) -> None:
        try:
            message = self.session.unpack(frames)
        except BadMessage as error:
            note(f"a message on {channel} dropped: {error}")
            return
        self._guard(self._handlers[channel], message)

    def _send_all(self) -> None:
        outbox, sockets = self._outbox, self._sockets
        while outbox:
            channel, frames = outbox.popleft()
            try:
                sockets[channel].send_multipart(frames, zmq.NOBLOCK, copy=False)
            except zmq.ZMQError as error:
                note(f"a message on {channel} could not be sent: {error}")

    # --- the end ----------------------------------------------------------------------

    def close(self) -> None:
        """Send what is left, and close."""
        if self._stopping:
            return
        self._stopping = True
        self.public.open_up()
        self.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(LINGER / 1000 + 1)
        self._context.destroy(linger=LINGER)
        self._bell.close()
        self._ear.close()
        if self.connection.transport == "ipc":
            for channel in CHANNELS:
                path = f"{self.connection.ip}-{self.connection.ports[channel]}"
                try:
                    os.unlink(path)
                except OSError:
                    pass
