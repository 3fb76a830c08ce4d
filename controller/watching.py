"""Who sees what others' cells show: clients that watch an engine.

An engine sends what a cell shows once, for its owner; a copy goes from here to each
client that watches. A watcher that does not take what it is sent loses some of it, and
is told how much: it holds up neither the engine nor this loop.

What is `common` (a comm's message) is shown whatever runs there: also while a task of
somebody runs that is no cell, or none, and a thread on the engine has sent it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipcluster.controller.peers import Peer
from ipcluster.wire.codec import pack_body
from ipcluster.wire.messages import SEQUENCE_BITS, Output, Seen, Shown

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

# The operations that run cells, and handle comms' messages. What other tasks print is
# their owners' alone.
CONVERSING = frozenset({b"cell", b"comm"})

_STREAMS = {1: "stdout", 2: "stderr"}


class Watching:
    """The watchers of each engine that has any."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.engines: dict[int, dict[int, None]] = {}

    def begin(self, engine: int, peer: Peer) -> None:
        self.engines.setdefault(engine, {})[peer.number] = None

    def stop(self, engine: int, peer: Peer) -> None:
        watchers = self.engines.get(engine)
        if watchers is not None:
            watchers.pop(peer.number, None)
            if not watchers:
                del self.engines[engine]

    def forget_engine(self, engine: int) -> None:
        self.engines.pop(engine, None)

    def forget_client(self, number: int) -> None:
        for engine, watchers in list(self.engines.items()):
            watchers.pop(number, None)
            if not watchers:
                del self.engines[engine]

    def on_output(self, engine: int, output: Output) -> None:
        """A task has printed: shown, if it is a cell."""
        label = self._label(engine, output.task)
        if label is not None:
            stream = _STREAMS.get(output.stream, "stderr")
            event = pack_body(["stream", stream, output.text])
            self._show(engine, output.task, label, event)

    def on_shown(self, engine: int, shown: Shown) -> None:
        if shown.private or engine not in self.engines:
            return
        label = self._label(engine, shown.task)
        if label is not None:
            self._show(engine, shown.task, label, shown.event)
        elif shown.common:
            self._send(Seen(engine, shown.task, "", shown.event))

    def concerns_owner(self, engine: int, shown: Shown) -> bool:
        """Whether the owner of a task gets this as the task's own."""
        if not shown.common:
            return True
        table = self._server.table
        return table.label_of(engine, shown.task, CONVERSING) is not None

    def _label(self, engine: int, task: int) -> str | None:
        """What a watched cell is labelled; None: it is none that is watched."""
        if engine not in self.engines:
            return None
        return self._server.table.label_of(engine, task, CONVERSING)

    def _show(self, engine: int, task: int, label: str, event: bytes) -> None:
        server = self._server
        owner = task >> SEQUENCE_BITS
        typist = server.reception.client(owner)
        who = "" if typist is None else typist.title
        if label:  # a client's own word; whose it is, stands behind it
            who = f"{label[:80]} via {who}"
        self._send(Seen(engine, task, who, event), owner)

    def _send(self, seen: Seen, owner: int | None = None) -> None:
        """To all who watch that engine but the owner, who is shown it as its own."""
        server = self._server
        for number in self.engines[seen.engine]:
            peer = server.reception.client(number)
            if number != owner and peer is not None and peer.show_others(seen):
                server.touch(peer)
