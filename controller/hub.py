"""The hub: which engines there are, and answers to what clients ask about the cluster.

Bodies of questions and answers are plain msgpack values; each verb's are described at
its method.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ipcluster.controller.functions import Functions
from ipcluster.controller.peers import Peer
from ipcluster.controller.questions import Questions
from ipcluster.controller.stations import EngineRecord, Station
from ipcluster.wire import messages as m
from ipcluster.wire.codec import pack, pack_body, unpack_body
from ipcluster.wire.errors import (
    ClusterError,
    describe_exit,
    encode_info,
    from_exception,
)

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

log = logging.getLogger(__name__)


class Hub:
    """Registry and questions."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.functions = Functions()
        self.started = time.time()
        self._questions = Questions(server)

    # --- engines ----------------------------------------------------------------------

    def on_ready(self, station: Station, slot: int, ready: m.Ready) -> None:
        """An engine answers: a new one, or one we know over a new link."""
        server = self._server
        engine = server.roster.find(station, slot)
        if engine is not None and engine.info.uuid == ready.uuid:
            engine.taken = 0
            engine.known.clear()
            server.segments.on_restated(engine, ready)
            server.table.on_engine_back(engine.id, ready.held)
            engine.assigned = server.table.held(engine.id)
            return
        info = m.EngineInfo(-1, ready.uuid, ready.pid, ready.host, ready.started)
        engine = server.roster.add(station, slot, info)
        server.table.on_engine_joined(
            engine.id, server.now, host=ready.host, uuid=ready.uuid
        )
        log.info(
            "engine %d registered from %s (pid %d)", engine.id, ready.host, ready.pid
        )
        for peer in server.reception.clients():
            server.send(peer, m.Engines([engine.info], []))
        server.on_engines(len(server.roster.engines))
        if ready.maps or ready.lent:  # of its time before it was given up
            server.segments.on_restated(engine, ready)
        if ready.held:  # these went elsewhere
            server.roster.engines[engine.id].station.send(
                slot, pack([m.Recall(ready.held)]), ()
            )

    def on_unborn(self, station: Station, unborn: m.Unborn) -> None:
        """Engines could not be started: whoever waits for them is told why."""
        count, reason = unborn.count, unborn.reason
        engines = "1 engine" if count == 1 else f"{count:,} engines"
        log.error("%s could not be started: %s", engines, reason)
        for peer in self._server.reception.clients():
            self._server.send(peer, m.Engines([], [], count, reason))
        if station is self._server.local:
            self._server.on_unborn(f"{engines} could not be started: {reason}")

    def on_died(self, station: Station, died: m.Died) -> None:
        engine = self._server.roster.find(station, died.slot)
        cause = describe_exit(died.status)
        if died.stopped:
            cause = f"was stopped ({cause})"
        if died.stderr.strip():
            tail = died.stderr.strip().splitlines()[-12:]
            cause += "; its last words on stderr:\n" + "\n".join(tail)
        if engine is None and died.stopped:
            log.info("an engine in slot %d %s before it answered", died.slot, cause)
            return
        if engine is None:
            self.on_unborn(
                station, m.Unborn(1, f"it ended before it answered: {cause}")
            )
            return
        log.info("engine %d ended: %s", engine.id, cause)
        self._server.lose_engine(engine, died.started, died.running, cause)

    def tell_left(self, engine: EngineRecord, cause: str) -> None:
        for peer in self._server.reception.clients():
            self._server.send(peer, m.Engines([], [(engine.id, cause)]))

    # --- questions --------------------------------------------------------------------

    def answer(self, peer: Peer, ask: m.Ask) -> m.Answer:
        """Every question gets an answer, if only that it went wrong."""
        handler: Callable[[Peer, dict[str, Any]], Any] | None
        handler = self._questions.handlers.get(ask.verb)
        try:
            if handler is None:
                raise ClusterError(f"there is no question {ask.verb!r}")
            body = unpack_body(ask.body) if ask.body else {}
            return m.Answer(ask.request, pack_body(handler(peer, body)))
        except Exception as error:
            if not isinstance(error, ClusterError):
                log.exception("question %s failed", ask.verb)
            info = from_exception(error)
            if isinstance(error, ClusterError):
                info = m.ErrorInfo(
                    type(error).__name__, type(error).__name__, str(error)
                )
            return m.Answer(ask.request, encode_info(info), error=True)

    def deny(self, peer: Peer, message: m.ToController, error: ClusterError) -> None:
        """Tell a peer what it may not do, in the shape of the answer it waits for."""
        info = encode_info(m.ErrorInfo("SecurityError", "SecurityError", str(error)))
        status = int(m.Status.ABORTED)
        match message:
            case m.Ask(request=request):
                self._server.send(peer, m.Answer(request, info, error=True))
            case m.Submit(items=items):
                outcomes = [m.Outcome(item.task, status, info) for item in items]
                peer.deliver(-1, outcomes)
                self._server.send(peer, m.Engines([], []))
            case m.Direct(item=item, targets=targets):
                outcomes = [
                    m.Outcome(item.task + i, status, info) for i in range(len(targets))
                ]
                peer.deliver(-1, outcomes)
                self._server.send(peer, m.Engines([], []))
            case m.Fetch(segment=segment):
                self._server.send(peer, m.ChunkRefused(segment.name, str(error)))
            case _:
                pass
