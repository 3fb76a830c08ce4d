"""View: what all views share: their flags, the last calls, and calling functions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from ipcluster.client.asyncresult import AsyncResult
from ipcluster.client.executor import ViewExecutor
from ipcluster.client.mapresults import AsyncMapResult
from ipcluster.client.remotefunction import ParallelFunction, RemoteFunction
from ipcluster.wire.messages import NewFunction, Options
from ipcluster.wire.references import Reference
from ipcluster.wire.serialize import Packed, PickledBy, dump, dump_function

if TYPE_CHECKING:
    from ipcluster.client.client import Client

# Tasks a view remembers for `history`: it must not grow with a million of them.
HISTORY = 10_000


class View:
    """A way to address engines: which, and how calls through it behave."""

    block: bool = False
    """Whether `apply`, `map`, `push`, … wait for the result."""
    track = False
    """Kept for users who set it: arguments are pickled at the call in any case."""
    targets: Any = None
    label: str | None = None
    """Put into the metadata of its tasks."""

    _flag_names: ClassVar[tuple[str, ...]] = ("block", "track", "targets", "label")
    # Flags that go into `Options`: setting one makes the prepared ones stale.
    _option_names: ClassVar[frozenset[str]] = frozenset({"targets", "label"})
    is_balanced: ClassVar[bool] = False
    """Whether the scheduler, and not the view, chooses the engine of a task."""
    _options: Options | None = None
    _pickler: PickledBy | None = None
    _executor: ViewExecutor | None = None

    client: Client

    def __init__(self, client: Client, **flags: Any) -> None:
        self.client = client
        self._history: deque[int] = deque(maxlen=HISTORY)
        self.set_flags(**flags)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name in self._option_names:
            object.__setattr__(self, "_options", None)

    def __repr__(self) -> str:
        targets = self.targets
        shown = "all" if targets is None else repr(targets)
        if isinstance(targets, list) and len(targets) > 8:
            first = ", ".join(map(str, targets[:4]))
            shown = f"[{first}, … {targets[-1]}] ({len(targets)} engines)"
        return f"<{type(self).__name__} {shown}>"

    def __len__(self) -> int:
        """How many engines it addresses."""
        raise NotImplementedError

    # --- flags -----------------------------------------------------------------------

    def set_flags(self, **flags: Any) -> None:
        """Set flags such as `block` and `targets`.

        Raises:
            AttributeError: the view has no such flag.
        """
        for name in flags:
            if name not in self._flag_names:
                known = ", ".join(self._flag_names)
                raise AttributeError(f"a view has no flag {name!r}; it has {known}")
        for name, value in flags.items():
            setattr(self, name, value)

    @contextmanager
    def temp_flags(self, **flags: Any) -> Iterator[None]:
        """The same, until the end of the `with` block."""
        before = {name: getattr(self, name, None) for name in flags}
        self.set_flags(**flags)
        try:
            yield
        finally:
            self.set_flags(**before)

    # What a view was told holds for it, whatever `ipcluster.use_dill()` and the like
    # say for all views of the process.

    def use_dill(self) -> None:
        """Pickle functions and arguments with dill, and results that pickle refuses."""
        self._pickler = "dill"

    def use_cloudpickle(self) -> None:
        """The same as `use_pickle`: functions travel by value in any case."""
        self._pickler = "pickle"

    def use_pickle(self) -> None:
        """Pickle functions and arguments as by default."""
        self._pickler = "pickle"

    # --- what was done ---------------------------------------------------------------

    @property
    def history(self) -> list[str]:
        """The msg_ids of the last tasks, the latest last."""
        return [self.client.msg_id(task) for task in self._history]

    @property
    def outstanding(self) -> set[str]:
        """The msg_ids of those that have not ended."""
        waiting = self.client.connection.calls.outstanding
        return {self.client.msg_id(t) for t in self._history if t in waiting}

    @property
    def results(self) -> Any:
        """Results by msg_id, as `client.results`."""
        return self.client.results

    def wait(self, jobs: Any = None, timeout: float | None = -1) -> bool:
        """Wait for these tasks, or for all of this view that have not ended."""
        if jobs is None:
            jobs = list(self.outstanding)
        return self.client.wait(jobs, timeout)

    def spin(self) -> None:
        """Kept for users who call it: results come by themselves."""

    def get_result(
        self,
        indices_or_msg_ids: Any = None,
        block: bool | None = None,
        owner: bool = False,
    ) -> AsyncResult:
        """The results of tasks, by msg_id or by place in the history (-1: the last).

        Raises:
            IndexError: the history is not as long.
            KeyError: the controller knows no such task.
        """
        if indices_or_msg_ids is None:
            indices_or_msg_ids = -1
        history = self.history
        many = isinstance(indices_or_msg_ids, list | tuple)
        asked = indices_or_msg_ids if many else [indices_or_msg_ids]
        ids = [nth_of(history, one) if isinstance(one, int) else one for one in asked]
        return self.client.get_result(
            ids if many else ids[0],
            block=self.block if block is None else block,
            owner=owner,
        )

    def abort(
        self, jobs: Any = None, targets: Any = None, block: bool | None = None
    ) -> None:
        """Take back tasks that have not started: these, or all of the targets."""
        targets = self.targets if targets is None and jobs is None else targets
        self.client.abort(jobs, targets)

    def queue_status(self, targets: Any = None, verbose: bool = False) -> Any:
        """How much waits for, and runs on, the engines of this view."""
        targets = self.targets if targets is None else targets
        return self.client.queue_status(targets, verbose)

    def purge_results(self, jobs: Any = (), targets: Any = ()) -> None:
        """Let the controller forget results: of these tasks, or from these engines."""
        self.client.purge_results(jobs, targets)

    def shutdown(
        self,
        targets: Any = None,
        restart: bool = False,
        hub: bool = False,
        block: bool | None = None,
    ) -> None:
        """Stop the engines of this view."""
        targets = self.targets if targets is None else targets
        self.client.shutdown("all" if targets is None else targets, restart, hub, block)

    # --- calls -----------------------------------------------------------------------

    def apply(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `f(*args, **kwargs)` there; with `block`, wait for the result."""
        return self._apply(f, args, kwargs, block=self.block)

    def apply_async(
        self, f: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> AsyncResult:
        """Call `f(*args, **kwargs)` there, and go on."""
        result: AsyncResult = self._apply(f, args, kwargs, block=False)
        return result

    def apply_sync(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call `f(*args, **kwargs)` there, and wait for the result."""
        return self._apply(f, args, kwargs, block=True)

    def _apply(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        block: bool,
    ) -> Any:
        raise NotImplementedError

    def map(self, f: Callable[..., Any], /, *sequences: Any, **kwargs: Any) -> Any:
        """The builtin `map`, there: a list with `block`, else an AsyncMapResult."""
        raise NotImplementedError

    def map_async(
        self, f: Callable[..., Any], /, *sequences: Any, **kwargs: Any
    ) -> AsyncMapResult:
        """The builtin `map`, there; go on."""
        result: AsyncMapResult = self.map(f, *sequences, **{**kwargs, "block": False})
        return result

    def map_sync(
        self, f: Callable[..., Any], /, *sequences: Any, **kwargs: Any
    ) -> list[Any]:
        """The builtin `map`, there: the list of the results."""
        result: list[Any] = self.map(f, *sequences, **{**kwargs, "block": True})
        return result

    def imap(
        self, f: Callable[..., Any], /, *sequences: Any, **kwargs: Any
    ) -> Iterator[Any]:
        """The results of `map`, one after the other as they come."""
        return iter(self.map_async(f, *sequences, **kwargs))

    @property
    def executor(self) -> ViewExecutor:
        """The view as a `concurrent.futures.Executor`; another one after `shutdown`."""
        if self._executor is None or self._executor.is_shut:
            self._executor = ViewExecutor(self)
        return self._executor

    # --- decorators ------------------------------------------------------------------

    def remote(
        self, block: bool | None = None, **flags: Any
    ) -> Callable[[Callable[..., Any]], RemoteFunction]:
        """Decorator: calls of the function go through this view."""

        def decorate(f: Callable[..., Any]) -> RemoteFunction:
            return RemoteFunction(self, f, block=block, **flags)

        return decorate

    def parallel(
        self, dist: str = "b", block: bool | None = None, **flags: Any
    ) -> Callable[[Callable[..., Any]], ParallelFunction]:
        """Decorator: calls of the function are cut up over the engines of this view."""

        def decorate(f: Callable[..., Any]) -> ParallelFunction:
            return ParallelFunction(self, f, dist=dist, block=block, **flags)

        return decorate

    def count_parts(self, n: int, chunksize: int | None) -> int:
        """Into how many parts a parallel function cuts `n` items."""
        raise NotImplementedError

    def call_parts(
        self,
        f: Callable[..., Any],
        parts: Sequence[tuple[Any, ...]],
        kwargs: dict[str, Any],
        result: AsyncMapResult,
    ) -> AsyncMapResult:
        """Call `f(*part, **kwargs)` for each part, one on each engine."""
        raise NotImplementedError

    # --- for subclasses --------------------------------------------------------------

    def _function(self, f: Callable[..., Any]) -> bytes | NewFunction:
        """The function as it travels, or its name if it is on its way.

        Raises:
            TypeError: it cannot be called.
            SerializationError: it cannot be pickled.
        """
        if not callable(f) and not isinstance(f, Reference):
            raise TypeError(f"{f!r} cannot be called")
        connection = self.client.connection
        pool = connection.stores.pool
        digest, packed = dump_function(f, pool, pickler=self._pickler)
        function = NewFunction(digest, *packed)
        return connection.introduce(function) if packed.segments else function

    def _dump_all(self, objects: Iterable[object]) -> list[Packed]:
        """All of these, or none if one cannot be pickled."""
        packed: list[Packed] = []
        try:
            for one in objects:
                packed.append(self._dump(one))
        except BaseException:
            for done in packed:
                self.client.connection.stores.give_back(done.segments)
            raise
        return packed

    def _dump(self, obj: object) -> Packed:
        pool = self.client.connection.stores.pool
        return dump(obj, pool, pickler=self._pickler)

    def _finish(self, result: AsyncResult, block: bool) -> Any:
        """Note the tasks; wait for them if so asked."""
        history = self._history
        if result._is_single:
            history.append(result._calls[0].task)
        else:
            history.extend([call.task for call in result._calls])
        return result.get() if block else result


def nth_of(history: list[str], index: int) -> str:
    """A msg_id by its place in a history.

    Raises:
        IndexError: it is not as long.
    """
    try:
        return history[index]
    except IndexError:
        raise IndexError(f"no task {index}: there are {len(history)} so far") from None


def name_of(f: Any) -> str:
    """What to call a function in errors and metadata."""
    name = getattr(f, "__name__", None)
    return name if isinstance(name, str) else type(f).__name__
