"""What a client asks of the controller beyond running tasks."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.calls import Call
from ipcluster.client.dependency import msg_ids_of
from ipcluster.client.engines import as_index
from ipcluster.wire.errors import ClusterError

if TYPE_CHECKING:
    from ipcluster.client.connection import Connection
    from ipcluster.client.engines import Roster


class Administration:
    """The part of Client that asks, signals, purges and stops."""

    connection: Connection
    roster: Roster

    if TYPE_CHECKING:
        _own_call: Callable[[str], Call | None]
        get_result: Callable[..., AsyncResult]
        direct_view: Callable[..., Any]

    # --- tasks -----------------------------------------------------------------------

    def abort(
        self, jobs: Any = None, targets: Any = None, block: bool | None = None
    ) -> None:
        """Take back tasks of this client that have not started; those that run go on.

        Args:
            jobs: msg_ids or AsyncResults; None: all.
            targets: of these, only those addressed to these engines.
            block: kept for users who set it.
        """
        outstanding = self.connection.calls.outstanding
        if jobs is None:
            calls = list(outstanding.values())
        else:
            found = [self._own_call(msg_id) for msg_id in msg_ids_of(jobs)]
            calls = [call for call in found if call is not None]
        if targets is not None and targets != "all":
            chosen = set(self.roster.choose(targets))
            calls = [call for call in calls if call.target in chosen]
        self.connection.cancel(calls, interrupt=False)

    def resubmit(
        self,
        indices_or_msg_ids: Any = None,
        metadata: Any = None,
        block: bool | None = None,
    ) -> AsyncResult:
        """Run finished tasks again, as new ones, and give their results."""
        msg_ids, _ = self._resolve(indices_or_msg_ids)
        fresh = self.connection.ask("resubmit", {"msg_ids": msg_ids})
        return self.get_result(fresh, block=block)

    if TYPE_CHECKING:

        def _resolve(self, given: Any) -> tuple[list[str], bool]: ...

    # --- questions -------------------------------------------------------------------

    def queue_status(self, targets: Any = "all", verbose: bool = False) -> Any:
        """What waits for and runs on each engine: numbers, or with `verbose` msg_ids.

        For one engine its own dict, else a dict by engine id, with "unassigned".
        """
        body = {"engines": self._ids(targets), "verbose": verbose}
        answer = self.connection.ask("queue_status", body)
        if as_index(targets) is not None:
            return next(iter(answer["engines"]))[1]
        found: dict[Any, Any] = {int(key): value for key, value in answer["engines"]}
        found["unassigned"] = answer["unassigned"]
        return found

    def result_status(self, msg_ids: Any, status_only: bool = True) -> dict[str, Any]:
        """Which tasks are "pending" and "completed"; else also their results.

        Raises:
            KeyError: the controller knows one of them not.
        """
        wanted, _ = self._resolve(msg_ids)
        found: dict[str, Any]
        found = self.connection.ask("result_status", {"msg_ids": wanted})
        if unknown := found.pop("unknown", None):
            raise KeyError(f"the controller knows no task {', '.join(unknown[:5])}")
        if not status_only:
            for msg_id in found["completed"]:
                found[msg_id] = self.get_result(msg_id).get(return_exceptions=True)
        return found

    def hub_history(self) -> list[str]:
        """The msg_ids of all tasks the controller knows, oldest first."""
        history: list[str] = self.connection.ask("history")
        return history

    def db_query(
        self, query: dict[str, Any], keys: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """The records of tasks that match, as dicts (of these keys, and msg_id).

        A query is `{key: value}` or `{key: {"$gt": value}}` with `$eq $ne $lt $lte $gt
        $gte $in $nin $mod $exists $glob $regex`. The keys are msg_id, client_uuid,
        engine_id, engine_uuid, label, status, submitted, started, completed, received,
        duration (seconds), size_bytes, error, stdout and stderr. Times are datetimes;
        `{"completed": None}` finds tasks that have not ended.

        Raises:
            ClusterError: there is no such key or comparison.
        """
        keys = [keys] if isinstance(keys, str) else keys
        body = {
            "query": {key: _with_zone(value) for key, value in query.items()},
            "keys": None if keys is None else list(keys),
        }
        records: list[dict[str, Any]] = self.connection.ask("db_query", body)
        return records

    # --- forgetting ------------------------------------------------------------------

    def purge_results(self, jobs: Any = (), targets: Any = ()) -> None:
        """Let the controller forget the results of these tasks, or of these engines.

        Raises:
            ValueError: neither is given.
            ClusterError: some of the tasks have not ended.
        """
        if not jobs and not _given(targets):
            raise ValueError('say which results to purge: jobs, "all", or targets')
        everything = isinstance(jobs, str) and jobs == "all"
        msg_ids = None if everything else sorted(msg_ids_of(jobs))
        running = [one for one in msg_ids or () if self._own_call(one) is not None]
        if running:
            raise ClusterError(f"these tasks have not ended: {', '.join(running[:5])}")
        engines = self._ids(targets) if _given(targets) else []
        body = {"msg_ids": msg_ids, "engines": None if everything else engines}
        self.connection.ask("purge", body)

    def purge_hub_results(self, jobs: Any = (), targets: Any = ()) -> None:
        """The same as `purge_results`: results here live with their AsyncResult."""
        self.purge_results(jobs, targets)

    def purge_local_results(self, jobs: Any = (), targets: Any = ()) -> None:
        """Nothing to do: a result here lives as long as its AsyncResult, no longer."""

    def purge_everything(self) -> None:
        """Let the controller forget all results of finished tasks."""
        self.purge_results("all")

    # --- engines ---------------------------------------------------------------------

    def clear(self, targets: Any = None, block: bool | None = None) -> Any:
        """Empty the namespaces of these engines, or of all."""
        view = self.direct_view("all" if targets is None else targets)
        return view.clear(block=bool(block))

    def send_signal(
        self,
        sig: int | str | signal.Signals,
        targets: Any = None,
        block: bool | None = None,
    ) -> list[int]:
        """Send a signal to these engines, or all; those it was sent to.

        Args:
            sig: its number, or its name ("SIGUSR1"). SIGINT interrupts what runs, and
                nothing if nothing does.
            targets: the engines; None: all.
            block: kept for users who set it.

        Raises:
            ValueError: there is no signal of that name.
            ClusterError: the controller's host has no such signal.
        """
        if isinstance(sig, str):
            if sig not in signal.Signals.__members__:
                raise ValueError(f"there is no signal {sig!r}")
            sig = signal.Signals[sig]
        body = {"engines": self._ids(targets), "signum": int(sig)}
        reached: list[int] = self.connection.ask("signal", body)
        return reached

    def shutdown(
        self,
        targets: Any = "all",
        restart: bool = False,
        hub: bool = False,
        block: bool | None = None,
    ) -> None:
        """Stop engines, with `restart` start as many new ones, with `hub` stop all."""
        if hub:
            self.connection.ask("stop")
            if block:
                self.connection.wait(lambda: self.connection.failure is not None, 10)
            return
        body = {"engines": self._ids(targets), "restart": restart}
        stopped = set(self.connection.ask("shutdown", body))
        if block:
            present = self.roster
            self.connection.wait(lambda: not stopped & present.present.keys(), 10)

    def _ids(self, targets: Any) -> list[int] | None:
        if targets is None or (isinstance(targets, str) and targets == "all"):
            return None
        return self.roster.choose(targets)


def _with_zone(value: Any) -> Any:
    """Datetimes without a time zone are in this host's, as everywhere in Python."""
    if isinstance(value, datetime):
        return value.astimezone()
    if isinstance(value, dict):
        return {key: _with_zone(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_with_zone(one) for one in value]
    return value


def _given(targets: Any) -> bool:
    return not (
        isinstance(targets, Iterable)
        and not isinstance(targets, str | slice)
        and not list(targets)
    )
