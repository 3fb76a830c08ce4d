"""A cluster as a Dask cluster: engines become workers, and engines again."""

from __future__ import annotations

import contextlib
import socket
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ipcluster.client import dask_parts
from ipcluster.client.bridges import optional
from ipcluster.wire.errors import NoEnginesRegistered

if TYPE_CHECKING:
    from ipcluster.client.connection import Connection
    from ipcluster.client.engines import Roster

LOOPBACK = "127.0.0.1"


class DaskBridge:
    """The part of Client that turns engines into Dask workers."""

    connection: Connection
    roster: Roster
    cluster: Any

    if TYPE_CHECKING:
        direct_view: Callable[..., Any]

    def become_dask(
        self,
        targets: Any = "all",
        port: int = 0,
        nanny: bool = False,
        scheduler_args: dict[str, Any] | None = None,
        **worker_args: Any,
    ) -> Any:
        """Make engines Dask workers, and give a `distributed.Client` for them.

        They go on being engines. All that Dask sends is encrypted, with keys made for
        the purpose. Called again, it adds workers to the ones there are.

        Args:
            targets: which engines.
            port: of Dask's scheduler, which runs beside the first of them, or the first
                that is on the controller's host; 0: any.
            nanny: whether workers are child processes of their engines, that Dask can
                restart, and not threads in them.
            scheduler_args: for `distributed.Scheduler`.
            **worker_args: for `distributed.Worker`; `nthreads` is 1.

        Raises:
            ModuleNotFoundError: Dask is not installed here.
            RemoteError: it is not installed there, or did not start.
        """
        with optional("distributed", "dask"):
            import distributed

        chosen = self.roster.choose(targets)
        self.direct_view(chosen).apply_sync(dask_parts.prepare)
        scheduler = self._scheduler()
        if scheduler is None:
            home = self._home_of_scheduler(chosen)
            options = {
                "port": port,
                "security": distributed.Security.temporary(),
                **self._listening(),
                **(scheduler_args or {}),
            }
            start = dask_parts.start_scheduler
            scheduler = self.direct_view(home).apply_sync(start, options)
        started: list[int] = []
        try:
            self._start_workers(scheduler, chosen, nanny, worker_args, started)
            client = distributed.Client(scheduler.address, security=scheduler.security)
        except BaseException:
            self.stop_dask(started)
            raise
        self._keep(client)
        return client

    def stop_dask(self, targets: Any = "all") -> None:
        """End the Dask workers on these engines, which go on as engines.

        With the last of them the scheduler ends, and Dask's clients that this Client
        has given are closed.
        """
        with contextlib.suppress(NoEnginesRegistered):
            everywhere = self.direct_view("all")
            self.direct_view(targets).apply_sync(dask_parts.stop_worker)
            if not any(everywhere.apply_sync(dask_parts.has_worker)):
                close_all(self._dask_clients)
                everywhere.apply_sync(dask_parts.stop_scheduler)

    become_distributed = become_dask
    stop_distributed = stop_dask

    def _keep(self, client: Any) -> None:
        """Note it, to be closed before what it is connected to ends."""
        made = self._dask_clients
        if not made and self.cluster is not None:
            self.cluster.before_stop.append(lambda: close_all(made))
        made.add(client)

    @property
    def _dask_clients(self) -> weakref.WeakSet[Any]:
        made: weakref.WeakSet[Any]
        made = self.__dict__.setdefault("_made_dask_clients", weakref.WeakSet())
        return made

    def _scheduler(self) -> dask_parts.Contact | None:
        """That of the Dask cluster that there is already."""
        answers = self.direct_view("all").apply_sync(dask_parts.contact)
        return next((one for one in answers if one is not None), None)

    def _home_of_scheduler(self, engines: list[int]) -> int:
        # All hosts reach the controller's.
        host = self.connection.ticket.host
        present = self.roster.present
        return next((e for e in engines if present[e].host == host), engines[0])

    def _listening(self) -> dict[str, Any]:
        """Where Dask's servers listen: on this host alone, if all engines are there."""
        # Dask's pages are neither encrypted nor protected.
        where = {"dashboard_address": f"{LOOPBACK}:0"}
        if {one.host for one in self.roster.present.values()} == {socket.gethostname()}:
            where["host"] = LOOPBACK
        return where

    def _start_workers(
        self,
        scheduler: dask_parts.Contact,
        engines: list[int],
        nanny: bool,
        given: dict[str, Any],
        started: list[int],
    ) -> None:
        """Start them all; notes in `started` which engines were none before."""
        options = {
            "scheduler_ip": scheduler.address,
            "security": scheduler.security,
            "nthreads": 1,
            **self._listening(),
            **given,
        }
        start = dask_parts.start_worker
        answers = []
        for engine in engines:
            own = {"name": f"engine-{engine}", **options}
            answers.append(self.direct_view(engine).apply_async(start, own, nanny))
        for engine, answer in zip(engines, answers, strict=True):
            if answer.get(return_exceptions=True) is True:
                started.append(engine)
        for answer in answers:
            answer.get()


def close_all(clients: weakref.WeakSet[Any]) -> None:
    """Close Dask's clients."""
    for client in list(clients):
        client.close()
    clients.clear()
