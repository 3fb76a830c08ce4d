"""Client: one connection to one cluster, and what can be asked of it as a whole."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from ipcluster.client.administration import Administration
from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.balancedview import LoadBalancedView
from ipcluster.client.broadcast import BroadcastView
from ipcluster.client.connection import Connection
from ipcluster.client.dask_bridge import DaskBridge
from ipcluster.client.directview import DirectView
from ipcluster.client.engines import as_index
from ipcluster.client.executor import ViewExecutor
from ipcluster.client.finding import find_ticket, refuse_ssh
from ipcluster.client.hubresults import AsyncHubResult
from ipcluster.client.view import nth_of
from ipcluster.client.waiting import wait_for_engines
from ipcluster.wire.errors import InvalidDependency
from ipcluster.wire.messages import SEQUENCE_BITS
from ipcluster.wire.tickets import Ticket

_SEQUENCE = (1 << SEQUENCE_BITS) - 1


class Client(Administration, DaskBridge):
    """A cluster's client: its engines by number, views on them, results by msg_id.

    Args:
        connection_info: a ticket, its path or content, or a cluster id. Nothing: the
            cluster that was started last.
        url_file: the path of a ticket.
        profile: the profile of the cluster.
        profile_dir: the folder of that profile.
        ipython_dir: refused; profile_dir, or $IPCLUSTER_DIR, says where to look.
        context: kept for users who give one.
        debug: kept as `client.debug`.
        sshserver: refused, as are sshkey, password and paramiko; says what to do.
        sshkey: see sshserver.
        password: see sshserver.
        paramiko: see sshserver.
        timeout: seconds for the controller to answer.
        cluster_id: the id of the cluster.
        cluster: a `Cluster` to connect to; it is kept as `client.cluster`.
        transport: "tcp" or "ipc" instead of what fits; "remote" does not share files
            with the controller either, as from another host.

    Raises:
        TicketError: there is no such cluster, or it has ended.
        SecurityError: the controller refused this ticket.
        ProtocolError: it is of another version, or runs another Python.
        TimeoutError: it did not answer.
        ValueError: an argument that is refused was given.
    """

    block = False
    """The `block` flag that new views get."""
    debug = False
    profile = ""
    cluster: Any = None
    """The `Cluster` that was connected to, if it is known here."""

    def __init__(
        self,
        connection_info: str | os.PathLike[str] | dict[str, Any] | Ticket | None = None,
        *,
        url_file: str | os.PathLike[str] | None = None,
        profile: str | None = None,
        profile_dir: str | os.PathLike[str] | None = None,
        ipython_dir: str | os.PathLike[str] | None = None,
        context: Any = None,
        debug: bool = False,
        sshserver: str | None = None,
        sshkey: str | os.PathLike[str] | None = None,
        password: str | None = None,
        paramiko: bool | None = None,
        timeout: float | None = 10,
        cluster_id: str | None = None,
        cluster: Any = None,
        transport: str | None = None,
    ) -> None:
        find = functools.partial(
            find_ticket,
            url_file if connection_info is None else connection_info,
            profile=profile,
            profile_dir=profile_dir,
            cluster_id=cluster_id,
            cluster=cluster,
        )
        refuse_ssh(find, sshserver, sshkey=sshkey, password=password, paramiko=paramiko)
        if ipython_dir is not None:
            raise ValueError(
                "there is no ipython_dir: clusters are found in $IPCLUSTER_DIR, or in "
                "~/.ipcluster; Client(profile_dir=...) names another folder"
            )
        ticket = find()
        self.debug = debug
        self.cluster = cluster
        self.profile = ticket.profile
        self.connection = Connection(ticket, transport=transport, timeout=timeout)
        self.session = self.connection.session
        self.roster = self.connection.roster
        self._finalizer = weakref.finalize(self, self.connection.close, 0.5)
        self._finalizer.atexit = False  # connections close themselves at exit

    def __repr__(self) -> str:
        ticket = self.connection.ticket
        state = "closed" if self.connection.closed else f"{len(self)} engines"
        name = ticket.cluster_id or "default"
        return f"<Client of cluster {name!r} on {ticket.host}: {state}>"

    # --- engines and views -----------------------------------------------------------

    @property
    def ids(self) -> list[int]:
        """The ids of the engines that are there."""
        return self.roster.ids

    def __len__(self) -> int:
        return len(self.roster)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[DirectView]:
        for engine in self.ids:
            yield self.direct_view(engine)

    def __getitem__(self, key: Any) -> DirectView:
        """A view on one engine (negative: from the end), a slice of them, or a list.

        Raises:
            IndexError: no such engine.
            NoEnginesRegistered: a slice, and there are none.
            ClusterError: the controller has ended.
            TypeError: neither int, slice nor list.
        """
        self.connection.check()
        if isinstance(key, slice):
            self.roster.choose(None)  # raises if there are none
        elif as_index(key) is None and (
            isinstance(key, str | bytes) or not isinstance(key, Iterable)
        ):
            raise TypeError(
                f"rc[...] takes an id, a slice or a list of ids, not {key!r}"
            )
        return self.direct_view(key)

    def direct_view(self, targets: Any = "all", **kwargs: Any) -> DirectView:
        """A view on these engines; "all" means those there are at each call."""
        return DirectView(self, self._fix(targets), **self._flags(kwargs))

    def broadcast_view(
        self, targets: Any = "all", is_coalescing: bool = False, **kwargs: Any
    ) -> BroadcastView:
        """The same as `direct_view`, under the name that other systems have for it."""
        flags = self._flags({"is_coalescing": is_coalescing, **kwargs})
        return BroadcastView(self, self._fix(targets), **flags)

    def load_balanced_view(
        self, targets: Any = None, **kwargs: Any
    ) -> LoadBalancedView:
        """A view whose calls go to whichever engine is free, of these or of all."""
        fixed = None if targets is None else self._fix(targets)
        return LoadBalancedView(self, fixed, **self._flags(kwargs))

    def executor(self, targets: Any = None) -> ViewExecutor:
        """A `concurrent.futures.Executor` over these engines, or all."""
        return ViewExecutor(self.load_balanced_view(targets))

    def _flags(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"block": self.block, **given} if self.block else given

    def _fix(self, targets: Any) -> Any:
        """Positions as ids, so that a view keeps its engines; "all" stays open."""
        if targets is None or (isinstance(targets, str) and targets == "all"):
            return "all"
        chosen = self.roster.choose(targets)
        return chosen[0] if as_index(targets) is not None else chosen

    def activate(self, targets: Any = "all", suffix: str = "") -> DirectView:
        """A view on `targets`, made that of `%px`: see `DirectView.activate`."""
        view = self.direct_view(targets)
        view.activate(suffix)
        return view

    def wait_for_engines(
        self,
        n: int | None = None,
        *,
        timeout: float | None = -1,
        block: bool = True,
        interactive: bool | None = None,
        widget: bool | None = None,
    ) -> Any:
        """Wait until `n` engines are there; None: as many as the cluster was to have.

        With `block` False a future, done when they are.

        Raises:
            TimeoutError: they are not there within `timeout` seconds.
            ClusterError: the controller has ended.
        """
        return wait_for_engines(self, n, timeout, block, interactive)

    # --- tasks -----------------------------------------------------------------------

    def msg_id(self, task: int) -> str:
        """The name by which every client knows one of our tasks."""
        return f"{self.session}_{task & _SEQUENCE}"

    def msg_id_list(self, tasks: Iterable[int]) -> list[str]:
        return [self.msg_id(task) for task in sorted(tasks)]

    def task_id(self, msg_id: str) -> int:
        """The other way.

        Raises:
            InvalidDependency: it is no task of this client.
        """
        session, _, sequence = msg_id.rpartition("_")
        if session != self.session or not sequence.isdecimal():
            raise InvalidDependency(f"{msg_id!r} is not a task of this Client")
        return self.connection.client << SEQUENCE_BITS | int(sequence)

    def engine_uuid(self, engine: int) -> str | None:
        return self.roster.uuid(engine)

    @property
    def outstanding(self) -> set[str]:
        """The msg_ids of our tasks that have not ended."""
        return {self.msg_id(task) for task in list(self.connection.calls.outstanding)}

    @property
    def history(self) -> list[str]:
        """The msg_ids of our last tasks, the latest last."""
        last = self.connection.last_sequence
        first = max(1, last - HISTORY + 1)
        return [f"{self.session}_{number}" for number in range(first, last + 1)]

    @property
    def results(self) -> Lookup:
        """Results by msg_id, fetched when they are asked for; an error is one, too.

        Its names are those of our tasks that have ended and are not forgotten.
        """
        return Lookup(
            lambda msg_id: self.get_result(msg_id).get(return_exceptions=True),
            lambda: self._known(finished=True),
        )

    @property
    def metadata(self) -> Lookup:
        """Metadata by msg_id, of all our tasks that are not forgotten."""
        return Lookup(
            lambda msg_id: self.get_result(msg_id).metadata,
            lambda: self._known(finished=False),
        )

    def _known(self, *, finished: bool) -> list[str]:
        """Our tasks that the controller knows, oldest first."""
        outstanding = self.outstanding if finished else ()
        known = self.hub_history()
        ours = [one for one in known if one.rpartition("_")[0] == self.session]
        return [one for one in ours if one not in outstanding]

    def get_result(
        self,
        indices_or_msg_ids: Any = None,
        block: bool | None = None,
        owner: bool = True,
    ) -> AsyncResult:
        """The results of tasks, also of other clients', also long after.

        Args:
            indices_or_msg_ids: msg_ids, places in `history` (None and -1: the last), or
                an AsyncResult; one or a list.
            block: wait for it.
            owner: kept for users who set it.

        Raises:
            KeyError: the controller knows no such task.
            IndexError: the history is not as long.
        """
        msg_ids, single = self._resolve(indices_or_msg_ids)
        calls = [self._own_call(msg_id) for msg_id in msg_ids]
        found = [call for call in calls if call is not None]
        if len(found) == len(calls):
            result = AsyncResult.of_calls(self, found, "get_result", single=single)
        else:
            result = AsyncHubResult(self, msg_ids, single=single)
        result.owner = owner
        if self.block if block is None else block:
            result.wait()
        return result

    def _resolve(self, given: Any) -> tuple[list[str], bool]:
        if given is None:
            given = -1
        if isinstance(given, AsyncResult):
            return given.msg_ids, given._is_single
        if isinstance(given, str):
            return [given], True
        if (index := as_index(given)) is not None:
            return [nth_of(self.history, index)], True
        found = [self._resolve(one)[0] for one in given]
        return [msg_id for ids in found for msg_id in ids], False

    def _own_call(self, msg_id: str) -> Any:
        session, _, sequence = msg_id.rpartition("_")
        if session != self.session or not sequence.isdecimal():
            return None
        return self.connection.calls.outstanding.get(self.task_id(msg_id))

    def wait(self, jobs: Any = None, timeout: float | None = -1) -> bool:
        """Wait for these tasks (msg_ids, AsyncResults), or for all of this client.

        Returns:
            Whether they have ended in time.
        """
        connection = self.connection
        if jobs is None:
            calls = list(connection.calls.outstanding.values())
        else:
            msg_ids, _ = self._resolve(jobs)
            found = [self._own_call(msg_id) for msg_id in msg_ids]
            calls = [call for call in found if call is not None]
        if not calls:
            return True
        return AsyncResult.of_calls(self, calls, "wait").wait(timeout)

    def wait_interactive(
        self, jobs: Any = None, interval: float = 1.0, timeout: float | None = -1.0
    ) -> bool:
        """The same, and show how far it is."""
        msg_ids = list(self.outstanding) if jobs is None else self._resolve(jobs)[0]
        calls = [call for one in msg_ids if (call := self._own_call(one)) is not None]
        result = AsyncResult.of_calls(self, calls, "tasks")
        return result.wait_interactive(interval, timeout)

    # --- the end ---------------------------------------------------------------------

    def close(self, linger: float | None = None) -> None:
        """Disconnect; before that, send what waits, for at most `linger` seconds."""
        self._finalizer.detach()
        self.connection.close(1.0 if linger is None else linger)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def spin(self) -> None:
        """Kept for users who call it: results come by themselves."""

    def spin_thread(self, interval: float = 1) -> None:
        """Kept for users who call it, as `spin`."""

    def stop_spin_thread(self) -> None:
        """Kept for users who call it, as `spin`."""


# Tasks that `history` names.
HISTORY = 10_000


class Lookup(Mapping[str, Any]):
    """Things by msg_id that are not kept but looked up; the names are those known."""

    def __init__(
        self, find: Callable[[str], Any], names: Callable[[], list[str]]
    ) -> None:
        self._find = find
        self._names = names

    def __getitem__(self, msg_id: str) -> Any:
        return self._find(msg_id)

    def __contains__(self, msg_id: object) -> bool:
        return msg_id in self._names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __repr__(self) -> str:
        return f"<Lookup of {len(self)} tasks>"
