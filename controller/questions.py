"""What clients may ask, one method a verb. Bodies and answers are plain msgpack values.

A task stands in questions and answers as its msg_id, `<session>_<sequence>`: sessions
are the names that clients give themselves, so a msg_id means the same to every client.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ipcluster.controller import rows
from ipcluster.controller.peers import Peer
from ipcluster.controller.queues import Text
from ipcluster.controller.records import Record
from ipcluster.controller.stations import EngineRecord
from ipcluster.wire import messages as m
from ipcluster.wire.errors import ClusterError, decode_info
from ipcluster.wire.grants import RESULTS, Object, authorize

if TYPE_CHECKING:
    from ipcluster.controller.server import Server

Body = dict[str, Any]

# The client that tasks run again belong to: none that ever connects.
RESUBMITTED = 0
RESUBMITTED_SESSION = "resubmitted"

_SEQUENCE = (1 << m.SEQUENCE_BITS) - 1

# What a process can be sent. 0 reaches nobody, and tells whether it could.
_SIGNALS = frozenset({0, *signal.valid_signals()})


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
        signum = _whole(body, "signum")
        if signum not in _SIGNALS:
            raise ClusterError(f"there is no signal {signum}")
        for record in records:
            self._server.tell_keeper(record, m.Signal(record.slot, signum))
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

    def db_query(self, peer: Peer, body: Body) -> list[rows.Row]:
        """Tasks that match `query`, as rows, with `keys` only if given."""
        query, keys = body.get("query") or {}, body.get("keys")
        mine = None if RESULTS in peer.grant.rights else peer.number
        found = [row for row in self._rows(mine) if rows.matches(row, query)]
        return [rows.cut(row, keys) for row in found]

    def _rows(self, client: int | None) -> Iterator[rows.Row]:
        """The tasks of this client, or of all: those that have ended come first."""
        table = self._server.table
        sessions: dict[int, str] = {}  # looked up once for each client, not each task
        for record in table.records():
            if client is None or record.client == client:
                row = self._row(record.task, record.engine, record.text, sessions)
                yield row | self._past(record)
        for task in table.under_way():
            submission = task.submission
            if client is None or submission.client.id == client:
                row = self._row(task.id, task.engine, task.text, sessions)
                yield row | {
                    "status": task.state.name.lower(),
                    "submitted": self._moment(submission.submitted),
                    "label": submission.options.label,
                    "size_bytes": len(task.item.payload),
                }

    def _row(
        self, task: int, engine: int, text: Text | None, sessions: dict[int, str]
    ) -> rows.Row:
        """What is known of any task, and None for all else."""
        number = task >> m.SEQUENCE_BITS
        session = sessions.get(number)
        if session is None:
            session = sessions[number] = self._session(number)
        return dict.fromkeys(rows.KEYS) | {
            "msg_id": f"{session}_{task & _SEQUENCE}",
            "client_uuid": session,
            "engine_id": engine if engine >= 0 else None,
            "engine_uuid": self._server.roster.uuids.get(engine),
            "stdout": text.stream(1) if text is not None else "",
            "stderr": text.stream(2) if text is not None else "",
        }

    def _past(self, record: Record) -> rows.Row:
        """What is known of a task that has ended."""
        received = self._moment(record.completed)
        error = None
        if record.status is not m.Status.OK:
            info = decode_info(record.outcome.payload)
            error = f"{info.ename}: {info.evalue}" if info.evalue else info.ename
        ended = rows.to_datetime(record.started + record.duration)
        return {
            "status": record.status.name.lower(),
            "submitted": self._moment(record.submitted),
            "started": rows.to_datetime(record.started),
            "completed": ended if record.started else received,
            "received": received,
            "duration": record.duration,
            "label": record.label,
            "size_bytes": record.size_bytes(),
            "error": error,
        }

    def _moment(self, moment: float) -> datetime | None:
        return rows.to_datetime(self._clock(moment))

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
        return f"{self._session(task >> m.SEQUENCE_BITS)}_{task & _SEQUENCE}"

    def _session(self, client: int) -> str:
        if client == RESUBMITTED:
            return RESUBMITTED_SESSION
        return self._server.reception.session_of(client)

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
