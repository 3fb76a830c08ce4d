"""Calling the user's functions: find, unpickle, call, pickle the answer. No socket.

Functions come once, by digest, and are kept in order of use (`wire/recent.py`).
Operations that every engine has stand under their names.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, OrderedDict, deque
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ipcluster.engines.operations import OPERATIONS, Namespace
from ipcluster.wire.errors import (
    SerializationError,
    UnmetDependency,
    encode_info,
    from_exception,
)
from ipcluster.wire.importable import current_folder
from ipcluster.wire.messages import Mode, Status
from ipcluster.wire.recent import KEPT, KEPT_LARGE
from ipcluster.wire.references import Reference, resolve
from ipcluster.wire.segments import Hold
from ipcluster.wire.serialize import dump, load_function, load_with_captured

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from ipcluster.wire.messages import Item, NewFunction, Run, Segment
    from ipcluster.wire.segments import Mapper, SegmentPool

getpid = os.getpid

# What the pickle of a `Reference` contains: most calls have none to resolve.
REFERENCES = Reference.__module__.encode()

OK, ERROR, REJECTED = int(Status.OK), int(Status.ERROR), int(Status.REJECTED)
APPLY, KEEPING = int(Mode.APPLY), int(Mode.MAP_KEEPING_ERRORS)

Answer = tuple[bytes, "tuple[Segment, ...]", bool]


class Function:
    """A function that has come, unpickled at its first call.

    A broken one is its task's error, not ours.
    """

    __slots__ = (
        "builtins",
        "by_dill",
        "call",
        "holds",
        "is_large",
        "mean",
        "message",
    )

    def __init__(self, message: NewFunction | None, holds: Sequence[Hold] = ()) -> None:
        self.message = message
        self.holds = list(holds)
        self.is_large = bool(holds)
        self.call: Callable[..., Any] | None = None
        self.builtins: dict[str, Any] | None = None
        self.by_dill = False
        self.mean = 1.0  # seconds; unknown ones count as slow


class Place(NamedTuple):
    """Who we are, for errors."""

    host: str
    uuid: str


class Calls:
    """The functions an engine knows, and how it calls them in its namespace."""

    def __init__(
        self, namespace: Namespace, pool: SegmentPool | None, mapper: Mapper | None
    ) -> None:
        self.namespace = namespace
        self.place = Place("", "")
        self._pid = getpid()
        self._pool = pool
        self._mapper = mapper
        self._released: deque[str] = deque()
        self._given: Counter[str] = Counter()
        self._waiting: dict[int, list[Hold]] = {}
        self._functions: OrderedDict[bytes, Function] = OrderedDict()
        self._large: OrderedDict[bytes, None] = OrderedDict()
        self._operations: dict[bytes, Function] = {}
        for name, operation in OPERATIONS.items():
            self._operations[name] = function = Function(None)
            function.call = _bound(operation, namespace)

    # --- functions --------------------------------------------------------------------

    def add_function(
        self, message: NewFunction, needed: Callable[[], Container[bytes]] = set
    ) -> None:
        """A function has come. Those `needed` by waiting tasks are not put out."""
        digest = message.digest
        if digest in self._functions:
            self.touch(digest)
            self._take(message.segments)  # they are not needed
            return
        holds = self._take(message.segments)
        self._functions[digest] = function = Function(message, holds)
        if function.is_large:
            self._large[digest] = None
            if len(self._large) > KEPT_LARGE:
                self._put_out(needed())
        elif len(self._functions) - len(self._large) > KEPT:
            small = (one for one in self._functions if one not in self._large)
            self.forget([next(small)])

    def _put_out(self, needed: Container[bytes]) -> None:
        """Forget the large functions that were not used lately, unless needed."""
        old = list(self._large)[:-KEPT_LARGE]
        self.forget([digest for digest in old if digest not in needed])

    def forget(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            self._functions.pop(digest, None)
            self._large.pop(digest, None)

    def touch(self, digest: bytes) -> None:
        """The function is now the one used last."""
        function = self._functions.get(digest)
        if function is not None:
            self._functions.move_to_end(digest)
            if function.is_large:
                self._large.move_to_end(digest)

    def mean(self, digest: bytes) -> float:
        """Seconds a call of this function takes, by its last calls."""
        function = self._functions.get(digest) or self._operations.get(digest)
        return 1.0 if function is None else function.mean

    def note(self, digest: bytes, duration: float) -> None:
        function = self._functions.get(digest)
        if function is not None:
            function.mean = (
                0.5 * (function.mean + duration) if function.mean < 1.0 else duration
            )

    def _find(self, digest: bytes) -> Function:
        function = self._functions.get(digest)
        if function is None:
            try:
                return self._operations[digest]
            except KeyError:
                raise LookupError(
                    f"this engine has no function {digest.hex()}; submit the task again"
                ) from None
        self._functions.move_to_end(digest)
        if function.is_large:
            self._large.move_to_end(digest)
        if function.call is None and function.message is not None:
            message = function.message
            loaded = load_function(
                message.payload,
                self._map(message.segments, function.holds),
                message.spilled,
                self.namespace.names,
            )
            function.call, function.builtins = loaded.call, loaded.builtins
            function.by_dill = loaded.by_dill
            function.message = None
        return function

    # --- calls ------------------------------------------------------------------------

    def run(self, run: Run, item: Item) -> tuple[int, Answer]:
        """Run one task: its status and its packed value or error.

        Only KeyboardInterrupt may still get out.
        """
        try:
            answer, by_dill = self._call(run, item)
            if getpid() != self._pid:
                end_child(None)
            return OK, self._dump(answer, by_dill)
        except BaseException as error:
            if getpid() != self._pid:
                end_child(error)
            return self.failure(error, item.task)
        finally:
            self.namespace.names["__builtins__"] = self.namespace.builtins

    def _dump(self, answer: Any, by_dill: bool) -> Answer:
        try:
            return dump(answer, self._pool, name="result")
        except SerializationError:
            if not by_dill:
                raise
        return dump(answer, self._pool, pickler="dill")

    def _call(self, run: Run, item: Item) -> tuple[Any, bool]:
        """The answer, and whether it may be pickled by dill."""
        names = self.namespace.names
        holds = self._waiting.pop(item.task) if item.segments else []
        function = self._find(run.function)
        segments = self._map(item.segments, holds) if holds else ()
        value, captured, by_dill = load_with_captured(
            item.payload, segments, item.spilled, names
        )
        by_dill = by_dill or function.by_dill
        del segments
        if function.builtins is not None or captured:
            names["__builtins__"] = self._builtins(function, captured)
            if run.function == b"push":
                self.namespace.builtins.update(captured or {})
        call: Any = function.call
        if type(call) is Reference:
            call = call.get(names)
        if run.mode == APPLY:
            args, keywords = value
            del value
            if REFERENCES in item.payload or item.spilled:
                args, keywords = resolve((args, keywords), names)
            answer = call(*args, **keywords)
            if type(answer) is CoroutineType:
                answer = complete([answer])[0]
            return answer, by_dill
        if run.mode == KEEPING:
            rows = zip(*value, strict=True)
            return [self._kept_error(call, items) for items in rows], by_dill
        answers = list(map(call, *value))
        if answers and type(answers[0]) is CoroutineType:
            answers = complete(answers)
        return answers, by_dill

    def _builtins(
        self, function: Function, captured: dict[str, Any] | None
    ) -> dict[str, Any]:
        """What functions made during the call see after the namespace.

        Captured values, then builtins.
        """
        if function.builtins is not None and not captured:
            return function.builtins
        merged = dict(self.namespace.builtins)
        merged.update(function.builtins or {})
        merged.update(captured or {})
        return merged

    def _kept_error(self, call: Callable[..., Any], items: tuple[Any, ...]) -> Any:
        try:
            answer = call(*items)
            return complete([answer])[0] if type(answer) is CoroutineType else answer
        except Exception as error:
            return from_exception(
                error, host=self.place.host, engine_uuid=self.place.uuid
            )

    def failure(self, error: BaseException, task: int) -> tuple[int, Answer]:
        """The packed `ErrorInfo` of an exception, whatever it is."""
        if isinstance(error, ModuleNotFoundError):
            explain(error, self.place)
        info = from_exception(
            error, host=self.place.host, engine_uuid=self.place.uuid, task=task
        )
        status = REJECTED if isinstance(error, UnmetDependency) else ERROR
        return status, (encode_info(info), (), False)

    # --- segments ---------------------------------------------------------------------

    def take(self, item: Item) -> None:
        """A task with segments has come: they are held until it has let go of them."""
        self._waiting[item.task] = self._take(item.segments)

    def drop(self, item: Item) -> None:
        """It will not be run here."""
        self._waiting.pop(item.task, None)

    def _take(self, segments: Sequence[Segment]) -> list[Hold]:
        for segment in segments:
            self._given[segment.name] += 1
        return [Hold(segment.name, self._released.append) for segment in segments]

    def _map(self, segments: Sequence[Segment], holds: list[Hold]) -> list[memoryview]:
        if not segments:
            return []
        if self._mapper is None:
            raise OSError("this engine has no folder for segments")
        return self._mapper.map_all(segments, holds)

    def released(self) -> list[str]:
        """Segments let go since the last time."""
        names = []
        while self._released:
            name = self._released.popleft()
            names.append(name)
            self._given[name] -= 1
            if not self._given[name]:
                del self._given[name]
        return names

    def held(self) -> list[str]:
        """Segments that were brought here and not told of by `released`.

        As often as they were brought.
        """
        return list(self._given.elements())

    def free(self, names: list[str]) -> None:
        if self._pool is not None:
            self._pool.free(names)


def _bound(operation: Callable[..., Any], namespace: Namespace) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Any:
        return operation(namespace, *args, **keywords)

    return call


def complete(coroutines: list[Any]) -> list[Any]:
    """The values of coroutines: an async function is a task like any other."""
    import asyncio

    async def wait() -> list[Any]:
        return [await one for one in coroutines]

    return asyncio.run(wait())


def explain(error: ModuleNotFoundError, place: Place) -> None:
    """Say which Python does not have the module, unless the error does."""
    if str(error) == f"No module named {error.name!r}":
        error.add_note(
            f"Looked for on host {place.host!r} by {sys.executable}, in "
            f"{current_folder()!r}: it must be installed there, or lie in a folder of "
            "sys.path."
        )


def end_child(error: BaseException | None) -> NoReturn:
    """A child that user code forked has come out of it: end as a program would."""
    status = 0
    try:
        if isinstance(error, SystemExit):
            status = error.code if isinstance(error.code, int) else bool(error.code)
        elif error is not None:
            status = 1
            sys.excepthook(type(error), error, error.__traceback__)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status & 0xFF)


def reseed() -> None:
    """Give this engine its own random numbers.

    Numpy's state would be the same in all forks of one keeper.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy.random" in sys.modules:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
