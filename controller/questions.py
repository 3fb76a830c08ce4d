"""What clients may ask, one method a verb. Bodies and answers are plain msgpack values.

A task stands in questions and answers as its msg_id, `<session>_<sequence>`: sessions
are the names that clients give themselves, so a msg_id means the same to every client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from ipcluster.controller.peers import Peer
from ipcluster.controller.records import Record
from ipcluster.controller.stations import EngineRecord
from ipcluster.wire import messages as m
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.grants import RESULTS, Object, authorize

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

Body = dict[str, Any]

# The client that tasks run again belong to: none that ever connects.
RESUBMITTED = 0
RESUBMITTED_SESSION = "resubmitted"


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
            "queue_status": self.queue_status,
            "result_status": self.result_status,
            "get_results": self.get_results,
            "history": self.history,
            "db_query": self.db_query,
            "purge": self.purge,
            "resubmit": self.resubmit,
            "watch": self.watch,
        }
        self._resubmitted = 0

    # --- the cluster ------------------------------------------------------------------

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
        """End these `engines` (None: all); with `restart`, as many new ones start.

        Their ids.
        """
        records = self._named(body)
        self._allowed(peer, "shutdown", records)
        for record in records:
            self._server.tell_keeper(record, m.Signal(record.slot, 15))
        if body.get("restart"):
            self._server.on_start(len(records))
        return [record.id for record in records]

    def signal(self, peer: Peer, body: Body) -> list[int]:
        """Send `signum` to these `engines` (None: all). Their ids."""
        records = self._named(body)
        self._allowed(peer, "signal", records)
        for record in records:
            message = m.Signal(record.slot, _whole(body, "signum"))
            self._server.tell_keeper(record, message)
        return [record.id for record in records]

    def watch(self, peer: Peer, body: Body) -> list[int]:
        """See cells that others run on these `engines`; with `stop`, no longer.

        Their ids.
        """
        records = self._named(body)
        self._allowed(peer, "watch", records)
        for record in records:
            if body.get("stop"):
                self._server.watching.stop(record.id, peer)
            else:
                self._server.watching.begin(record.id, peer)
        return [record.id for record in records]

    def _allowed(self, peer: Peer, verb: str, records: Iterable[EngineRecord]) -> None:
        authorize(peer.grant, verb, Object(engines=frozenset(r.id for r in records)))

    def stop(self, _peer: Peer, _body: Body) -> None:
        self._server.stopping = True

    # --- tasks ------------------------------------------------------------------------

    def queue_status(self, _peer: Peer, body: Body) -> dict[str, Any]:
        """`engines`: pairs of an id and its queue, tasks and completed; `unassigned`.

        With `verbose`, msg_ids.
        """
        table = self._server.table
        show: Callable[[list[int]], Any] = self._msg_ids if body.get("verbose") else len
        found = table.queue_status([record.id for record in self._named(body)])
        engines = [
            [
                engine,
                {
                    "queue": show(status.queue),
                    "tasks": show(status.tasks),
                    "completed": status.completed,
                },
            ]
            for engine, status in found.items()
        ]
        return {"engines": engines, "unassigned": show(table.unassigned())}

    def result_status(self, peer: Peer, body: Body) -> dict[str, list[str]]:
        """Which of `msg_ids` are pending, completed, or unknown."""
        tasks, unknown = self._tasks(peer, "result_status", body["msg_ids"])
        status = self._server.table.result_status(tasks)
        return {
            "pending": self._msg_ids(status.pending),
            "completed": self._msg_ids(status.completed),
            "unknown": unknown + self._msg_ids(status.unknown),
        }

    def get_results(self, peer: Peer, body: Body) -> dict[str, Any]:
        """Of `msg_ids`: the `results` there are so far, and the `unknown`."""
        tasks, unknown = self._tasks(peer, "get_results", body["msg_ids"])
        table, results = self._server.table, []
        for task in table.result_status(tasks).completed:
            record = table.result(task)
            if record is not None:
                self._server.segments.hold_result(peer, record.outcome.segments)
                results.append(self._result(record))
        status = table.result_status(tasks)
        return {"results": results, "unknown": unknown + self._msg_ids(status.unknown)}

    def _result(self, record: Record) -> dict[str, Any]:
        outcome = record.outcome
        return {
            "msg_id": self._msg_id(outcome.task),
            "status": outcome.status,
            "payload": outcome.payload,
            "started": outcome.started,
            "duration": outcome.duration,
            "segments": [(s.name, s.offset, s.size) for s in outcome.segments],
            "spilled": outcome.spilled,
            "engine": record.engine,
            "submitted": self._clock(record.submitted),
            "stdout": record.stdout,
            "stderr": record.stderr,
        }

    def history(self, peer: Peer, _body: Body) -> list[str]:
        """The msg_ids of all tasks that are known, oldest first."""
        mine = None if RESULTS in peer.grant.rights else peer.number
        return self._msg_ids(self._server.table.history(mine))

    def db_query(self, peer: Peer, body: Body) -> list[dict[str, Any]]:
        """Finished tasks that match `query`, as dicts, with `keys` only if given."""
        all_of_them = RESULTS in peer.grant.rights
        found = []
        for record in self._server.table.records(body.get("query") or {}):
            if all_of_them or record.client == peer.number:
                row = self._row(record)
                keys = body.get("keys")
                found.append(row if keys is None else {k: row.get(k) for k in keys})
        return found

    def _row(self, record: Record) -> dict[str, Any]:
        engine = self._server.roster.engines.get(record.engine)
        return {
            "msg_id": self._msg_id(record.task),
            "client": self._server.reception.session_of(record.client),
            "submitted": self._clock(record.submitted),
            "started": record.started or None,
            "completed": self._clock(record.completed),
            "duration": record.duration,
            "engine_id": record.engine,
            "engine_uuid": engine.info.uuid if engine is not None else None,
            "status": record.status.name.lower(),
            "label": record.label,
            "size_bytes": record.size_bytes(),
            "stdout": record.stdout,
            "stderr": record.stderr,
        }

    def purge(self, peer: Peer, body: Body) -> list[str]:
        """Forget the results of `msg_ids`, and of `engines`; both None: all.

        What was forgotten.
        """
        msg_ids, engines = body.get("msg_ids"), body.get("engines")
        if msg_ids is None or engines:
            authorize(peer.grant, "purge", Object(own=False))
        tasks = None
        if msg_ids is not None:
            tasks, unknown = self._tasks(peer, "purge", msg_ids)
            if unknown:
                raise ClusterError(f"no such task: {', '.join(unknown[:5])}")
        return self._msg_ids(self._server.table.purge(tasks, engines))

    def resubmit(self, peer: Peer, body: Body) -> list[str]:
        """Run finished tasks again, as new ones of no client's.

        Their results wait to be asked for.
        """
        tasks, unknown = self._tasks(peer, "resubmit", body["msg_ids"])
        table, fresh = self._server.table, []
        for task in tasks:
            record = table.result(task)
            if record is None or record.item is None or record.call is None:
                unknown.append(self._msg_id(task))
                continue
            self._resubmitted += 1
            item = msgspec.structs.replace(record.item, task=self._resubmitted)
            options = msgspec.structs.replace(record.options, after=None, follow=None)
            call = record.call
            submit = m.Submit(call.digest, call.mode, options, [item])
            table.on_submit(RESUBMITTED, submit, self._server.now, code=call.code)
            fresh.append(f"{RESUBMITTED_SESSION}_{self._resubmitted}")
        if unknown:
            raise ClusterError(
                f"cannot run again {', '.join(unknown[:5])}: not finished, "
                "forgotten, or called with arrays that have been let go"
            )
        return fresh

    # --- names of tasks ---------------------------------------------------------------

    def _tasks(
        self, peer: Peer, verb: str, msg_ids: list[str]
    ) -> tuple[list[int], list[str]]:
        """Task ids of msg_ids, and those that cannot be one.

        Others' tasks take a right of their own.
        """
        reception = self._server.reception
        tasks, unknown = [], []
        for msg_id in msg_ids:
            session, _, sequence = str(msg_id).rpartition("_")
            number = (
                RESUBMITTED
                if session == RESUBMITTED_SESSION
                else reception.number_of(session)
            )
            if number is None or not sequence.isdigit():
                unknown.append(str(msg_id))
                continue
            if number != peer.number:
                authorize(peer.grant, verb, Object(own=False))
            tasks.append(number << m.SEQUENCE_BITS | int(sequence))
        return tasks, unknown

    def _msg_id(self, task: int) -> str:
        number, sequence = task >> m.SEQUENCE_BITS, task & (1 << m.SEQUENCE_BITS) - 1
        if number == RESUBMITTED:
            return f"{RESUBMITTED_SESSION}_{sequence}"
        return f"{self._server.reception.session_of(number)}_{sequence}"

    def _msg_ids(self, tasks: Iterable[int]) -> list[str]:
        return [self._msg_id(task) for task in tasks]

    def _clock(self, moment: float) -> float:
        """Seconds since the epoch of a moment on the loop's own clock."""
        return time.time() - (time.monotonic() - moment)


def _whole(body: Body, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int):
        raise ClusterError(f"{name} must be a whole number, not {value!r}")
    return value
