"""Calling the user's functions: find, unpickle, call, pickle the answer. No socket.

Functions come once, by digest, and are kept in order of use; the sender believes the
256 it used last to be here, so keeping 1,024 is always enough. Operations that every
engine has stand under their names.
"""

from __future__ import annotations

import os
import sys
from collections import OrderedDict, deque
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ipcluster.engines.operations import OPERATIONS, Namespace
from ipcluster.wire.errors import UnmetDependency, encode_info, from_exception
from ipcluster.wire.messages import Mode, Status
from ipcluster.wire.references import Reference, resolve
from ipcluster.wire.serialize import dump, load_function, load_with_captured

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ipcluster.wire.messages import Item, NewFunction, Run, Segment
    from ipcluster.wire.segments import Mapper, SegmentPool

KEPT_FUNCTIONS = 1024

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

    __slots__ = ("builtins", "call", "mean", "message")

    def __init__(self, message: NewFunction | None) -> None:
        self.message = message
        self.call: Callable[..., Any] | None = None
        self.builtins: dict[str, Any] | None = None
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
        self._functions: OrderedDict[bytes, Function] = OrderedDict()
        self._operations: dict[bytes, Function] = {}
        for name, operation in OPERATIONS.items():
            self._operations[name] = function = Function(None)
            function.call = _bound(operation, namespace)

    def use_mapper(self, mapper: Mapper) -> None:
        self._mapper = mapper

    # --- functions --------------------------------------------------------------------

    def add_function(self, message: NewFunction) -> None:
        if message.digest in self._functions:
            self._functions.move_to_end(message.digest)
            return
        self._functions[message.digest] = Function(message)
        if len(self._functions) > KEPT_FUNCTIONS:
            self._functions.popitem(last=False)

    def forget(self, digests: Sequence[bytes]) -> None:
        for digest in digests:
            self._functions.pop(digest, None)

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
        if function.call is None and function.message is not None:
            message = function.message
            loaded = load_function(
                message.payload,
                self._map(message.segments),
                message.spilled,
                self.namespace.names,
            )
            function.call, function.builtins = loaded.call, loaded.builtins
            function.message = None
        return function

    # --- calls ------------------------------------------------------------------------

    def run(self, run: Run, item: Item) -> tuple[int, Answer]:
        """Run one task: its status and its packed value or error.

        Only KeyboardInterrupt may still get out.
        """
        try:
            answer = self._call(run, item)
            if getpid() != self._pid:
                end_child(None)
            return OK, dump(answer, self._pool, name="result")
        except BaseException as error:
            if getpid() != self._pid:
                end_child(error)
            return self.failure(error, item.task)
        finally:
            self.namespace.names["__builtins__"] = self.namespace.builtins

    def _call(self, run: Run, item: Item) -> Any:
        names = self.namespace.names
        function = self._find(run.function)
        segments = self._map(item.segments) if item.segments else ()
        value, captured = load_with_captured(
            item.payload, segments, item.spilled, names
        )
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
            return complete([answer])[0] if type(answer) is CoroutineType else answer
        if run.mode == KEEPING:
            return [self._kept_error(call, items) for items in zip(*value, strict=True)]
        answers = list(map(call, *value))
        if answers and type(answers[0]) is CoroutineType:
            return complete(answers)
        return answers

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
        info = from_exception(
            error, host=self.place.host, engine_uuid=self.place.uuid, task=task
        )
        status = REJECTED if isinstance(error, UnmetDependency) else ERROR
        return status, (encode_info(info), (), False)

    # --- segments ---------------------------------------------------------------------

    def _map(self, segments: Sequence[Segment]) -> list[memoryview]:
        if not segments:
            return []
        if self._mapper is None:
            raise OSError("this engine has no folder for segments")
        return [self._mapper.map(segment) for segment in segments]

    def on_released(self, name: str) -> None:
        """The last object over a mapping is gone.

        May be called from any thread, by the garbage collector.
        """
        self._released.append(name)

    def released(self) -> list[str]:
        names = []
        while self._released:
            names.append(self._released.popleft())
        return names

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
