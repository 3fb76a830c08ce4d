"""Every error we raise on purpose, and how an error travels.

    ClusterError                    = KernelError = IPythonError, for `except` clauses
    |- ProtocolError                a peer broke the protocol
    |- SecurityError                bad key, signature, owner or right
    |  `- TicketError               a ticket that cannot be used, and what to do
    |- SerializationError           an object cannot be pickled or unpickled
    |- LaunchError                  a process did not start (command, exit_code, output)
    |- ForkError                    a client used in a forked child
    |- ConnectionLost               the controller is gone
    |- TimeoutError                 waited too long; also the builtin TimeoutError
    |- NoEnginesRegistered          = NoEngines: nothing to run on
    |- EngineError                  the engine went away with the task
    |- TaskAborted                  taken back before it started
    |- TaskTimeout                  waited longer than its `timeout` for an engine
    |- TaskRejectError              the engine would not take it
    |- UnmetDependency              not met on this engine
    |  `- ImpossibleDependency      can never be met
    |     |- DependencyTimeout      not met in time
    |     `- InvalidDependency      names a task that will never end
    `- RemoteError                  user code raised; also of the nearest builtin
       |                            class, so that `except ValueError` catches it
       |- CompositeError            several tasks or engines raised
       `- AlreadyDisplayedError     its traceback was on the screen already

An error crosses the wire as an `ErrorInfo`: text first, so that it can be shown
whatever its class was. `from_exception` makes one of anything that user code raises
and never fails itself; `to_error` is the way back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from ipcluster.wire import tracebacks
from ipcluster.wire.messages import ErrorInfo
from ipcluster.wire.own_errors import (
    ClusterError,
    ConnectionLost,
    DependencyTimeout,
    EngineError,
    ForkError,
    ImpossibleDependency,
    InvalidDependency,
    IPythonError,
    KernelError,
    LaunchError,
    NoEngines,
    NoEnginesRegistered,
    ProtocolError,
    SecurityError,
    SerializationError,
    TaskAborted,
    TaskRejectError,
    TaskTimeout,
    TicketError,
    TimeoutError,  # noqa: A004 - the name users know
    UnmetDependency,
    describe_exit,
)
from ipcluster.wire.remote_errors import (
    AlreadyDisplayedError,
    RemoteError,
    remote_class,
)

__all__ = [
    "AlreadyDisplayedError",
    "ClusterError",
    "CompositeError",
    "ConnectionLost",
    "DependencyTimeout",
    "EngineError",
    "Failure",
    "ForkError",
    "IPythonError",
    "ImpossibleDependency",
    "InvalidDependency",
    "KernelError",
    "LaunchError",
    "NoEngines",
    "NoEnginesRegistered",
    "ProtocolError",
    "RemoteError",
    "SecurityError",
    "SerializationError",
    "TaskAborted",
    "TaskRejectError",
    "TaskTimeout",
    "TicketError",
    "TimeoutError",
    "UnmetDependency",
    "collect_exceptions",
    "decode_info",
    "describe_exit",
    "encode_info",
    "from_exception",
    "to_error",
    "to_info",
]

# Characters of a message and of a traceback that travel.
MESSAGE_LIMIT = 10_000
TRACEBACK_LIMIT = 100_000


class Failure(NamedTuple):
    """One error of a `CompositeError`."""

    ename: str
    evalue: str
    traceback: str
    engine_info: dict[str, Any]


class CompositeError(RemoteError):
    """Several tasks or engines raised. Equal errors are shown once."""

    tb_limit = 4
    """How many different errors are shown in full; the others get a line each."""

    def __init__(
        self,
        message: str,
        elist: Iterable[BaseException | tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        self.errors = [_as_error(one) for one in elist]
        self.elist = [_as_failure(error) for error in self.errors]
        super().__init__("CompositeError", message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return CompositeError, (self.message, self.errors)

    def __repr__(self) -> str:
        return f"<CompositeError of {len(self.elist)}: {self.message}>"

    def render_traceback(self, excid: int | None = None) -> list[str]:
        """The lines to show for all errors, or for the one with index `excid`."""
        if excid is not None:
            return self._render_one(self._find(excid), "")
        groups = self._groups()
        lines = []
        for shown, (error, engines) in enumerate(groups):
            if shown < self.tb_limit:
                lines += self._render_one(error, engines)
            elif shown < 5 * self.tb_limit:
                lines.append(f"--- {engines}: {_headline(error)} ---")
            else:
                lines.append(f"... and {len(groups) - shown} more different errors")
                break
        return lines

    def print_traceback(self, excid: int | None = None) -> None:
        """Print what `render_traceback` gives."""
        print("\n".join(self.render_traceback(excid)))

    def raise_exception(self, excid: int = 0) -> None:
        """Raise the error with index `excid`.

        Raises:
            IndexError: there are not so many.
        """
        raise self._find(excid)

    def _find(self, excid: int) -> Exception:
        try:
            return self.errors[excid]
        except IndexError:
            count = len(self.errors)
            raise IndexError(f"no error {excid}: there are {count}, from 0") from None

    def _groups(self) -> list[tuple[Exception, str]]:
        """Each different error, and the engines it came from in words."""
        found: dict[tuple[str, str, str], tuple[Exception, list[int | None]]] = {}
        for error, one in zip(self.errors, self.elist, strict=True):
            key = (one.ename, one.evalue, _without_engine(one.traceback))
            engine = one.engine_info.get("engine_id")
            found.setdefault(key, (error, []))[1].append(engine)
        return [(error, _engines(engines)) for error, engines in found.values()]

    @staticmethod
    def _render_one(error: Exception, engines: str) -> list[str]:
        lines = (
            error.render_traceback()
            if isinstance(error, RemoteError)
            else [
                f"--- {_engines([getattr(error, 'engine', None)])} ---",
                f"{type(error).__name__}: {error}",
            ]
        )
        return [f"--- {engines} ---", *lines[1:]] if engines else lines


_KINDS: dict[str, type[ClusterError]] = {
    cls.__name__: cls
    for cls in (
        ClusterError,
        ProtocolError,
        SecurityError,
        TicketError,
        SerializationError,
        LaunchError,
        ForkError,
        ConnectionLost,
        TimeoutError,
        NoEnginesRegistered,
        EngineError,
        TaskAborted,
        TaskTimeout,
        TaskRejectError,
        UnmetDependency,
        ImpossibleDependency,
        DependencyTimeout,
        InvalidDependency,
    )
}

# Users see where to import them from, not how they are spread over files.
for _cls in (*_KINDS.values(), RemoteError, AlreadyDisplayedError):
    _cls.__module__ = __name__

# Our own errors that an engine raises about a task, on behalf of the task's sender. Any
# other one comes from user code that uses a cluster itself, and is a RemoteError.
_RAISED_BY_ENGINES = (SerializationError, UnmetDependency, ProtocolError)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(ErrorInfo)

T = TypeVar("T", bound=Iterable[Any])


def from_exception(
    exc: BaseException,
    *,
    engine: int | None = None,
    engine_uuid: str | None = None,
    task: int | None = None,
    host: str | None = None,
    limit: int = MESSAGE_LIMIT,
) -> ErrorInfo:
    """What user code raised, as bounded text. Never raises, whatever `exc` does."""
    ename = tracebacks.type_name(exc)
    ours = type(exc) in _KINDS.values() and isinstance(exc, _RAISED_BY_ENGINES)
    return ErrorInfo(
        kind=ename if ours else "RemoteError",
        ename=ename,
        evalue=tracebacks.message(exc, limit),
        traceback=tracebacks.text(exc, TRACEBACK_LIMIT, limit),
        engine=engine,
        engine_uuid=engine_uuid,
        task=task,
        host=host,
        builtin=tracebacks.nearest_builtin(exc),
        fields=tracebacks.fields(exc),
    )


def to_info(error: ClusterError) -> ErrorInfo:
    """One of our own errors, to be the same error at the peer."""
    name = type(error).__name__
    return ErrorInfo(
        kind=name,
        ename=name,
        evalue=tracebacks.message(error, MESSAGE_LIMIT),
        engine=error.engine,
        task=error.task,
        host=error.host,
    )


def to_error(info: ErrorInfo, *, method: str = "apply") -> ClusterError:
    """The error to raise here. `method` is what the user had called."""
    kind = _KINDS.get(info.kind)
    if kind is LaunchError:
        return LaunchError(info.evalue)
    if kind is not None:
        return kind(info.evalue, engine=info.engine, task=info.task, host=info.host)
    engine_info = {
        "engine_id": info.engine,
        "engine_uuid": info.engine_uuid,
        "host": info.host,
        "task": info.task,
        "method": method,
    }
    given = (info.ename, info.evalue, info.traceback, engine_info)
    error = remote_class(info.builtin)(*given)
    error.set_fields(info.fields)
    return error


def encode_info(info: ErrorInfo) -> bytes:
    """The payload of an outcome that is an error."""
    return _encoder.encode(info)


def decode_info(payload: bytes) -> ErrorInfo:
    """The way back from `encode_info`.

    Raises:
        ProtocolError: these bytes are no error.
    """
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"an error that cannot be read: {error}") from error


def collect_exceptions(results_or_errors: T, method: str = "unspecified") -> T:
    """The results as they are, if none is an error of ours.

    Raises:
        CompositeError: with all that are.
    """
    mapping = isinstance(results_or_errors, Mapping)
    values = list(results_or_errors.values() if mapping else results_or_errors)  # type: ignore[attr-defined]  # `mapping` is not followed
    failed = [one for one in values if isinstance(one, ClusterError)]
    if not failed:
        return results_or_errors
    flat: list[BaseException] = []
    for one in failed:
        flat += one.errors if isinstance(one, CompositeError) else [one]
    calls = "call" if len(values) == 1 else "calls"
    raise CompositeError(
        f"{len(failed)} of {len(values)} {calls} failed in {method}", flat
    )


def _as_error(one: BaseException | tuple[str, str, str, dict[str, Any]]) -> Exception:
    if isinstance(one, Exception):
        return one
    if isinstance(one, BaseException):
        return to_error(from_exception(one))
    ename, evalue, traceback, engine_info = one
    if ename in _KINDS:
        return _KINDS[ename](evalue)
    return remote_class(ename)(ename, evalue, traceback, engine_info)


def _as_failure(error: Exception) -> Failure:
    if isinstance(error, RemoteError):
        return Failure(error.ename, error.evalue, error.traceback, error.engine_info)
    engine = getattr(error, "engine", None)
    info = {"engine_id": engine, "engine_uuid": None, "host": None, "method": None}
    evalue = tracebacks.message(error, MESSAGE_LIMIT)
    return Failure(tracebacks.type_name(error), evalue, "", info)


def _headline(error: Exception) -> str:
    whole = error.message if isinstance(error, RemoteError) else str(error)
    return whole.splitlines()[0] if whole else type(error).__name__


def _without_engine(traceback: str) -> str:
    return re.sub(r"\bengine[ _-]?\d+", "engine", traceback)


def _engines(engines: Sequence[int | None]) -> str:
    """Engine ids in words, runs shortened: `engines 0-3, 7`."""
    known = sorted({engine for engine in engines if engine is not None})
    if not known:
        many = f", {len(engines)} errors" if len(engines) > 1 else ""
        return f"on no engine{many}"
    runs: list[list[int]] = []
    for engine in known:
        if runs and engine == runs[-1][1] + 1:
            runs[-1][1] = engine
        else:
            runs.append([engine, engine])
    names = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs]
    many = f" ({len(engines)} errors)" if len(engines) > len(known) else ""
    return f"{'engine' if len(known) == 1 else 'engines'} {', '.join(names)}{many}"
