"""What clients may ask, one method a verb. Bodies and answers are plain msgpack values.

A task stands in questions and answers as its msg_id, `<session>_<sequence>`: sessions are the names that clients give
themselves, so a msg_id means the same to every client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from ipcluster.controller.peers import Peer
from ipcluster.controller.stations import EngineRecord
from ipcluster.wire import messages as m
from ipcluster.wire.errors import ClusterError, SecurityError
from ipcluster.wire.grants import Object, authorize

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

Body = dict[str, Any]


class Questions:
    """Answers, from what the server and its table know."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.handlers: dict[str, Callable[[Peer, Body], Any]] = {
            "engines": self.engines,
            "cluster_info": self.cluster_info,
            "start_engines": self.start_engines,
            "shutdown": self.shutdown,
            "signal": self.signal,
            "stop": self.stop,
        }

    # --- the cluster -------------------------------------------------------------------------------

    def engines(self, _peer: Peer, _body: Body) -> list[dict[str, Any]]:
        """The engines that answer: engine, uuid, pid, host, started."""
        return [
            {
                "engine": e.info.engine,
                "uuid": e.info.uuid,
                "pid": e.info.pid,
                "host": e.info.host,
                "started": e.info.started,
            }
            for e in self._server.roster.engines.values()
        ]

    def cluster_info(self, _peer: Peer, _body: Body) -> dict[str, Any]:
        server = self._server
        return {
            "started": server.hub.started,
            "uptime": time.time() - server.hub.started,
            "engines": len(server.roster.engines),
            "hosts": sorted({e.info.host for e in server.roster.engines.values()}),
            "clients": [
                {"name": p.name, "connected": p.connected, "session": p.session}
                for p in server.reception.clients()
            ],
            "left": [list(one) for one in server.roster.left],
        }

    def start_engines(self, _peer: Peer, body: Body) -> int:
        """`n` more engines on the controller's host; the number asked for."""
        n = _whole(body, "n")
        if n < 1 or n > 10_000:
            raise ClusterError(f"cannot start {n} engines")
        if self._server.local is None:
            raise ClusterError("this controller has no keeper on its own host any more")
        self._server.on_start(n)
        return n

    def _named(self, body: Body) -> list[EngineRecord]:
        engines = self._server.roster.engines
        wanted = body.get("engines")
        if wanted is None:
            return list(engines.values())
        missing = [e for e in wanted if e not in engines]
        if missing:
            raise ClusterError(f"no engine {missing}: there are {sorted(engines)}")
        return [engines[e] for e in wanted]

    def shutdown(self, peer: Peer, body: Body) -> list[int]:
        """End these `engines` (None: all); with `restart`, as many new ones start. Their ids."""
        records = self._named(body)
        self._allowed(peer, "shutdown", records)
        for record in records:
            record.station.tell_keeper(m.Signal(record.slot, 15))
        if body.get("restart"):
            self._server.on_start(len(records))
        return [record.id for record in records]

    def signal(self, peer: Peer, body: Body) -> list[int]:
        """Send `signum` to these `engines` (None: all). Their ids."""
        records = self._named(body)
        self._allowed(peer, "signal", records)
        for record in records:
            record.station.tell_keeper(m.Signal(record.slot, _whole(body, "signum")))
        return [record.id for record in records]

    def _allowed(self, peer: Peer, verb: str, records: Iterable[EngineRecord]) -> None:
        authorize(peer.grant, verb, Object(engines=frozenset(r.id for r in records)))

    def stop(self, _peer: Peer, _body: Body) -> None:
        self._server.stopping = True


def _whole(body: Body, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int):
        raise ClusterError(f"{name} must be a whole number, not {value!r}")
    return value
