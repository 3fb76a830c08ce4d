"""The joblib backend: batches of calls as tasks of a load-balanced view.

joblib cuts its calls into batches and gives a batch to `submit`; when it has ended, its
callback takes the results and submits the next. Callbacks run in a thread of ours,
never in the one that receives: they wait for joblib's lock, whose holder may wait for
something to be received.

    joblib's thread                   client's I/O          "ipcluster joblib"
    submit(batch, callback) ───────►  task ... result ───►  callback(result)
                                                              get, and submit the next

This module needs joblib; `client.bridges` imports it when it is asked for.
"""

from __future__ import annotations

import contextlib
import operator
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import joblib.parallel
from joblib.parallel import (
    AutoBatchingMixin,
    FallbackToBackend,
    ParallelBackendBase,
    SequentialBackend,
    register_parallel_backend,
)

from ipcluster.client.balancedview import LoadBalancedView
from ipcluster.client.client import Client
from ipcluster.launchers.cluster import Cluster
from ipcluster.wire.errors import ClusterError, TicketError

USUAL = "ipcluster"
KNOWN_AS = "ipyparallel"
_ours: list[Callable[..., Any]] = []

# Seconds for the first engine of a cluster that is just being started.
FIRST_ENGINE = 10.0

Callback = Callable[[Any], None]


def register(name: str, make_default: bool, view: LoadBalancedView | None) -> None:
    """See `bridges.register_joblib_backend`."""

    def make(**options: Any) -> ClusterBackend:
        return ClusterBackend(view, **options)

    register_parallel_backend(name, make, make_default=make_default)
    # Also under the name it has in programs that were written for ipyparallel, unless
    # ipyparallel itself has it.
    known = joblib.parallel.BACKENDS.get(KNOWN_AS)
    if name == USUAL and (known is None or known in _ours):
        _ours.append(make)
        register_parallel_backend(KNOWN_AS, make)


class ClusterBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """Runs joblib's batches on the engines of a view, or of the latest cluster."""

    supports_retrieve_callback = True
    # All engines, where neither `Parallel` nor a configuration says how many.
    default_n_jobs = -1

    def __init__(self, view: LoadBalancedView | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._given = view
        self._lock = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._waiting: deque[tuple[Any, Callback | None]] = deque()
        self._limit: int | None = None
        self._calls = 0
        self._ended = queue.SimpleQueue[Any]()

    @property
    def view(self) -> LoadBalancedView:
        """Where it runs. Looked for late: joblib makes backends that it never uses."""
        return latest.view() if self._given is None else self._given

    # --- how many ---------------------------------------------------------------------

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """How many batches may run at a time.

        Raises:
            ValueError: 0 of them.
            NoEnginesRegistered: there are none.
        """
        # To joblib 1 means: in this process. Where engines were asked for, work goes
        # to them, also if there is only one.
        return 1 if n_jobs == 1 else max(2, self._count(n_jobs)[0])

    def _count(self, n_jobs: int | None) -> tuple[int, int]:
        """How many batches, of how many that the engines could run."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        view = self.view
        engines = len(view.client.roster.choose(view.targets))
        wanted = -1 if n_jobs is None else int(n_jobs)
        if wanted < 0:
            wanted += engines + 1
        return min(max(1, wanted), engines), engines

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_options: Any) -> int:
        """Get ready for a `Parallel`; how many batches may run at a time."""
        if n_jobs == 1:
            sequential = SequentialBackend(nesting_level=self.nesting_level)
            raise FallbackToBackend(sequential)
        self.parallel = parallel
        count, engines = self._count(n_jobs)
        self._limit = count if count < engines else None
        return self.effective_n_jobs(n_jobs)

    # --- calls of Parallel ------------------------------------------------------------

    def start_call(self) -> None:
        """A `Parallel` begins; another may be under way that yields its results."""
        with self._lock:
            self._calls += 1
            if self._calls == 1:
                # Each thread has a queue of its own: the last one may yet be ending.
                self._ended = ended = queue.SimpleQueue[Any]()
                threading.Thread(
                    target=self._answer,
                    args=(ended,),
                    name="ipcluster joblib",
                    daemon=True,
                ).start()

    def stop_call(self) -> None:
        """One has what it wants."""
        with self._lock:
            self._calls -= 1
            if not self._calls:
                self._ended.put(None)

    def submit(self, func: Any, callback: Callback | None = None) -> Any:
        """Run a batch. What goes wrong is the batch's own error, told to its callback.

        An error that is raised here would be lost: callbacks call this, too.
        """
        with self._lock:
            if self._limit is not None and len(self._under_way) >= self._limit:
                self._waiting.append((func, callback))
                return None
            return self._send(func, callback)

    def _send(self, func: Any, callback: Callback | None) -> Future[Any]:
        try:
            # Not the batch as the function: engines keep functions.
            future: Future[Any] = self.view.apply_async(operator.call, func)
        except Exception as error:
            future = Future()
            future.set_exception(error)
        self._under_way.add(future)
        ended = self._ended
        future.add_done_callback(lambda one: ended.put((one, callback)))
        return future

    def _answer(self, ended: queue.SimpleQueue[Any]) -> None:
        """The thread: tell callbacks, until no call of `Parallel` is under way."""
        while (item := ended.get()) is not None:
            future, callback = item
            with self._lock:
                self._under_way.discard(future)
                if self._waiting:
                    self._send(*self._waiting.popleft())
            if callback is not None:
                callback(future)
            del item, future, callback  # they hold results

    def retrieve_result_callback(self, out: Future[Any]) -> Any:
        """The results of a batch that has ended, or its error."""
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Take back what has not begun, and interrupt what runs."""
        with self._lock:
            self._waiting.clear()
            futures = list(self._under_way)
            self._under_way.clear()
        for future in futures:
            with contextlib.suppress(ClusterError):  # it has ended with the connection
                future.cancel()

    def terminate(self) -> None:
        """A `Parallel` is done with this; the engines and the connection stay."""
        self.reset_batch_stats()


class Latest:
    """A view of the cluster that was started last, connected to once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view: LoadBalancedView | None = None
        self._pid = 0

    def view(self) -> LoadBalancedView:
        """All its engines; a new cluster's, that ends with this process, if none runs.

        Raises:
            TimeoutError: it has no engines.
        """
        with self._lock:
            if self._view is None or not self._is_alive(self._view):
                self._view, self._pid = self._connect(), os.getpid()
            return self._view

    def _is_alive(self, view: LoadBalancedView) -> bool:
        connection = view.client.connection
        return self._pid == os.getpid() and connection.failure is None

    def _connect(self) -> LoadBalancedView:
        try:
            client = Client()
        except TicketError:
            client = Cluster().start_and_connect_sync()
        client.wait_for_engines(1, timeout=FIRST_ENGINE)
        return client.load_balanced_view()


latest = Latest()
