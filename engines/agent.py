"""The agent: holds the links of a host's engines for a controller on another host.

    controller ==one CURVE connection==> Agent ==links, control==> engines, keeper

It relays frames as they are, unopened, and holds the host's segments: files that tasks
here map, moved once for all engines. When the connection drops it tries again and joins
its host anew; engines go on meanwhile.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, assert_never

import msgspec
import zmq

from ipcluster.engines.holder import Holder, KeeperGone
from ipcluster.wire import messages as m
from ipcluster.wire.chunks import ChunkFiles, discard_files
from ipcluster.wire.codec import pack, unpack_to_client, unpack_to_keeper
from ipcluster.wire.curve import Handshake, Watch
from ipcluster.wire.errors import ClusterError, ProtocolError, SecurityError

log = logging.getLogger(__name__)

# Messages taken from the controller before engines get their turn.
DRAIN_MESSAGES = 100


class Agent:
    """The relay loop. `run` returns when the controller or a signal ends it."""

    def __init__(
        self,
        door: zmq.Socket[bytes],
        hello: m.Hello,
        keeper_pid: int,
        folders: Sequence[Path],
    ) -> None:
        self._door = door
        self._hello = hello
        self._keeper_pid = keeper_pid
        self._folders = folders
        self._watch = Watch(door)
        self._handshake = Handshake()
        self.poller = zmq.Poller()
        self.poller.register(door, zmq.POLLIN)
        self.poller.register(self._watch.socket, zmq.POLLIN)
        self._holder: Holder | None = None
        self._born: dict[int, m.Born] = {}
        self._outbox: list[msgspec.Struct] = []
        self._files = ChunkFiles(folders, self._on_arrived, self._on_sent)
        self._joined = False
        self.stopping = False
        self.on_joined: Callable[[], None] = lambda: None
        self._gone_since: float | None = time.monotonic()

    def hold(self, holder: Holder) -> None:
        self._holder = holder

    # --- the loop ---------------------------------------------------------------------

    def run(self, timeout: float, patience: float) -> None:
        """Serve.

        Give up after `timeout` s without being let in, or `patience` s without a
        controller that was there.

        Raises:
            SecurityError, ClusterError: the controller will not have us, and why.
        """
        while not self.stopping:
            for source, events in self.poller.poll(500):
                if source is self._door:
                    self._read_door()
                elif source is self._watch.socket:
                    self._read_watch()
                elif self._holder is not None and self._holder.owns(source):
                    self._read_holder(source, events)
            self._check_patience(timeout, patience)
            self._flush()

    def _check_patience(self, timeout: float, patience: float) -> None:
        if self._gone_since is None:
            return
        away = time.monotonic() - self._gone_since
        if not self._joined and away > timeout:
            if self._handshake.refusal is not None:
                raise self._handshake.refusal
            raise ClusterError(
                f"no controller answered within {timeout:.0f} s; is the cluster "
                "running, and does this host reach the address in the ticket?"
            )
        if self._joined and away > patience:
            raise ClusterError(f"the controller has been gone for {patience:.0f} s")

    def _read_watch(self) -> None:
        for event in self._watch.read():
            self._handshake.on_event(event)
            if self._handshake.is_done and self._gone_since is not None:
                self._door.send(pack([self._hello]))
                self._handshake.is_done = False
            elif event.what.name == "DISCONNECTED" and self._gone_since is None:
                log.warning("the connection to the controller is down")
                self._gone_since = time.monotonic()
        if isinstance(self._handshake.refusal, SecurityError) and not self._joined:
            raise self._handshake.refusal

    def _read_door(self) -> None:
        for _ in range(DRAIN_MESSAGES):
            try:
                frames = self._door.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            try:
                for message in unpack_to_client(frames[0].buffer):
                    self._on_message(message, frames)
            except (ProtocolError, OSError) as error:
                log.warning("a message from the controller dropped: %s", error)

    def _on_message(self, message: m.ToClient, frames: list[Any]) -> None:
        holder = self._holder
        match message:
            case m.Welcome():
                self._join()
            case m.Refused(reason=reason):
                raise SecurityError(f"the controller refused this agent: {reason}")
            case m.ToEngine(slot=slot, frame=frame):
                if holder is not None:
                    holder.send(slot, frame)
            case m.ToKeeper(frame=frame):
                if holder is not None:
                    for one in unpack_to_keeper(frame):
                        holder.tell_keeper(one)
            case m.Chunk():
                self._outbox.append(self._files.on_chunk(message, frames[1].buffer))
            case m.ChunkCredit():
                self._files.on_credit(message)
            case m.Fetch(segment=segment):
                self._files.push(segment)
            case m.FreeSegments(names=names):
                discard_files(self._folders, names)
            case m.Stop():
                self.stopping = True
            case m.Results() | m.Output() | m.Answer() | m.Engines():
                raise ProtocolError("a message for clients came to an agent")
            case _:
                assert_never(message)

    def _join(self) -> None:
        self._gone_since = None
        born = list(self._born.values())
        self._outbox.insert(0, m.HostJoin(platform.node(), self._keeper_pid, born))
        if self._joined and self._holder is not None:
            # After an absence: each engine says on a new link who it is and what nobody
            # has taken.
            for slot in self._born:
                self._holder.tell_keeper(m.Relink(slot))
        self._joined = True
        self.on_joined()

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
            self.stopping = True

    # --- what goes out ----------------------------------------------------------------

    def _on_arrived(self, _name: str) -> None:
        """The credit for the last chunk tells the controller."""

    def _on_sent(self, _name: str) -> None:
        """The engine that made it frees it when the controller says so."""

    def _flush(self) -> None:
        if not self._joined or self._gone_since is not None:
            return  # kept, in order, until the controller is back
        messages, self._outbox = self._outbox, []
        if messages:
            self._door.send(pack(messages), copy=False)
        for frames in self._files.take():
            self._door.send_multipart(frames, copy=False)

    def close(self) -> None:
        self._watch.close()
        self._files.close()
        if self._holder is not None:
            self._holder.close()
