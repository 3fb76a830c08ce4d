"""The agent: holds the links of a host's engines for a controller on another host.

    controller ==one CURVE connection==> Agent ==links, control==> engines, keeper

It relays frames as they are, unopened, and holds the host's segments: files that tasks
here map, moved once for all engines. When the connection drops it tries again; what was
under way goes on where it stopped (`wire/numbered.py`), and engines notice nothing. A
controller that has given this host up meanwhile gets its engines anew.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import select
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, assert_never

import msgspec
import zmq

from ipcluster.engines.approach import Approach
from ipcluster.engines.holder import Holder, KeeperGone
from ipcluster.wire import messages as m
from ipcluster.wire.chunks import ChunkFiles, discard_files
from ipcluster.wire.codec import pack, unpack_to_client, unpack_to_keeper
from ipcluster.wire.curve import Happened
from ipcluster.wire.errors import ClusterError, ProtocolError, SecurityError
from ipcluster.wire.lines import Line
from ipcluster.wire.numbered import NumberedFrames

log = logging.getLogger(__name__)

# Messages taken from the controller before engines get their turn.
DRAIN_MESSAGES = 100
# Bytes on their way to the controller beyond which engines are not read: those that
# go on printing wait, as they would for a full pipe.
MOST_UNTAKEN_BYTES = 32 << 20
# Messages in one frame, at most, and bytes of those relayed.
BATCH_BYTES = 1 << 20
# Seconds that a keeper gets to end: two graces of the keeper's, and some.
END_SECONDS = 6.0
# Milliseconds after which it looks at what is due when nothing happens.
LOOK = 200


class _Poller:
    """A `zmq.Poller` whose events are those of `select.poll`, which a `Holder` uses."""

    def __init__(self) -> None:
        self._poller = zmq.Poller()

    def register(self, source: Any, events: int) -> None:
        wanted = zmq.POLLIN if events & select.POLLIN else 0
        wanted |= zmq.POLLOUT if events & select.POLLOUT else 0
        self._poller.register(source, wanted)

    def unregister(self, source: Any) -> None:
        self._poller.unregister(source)

    def poll(self, milliseconds: int) -> list[tuple[Any, int]]:
        found = []
        for source, happened in self._poller.poll(milliseconds):
            events = select.POLLIN if happened & zmq.POLLIN else 0
            events |= select.POLLOUT if happened & zmq.POLLOUT else 0
            events |= select.POLLHUP if happened & zmq.POLLERR else 0
            found.append((source, events))
        return found


class Agent:
    """The relay loop. `run` returns when the controller or a signal ends it."""

    def __init__(
        self,
        door: zmq.Socket[bytes],
        approach: Approach,
        hello: m.Hello,
        keeper_pid: int,
        folders: Sequence[Path],
    ) -> None:
        self._door = door
        self._approach = approach
        self._hello = hello
        self._keeper_pid = keeper_pid
        self._folders = folders
        self.poller = _Poller()
        self._outside = _Poller()
        for poller in (self.poller, self._outside):
            poller.register(door, select.POLLIN)
            poller.register(approach.watch.socket, select.POLLIN)
        self._holder: Holder | None = None
        self._born: dict[int, m.Born] = {}
        self._outbox: list[msgspec.Struct] = []
        self._copies: set[str] = set()
        """Segments that were brought here."""
        self._files = self._new_files()
        self._numbered = NumberedFrames()
        self._identity: tuple[str, int] | None = None
        self._gone_since: float | None = time.monotonic()
        self.stopping = False
        self.ended = ""
        """Why it stopped, when nobody here asked for it."""
        self.failure = ""
        """Why it stopped, when that is an error."""
        self._end_by = 0.0
        self.on_joined: Callable[[], None] = lambda: None
        self.has_ended: Callable[[], str | None] = lambda: None
        """Asked when the controller is away: why it does not come back, if known."""
        # Chosen once: a message costs nothing more while nobody wants it logged.
        self._handle = self._on_message
        self._pack = self._numbered_frame
        if log.isEnabledFor(logging.DEBUG):
            self._handle = self._on_logged
            self._pack = self._logged_frame

    def _new_files(self) -> ChunkFiles:
        return ChunkFiles(
            self._folders,
            self._copies.add,  # the credit for the last chunk tells the controller
            lambda _name: None,  # its engine frees it when the controller says so
            lambda name, reason: log.warning("segment %s: %s", name, reason),
        )

    def hold(self, holder: Holder) -> None:
        self._holder = holder

    # --- the loop ---------------------------------------------------------------------

    def run(self, timeout: float, patience: float) -> None:
        """Serve.

        Give up after `timeout` s without being let in, or `patience` s without a
        controller that was there.

        Raises:
            ClusterError: the controller will not have us, or is not there, and why.
        """
        while not self._is_over():
            full = self._numbered.size_bytes > MOST_UNTAKEN_BYTES
            for source, events in (self._outside if full else self.poller).poll(LOOK):
                if source is self._door:
                    self._read_door()
                elif self._holder is not None and self._holder.owns(source):
                    self._read_holder(source, events)
            self._read_watch()
            self._check_patience(timeout, patience)
            self._flush()

    def _is_over(self) -> bool:
        """Whether the keeper has ended; it is told to when this is to stop.

        So the controller hears of each engine's end, and that it was wanted.
        """
        holder = self._holder
        if holder is None:
            return True
        if self.stopping:
            now = time.monotonic()
            if not self._end_by:
                self._end_by = now + END_SECONDS
                holder.tell_keeper(m.Stop())
            return now > self._end_by
        return False

    def _check_patience(self, timeout: float, patience: float) -> None:
        if self._gone_since is None:
            return
        away = time.monotonic() - self._gone_since
        if self._identity is None:
            if away > timeout:
                raise self._approach.failure(timeout)
            self._approach.look()
        elif (reason := self.has_ended()) is not None:
            self._read_door()  # the controller's last word may be that this is to stop
            if not self.stopping:
                raise ClusterError(reason)
        elif away > patience:
            raise ClusterError(f"the controller has been gone for {patience:.0f} s")

    def _read_watch(self) -> None:
        for what in self._approach.read():
            if what is Happened.WELCOMED:
                self._greet()
            elif what is Happened.DISCONNECTED and self._gone_since is None:
                log.warning("the connection to the controller is down")
                self._gone_since = time.monotonic()
        if self._identity is None and self._approach.refusal is not None:
            raise self._approach.refusal

    def _read_door(self) -> None:
        for _ in range(DRAIN_MESSAGES):
            try:
                frames = self._door.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            try:
                messages = unpack_to_client(frames[0].buffer)
                first = messages[0] if messages else None
                if isinstance(first, m.Numbered) and not self._numbered.take(first):
                    continue
                for message in messages:
                    self._handle(message, frames)
            except (ProtocolError, OSError) as error:
                log.warning("a message from the controller dropped: %s", error)

    def _on_logged(self, message: m.ToClient, frames: list[Any]) -> None:
        log.debug("from the controller: %s", Line(message))
        self._on_message(message, frames)

    def _on_message(self, message: m.ToClient, frames: list[Any]) -> None:
        holder = self._holder
        match message:
            case m.ToEngine(slot=slot, frame=frame):
                if holder is not None:
                    holder.send(slot, frame)
            case m.ToKeeper(frame=frame):
                if holder is not None:
                    for one in unpack_to_keeper(frame):
                        holder.tell_keeper(one)
            case m.Welcome():
                self._join(message)
            case m.Refused(reason=reason):
                self._on_refused(reason)
            case m.Numbered():
                self._numbered.on_taken(message.taken)
            case m.Chunk() | m.ChunkCredit() | m.ChunkRefused() | m.Fetch():
                self._on_bytes(message, frames)
            case m.FreeSegments(names=names):
                for name in names:
                    self._files.abort(name)
                self._discard(names)
            case m.Stop():
                self.stopping = True
                self.ended = "the cluster was stopped"
            case m.Results() | m.Output() | m.Shown() | m.Seen():
                raise ProtocolError("a message for clients came to an agent")
            case m.Answer() | m.Engines():
                raise ProtocolError("a message for clients came to an agent")
            case _:
                assert_never(message)

    def _on_bytes(
        self,
        message: m.Chunk | m.ChunkCredit | m.ChunkRefused | m.Fetch,
        frames: list[Any],
    ) -> None:
        match message:
            case m.Chunk():
                if len(frames) < 2:
                    raise ProtocolError("a chunk without its bytes")
                answer = self._files.on_chunk(message, frames[1].buffer)
                if answer is not None:
                    self._outbox.append(answer)
            case m.ChunkCredit():
                self._files.on_credit(message)
            case m.ChunkRefused():
                self._files.on_refused(message)
            case m.Fetch(segment=segment):
                try:
                    self._files.push(segment)
                except ProtocolError as error:
                    self._outbox.append(m.ChunkRefused(segment.name, str(error)))

    # --- in and out of the cluster ----------------------------------------------------

    def _greet(self) -> None:
        self._door.send(pack([self._hello, self._numbered.said()]))

    def _join(self, welcome: m.Welcome) -> None:
        self._gone_since = None
        identity = (welcome.epoch, welcome.client)
        first, known = self._identity is None, self._identity == identity
        self._identity = identity
        if known:
            log.warning("the controller is back")
            for frames in self._numbered.again(0):
                self._send(frames)
            return
        if not first:
            self._begin_anew()
        born = list(self._born.values())
        self._outbox.insert(0, m.HostJoin(platform.node(), self._keeper_pid, born))
        self.on_joined()

    def _begin_anew(self) -> None:
        """This controller knows nothing of us, or has given us up.

        Each engine says on a new link who it is, and what nobody has taken. What was
        brought here is not known to be here any more, and would be brought again under
        the same names: those files go. Whoever maps one keeps the bytes.
        """
        self._numbered = NumberedFrames()
        self._outbox.clear()
        self._files.close()
        self._discard(list(self._copies))
        self._files = self._new_files()
        if self._holder is not None:
            for slot in self._born:
                self._holder.tell_keeper(m.Relink(slot))

    def _discard(self, names: list[str]) -> None:
        """Remove these files of this host."""
        self._copies.difference_update(names)
        discard_files(self._folders, names)

    def _on_refused(self, reason: str) -> None:
        if reason != m.SAY_HELLO:
            raise SecurityError(f"the controller refused this agent: {reason}")
        # What waited for the connection that broke went over the next one. The hello
        # comes after it, and then all is sent again that was not taken.
        if self._gone_since is None:
            self._gone_since = time.monotonic()
            self._greet()

    def _read_holder(self, fd: int, events: int) -> None:
        assert self._holder is not None
        try:
            for event in self._holder.on_ready(fd, events):
                if isinstance(event, m.Born):
                    self._born[event.slot] = event
                elif isinstance(event, m.Died):
                    self._born.pop(event.slot, None)
                self._outbox.append(event)
        except KeeperGone:
            self._outbox.append(m.KeeperEnded())
            self._holder.close()
            self._holder = None
            if not self.stopping:
                self.failure = "its keeper ended, and the engines with it"

    # --- what goes out ----------------------------------------------------------------

    def _flush(self) -> None:
        if self._gone_since is not None:
            return  # kept, in order, until the controller is back
        messages, self._outbox = self._outbox, []
        batch: list[msgspec.Struct] = []
        size = 0
        for message in messages:
            batch.append(message)
            size += len(message.frame) if isinstance(message, m.FromEngine) else 0
            if size > BATCH_BYTES:
                self._send(self._pack(batch))
                batch, size = [], 0
        if batch:
            self._send(self._pack(batch))
        for chunk, data in self._files.take():
            self._send(self._pack([chunk], data))
        if self._numbered.is_owed:
            self._send([pack([self._numbered.said()])])

    def _numbered_frame(
        self, messages: Sequence[msgspec.Struct], data: bytes | None = None
    ) -> Sequence[bytes | memoryview]:
        return self._numbered.pack(messages, data)

    def _logged_frame(
        self, messages: Sequence[msgspec.Struct], data: bytes | None = None
    ) -> Sequence[bytes | memoryview]:
        for message in messages:
            log.debug("to the controller: %s", Line(message))
        return self._numbered.pack(messages, data)

    def _send(self, frames: Sequence[bytes | memoryview]) -> None:
        # Not connected any more: numbered frames are sent again.
        with contextlib.suppress(zmq.Again):
            self._door.send_multipart(frames, zmq.NOBLOCK, copy=False)

    def close(self) -> None:
        self._approach.close()
        self._files.close()
        if self._holder is not None:
            self._holder.close()
