"""Objects to bytes and back: pickle protocol 5, with large buffers in segments.

`dump` keeps buffers below `LARGE` in the pickle and writes larger ones to the pool's
segments; a pickle that is itself that large goes there too (*spilled*: segment 0 is the
pickle). Either way arrays and bytearrays arrive writable. What pickle alone cannot do
is in `functions.py`, `classes.py` and `reducers.py`.
"""

from __future__ import annotations

import io
import pickle
import sys
import weakref
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Literal, NamedTuple, Protocol

from ipcluster.wire import culprit
from ipcluster.wire.classes import reduce_class
from ipcluster.wire.errors import SerializationError
from ipcluster.wire.functions import Loading, current
from ipcluster.wire.importable import registered
from ipcluster.wire.messages import Digest, Segment
from ipcluster.wire.reducers import Reducer, reducers
from ipcluster.wire.snapshots import (
    Home,
    Snapshot,
    home_of,
    is_unchanged,
    lone_code,
    take_snapshot,
)

# Bytes from which a buffer or a pickle goes to a segment: a copy of 256 KiB costs about
# as much as opening and mapping a file.
LARGE = 256 * 1024

PickledBy = Literal["pickle", "dill"]

_default: PickledBy = "pickle"


def use_dill() -> None:
    """Pickle with dill wherever nothing else was asked for, in this process."""
    import dill  # noqa: F401 - whether it is there is said here, not at the next call

    _use("dill")


def use_pickle() -> None:
    """Pickle as by default wherever nothing else was asked for, in this process."""
    _use("pickle")


def use_cloudpickle() -> None:
    """The same as `use_pickle`: functions travel by value in any case."""
    _use("pickle")


def _use(pickler: PickledBy) -> None:
    global _default
    _default = pickler


class Pool(Protocol):
    """Where large buffers go: `wire.segments.SegmentPool`."""

    def write(self, buffers: list[memoryview]) -> tuple[Segment, ...]: ...


class Packed(NamedTuple):
    """An object as it travels; see `messages.Item`."""

    payload: bytes
    segments: tuple[Segment, ...]
    spilled: bool


class LoadedFunction(NamedTuple):
    """A function that came.

    `captured` are the session's values that it brought, `builtins` the dict that a
    namespace's `__builtins__` must be while it runs, for functions made inside it;
    None: the usual one. `by_dill` says whether dill was asked for.
    """

    call: Callable[..., Any]
    builtins: dict[str, Any] | None
    captured: dict[str, Any]
    by_dill: bool = False


# --- dump -----------------------------------------------------------------------------

# Exact types that pickle needs no help with, and whose size is at hand.
_SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None)})
_are_scalars = _SCALARS.issuperset
_dumps = pickle.dumps
_tuple = tuple.__new__


def dump(
    obj: object,
    pool: Pool | None,
    *,
    pickler: PickledBy | None = None,
    name: str | None = None,
) -> Packed:
    """Pickle `obj`; without a pool everything is in the payload.

    `pickler` None is what `use_dill` or `use_pickle` said last.

    `name` is what errors call the object (`result`); arguments, `(args, kwargs)`, are
    called `argument 1` and so on without it.

    Raises:
        SerializationError: says which part cannot be pickled; nothing is left in the
        pool.
    """
    if (pickler or _default) == "dill":
        # Also what needs no help: whoever loads it learns that dill was asked for.
        obj = _Dilled(obj)
    elif _is_plain(obj):
        payload = _dumps(obj, 5)
        if pool is None or len(payload) < LARGE:
            return _tuple(Packed, (payload, (), False))
    return _store(_pickle(obj, _threshold(pool), name), pool)


def _is_plain(obj: object) -> bool:
    """Whether this is a scalar, or the arguments of a call that are all scalars."""
    try:
        if type(obj) is not tuple:
            return type(obj) in _SCALARS
        if len(obj) != 2:
            return False
        args, keywords = obj
        return (
            type(args) is tuple
            and type(keywords) is dict
            and _are_scalars(map(type, args))
            and (not keywords or _are_scalars(map(type, keywords.values())))
        )
    except TypeError:  # a class that cannot be hashed
        return False


def dump_function(
    function: Callable[..., Any],
    pool: Pool | None = None,
    *,
    pickler: PickledBy | None = None,
) -> tuple[Digest, Packed]:
    """Pickle a function; its digest is the same as long as it would do the same.

    The pickle is kept for as long as nothing that went into it can have changed. When
    it has segments and the peer knows the digest already, give the segments back to the
    pool.
    """
    if (pickler or _default) == "dill":
        dilled = _pickle(_Dilled(function), _threshold(pool), "function")
        return dilled.digest(), _store(dilled, pool)
    if type(function) is FunctionType:
        cached = _cache.get(function)
        if cached is not None and (
            cached.home.holds(function)
            if cached.home is not None
            else is_unchanged(function, cached.code) or cached.snapshot.is_current()
        ):
            return cached.digest, cached.packed
    elif (
        type(function) is BuiltinFunctionType and type(function.__self__) is ModuleType
    ):
        # A name and nothing that could change: `abs`, `math.sin`.
        known = _builtin_cache.get(function)
        if known is None:
            pickled = _pickle(function, _threshold(pool), "function")
            known = pickled.digest(), _store(pickled, pool)
            _builtin_cache[function] = known
        return known
    name = getattr(function, "__qualname__", None) or type(function).__name__
    pickled = _pickle(function, _threshold(pool), f"function {name}")
    digest, packed = pickled.digest(), _store(pickled, pool)
    if type(function) is FunctionType and not packed.segments:
        _keep(function, digest, packed, pickled)
    return digest, packed


class _Cached(NamedTuple):
    digest: Digest
    packed: Packed
    snapshot: Snapshot
    code: CodeType | None
    home: Home | None


_cache: weakref.WeakKeyDictionary[FunctionType, _Cached] = weakref.WeakKeyDictionary()

_builtin_cache: weakref.WeakKeyDictionary[Callable[..., Any], tuple[Digest, Packed]] = (
    weakref.WeakKeyDictionary()
)


def _keep(
    function: FunctionType, digest: Digest, packed: Packed, pickled: _Pickled
) -> None:
    # What had to be left out may be there next time.
    if pickled.careful:
        return
    snapshot = take_snapshot(pickled.functions or [function])
    if snapshot is not None:
        code, home = lone_code(function), home_of(function)
        _cache[function] = _Cached(digest, packed, snapshot, code, home)


class _Pickled(NamedTuple):
    stream: io.BytesIO
    buffers: list[memoryview]
    functions: list[FunctionType]
    careful: bool

    def digest(self) -> Digest:
        digest = blake2b(self.stream.getbuffer(), digest_size=16)
        for buffer in self.buffers:
            digest.update(buffer)
        return Digest(digest.digest())


def _store(pickled: _Pickled, pool: Pool | None) -> Packed:
    stream, buffers = pickled.stream, pickled.buffers
    if pool is None:
        return Packed(stream.getvalue(), (), False)
    if stream.tell() >= LARGE:
        return Packed(b"", pool.write([stream.getbuffer(), *buffers]), True)
    segments = pool.write(buffers) if buffers else ()
    return Packed(stream.getvalue(), segments, False)


def _threshold(pool: Pool | None) -> int | None:
    """Bytes from which a buffer is kept out of the pickle; None: it never is."""
    return None if pool is None else LARGE


def _pickle(obj: object, threshold: int | None, name: str | None) -> _Pickled:
    dump = _Dump()
    try:
        return dump.run(obj, threshold)
    except MemoryError:
        raise
    except Exception as first:
        error = first
    try:
        if dump.can_omit:
            # Perhaps only a global or an annotation that a function can do without.
            try:
                return _Dump(_Trials()).run(obj, threshold)
            except Exception as second:
                error = second
        if isinstance(obj, _Dilled):
            raise SerializationError(f"dill: {error}") from error
        text = culprit.describe(obj, error, _Trials().fails, name)
        raise SerializationError(text) from error
    finally:
        # Or the error and this frame would keep each other, and `obj` with them.
        del error


class _Trials:
    """Trial picklings, whose bytes nobody wants; each object is tried once."""

    def __init__(self) -> None:
        # The objects are kept, or an id might come to mean another one.
        self._tried: dict[int, tuple[object, Exception | None]] = {}

    def fails(self, value: object) -> Exception | None:
        known = self._tried.get(id(value))
        if known is not None:
            return known[1]
        # While it is tried, it passes for good where it refers to itself.
        self._tried[id(value)] = value, None
        try:
            _Dump(self).run(value, LARGE)
        except Exception as raised:
            # Its frames would keep what was tried, also when nobody wants it any more.
            error = raised.with_traceback(None)
            error.__context__ = error.__cause__ = None
            self._tried[id(value)] = value, error
            return error
        return None


class _Dump:
    """One pickling: what reducers ask of it and note in it (`functions.Dump`)."""

    def __init__(self, trials: _Trials | None = None) -> None:
        self.careful = trials is not None
        self.can_omit = False
        self.functions: list[FunctionType] = []
        self.origins: dict[tuple[int, int], int] = {}
        self.cells: set[int] = set()
        self._trials = trials or _Trials()

    def fails(self, value: object) -> Exception | None:
        return self._trials.fails(value)

    def run(self, obj: object, threshold: int | None) -> _Pickled:
        stream, buffers = io.BytesIO(), list[memoryview]()
        least = threshold or 0

        def take(buffer: pickle.PickleBuffer) -> bool:
            """Whether to keep the buffer in the pickle."""
            try:
                raw = buffer.raw()
            except BufferError:  # not contiguous: pickle says so itself
                return True
            if raw.nbytes < least:
                return True
            buffers.append(raw)
            return False

        _Pickler(self, stream, None if threshold is None else take).dump(obj)
        return _Pickled(stream, buffers, self.functions, self.careful)


class _Pickler(pickle.Pickler):
    def __init__(
        self,
        dump: _Dump,
        stream: io.BytesIO,
        take: Callable[[pickle.PickleBuffer], bool] | None,
    ) -> None:
        super().__init__(stream, 5, buffer_callback=take)
        self._dump = dump
        self._reducers: dict[type, Reducer] = reducers()

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        reducer = self._reducers.get(kind)
        if reducer is not None:
            return reducer(self._dump, obj)
        if issubclass(kind, type):
            return reduce_class(self._dump, obj)
        return NotImplemented


def register_pickle_by_value(module: ModuleType) -> None:
    """Let the functions and classes of a module travel by value, as a session's do.

    For modules that engines cannot import, or that change while one works on them. A
    package stands for all modules in it. cloudpickle has it under the same name.

    Raises:
        ValueError: no module, not one that was imported, or one of ipcluster's.
    """
    name = _name_of(module)
    if sys.modules.get(name) is not module:
        raise ValueError(f"{module!r} cannot be registered: no import gives it")
    if name.partition(".")[0] == __name__.partition(".")[0]:
        raise ValueError(f"{name} is on every engine")
    registered.add(name)
    _cache.clear()


def unregister_pickle_by_value(module: ModuleType) -> None:
    """The other way.

    Raises:
        ValueError: no module, or one that was not registered.
    """
    name = _name_of(module)
    if name not in registered:
        raise ValueError(f"{module!r} was not registered to travel by value")
    registered.discard(name)
    _cache.clear()


def _name_of(module: ModuleType) -> str:
    if not isinstance(module, ModuleType):
        raise ValueError(f"a module is registered, not {module!r}")
    return module.__name__


def dump_to_buffers(
    obj: object, threshold: int = LARGE
) -> tuple[bytes, list[memoryview]]:
    """Pickle `obj`; buffers of at least `threshold` bytes are not copied."""
    if _default == "dill":
        obj = _Dilled(obj)
    pickled = _pickle(obj, threshold, "value")
    return pickled.stream.getvalue(), pickled.buffers


# --- load -----------------------------------------------------------------------------


def load(
    payload: bytes,
    segments: Sequence[memoryview] = (),
    spilled: bool = False,
    namespace: dict[str, Any] | None = None,
) -> Any:
    """The object that was dumped. Functions of a session get `namespace` as globals.

    Without one that is `__main__`'s. What unpickling raises gets out as it is.
    """
    return _load(payload, segments, spilled, Loading(namespace))


def load_with_captured(
    payload: bytes,
    segments: Sequence[memoryview] = (),
    spilled: bool = False,
    namespace: dict[str, Any] | None = None,
) -> tuple[Any, dict[str, Any] | None, bool]:
    """The object, the values that functions inside it captured, if any.

    And whether dill was asked for.
    """
    loading = Loading(namespace)
    obj = _load(payload, segments, spilled, loading)
    return obj, loading.captured or None, loading.by_dill


def load_from_buffers(
    payload: bytes | memoryview,
    buffers: Iterable[Any],
    namespace: dict[str, Any] | None = None,
) -> Any:
    """What `dump_to_buffers` dumped; takes as many buffers as it needs.

    Inside another pickle, functions get the namespace that those of the other get.
    """
    outer = current.loading
    if namespace is None and outer is not None:
        namespace = outer.namespace
    inner = current.loading = Loading(namespace)
    try:
        obj = pickle.loads(payload, buffers=buffers)
    finally:
        current.loading = outer
    if outer is not None:
        outer.adopt(inner)
    return obj


def load_function(
    payload: bytes,
    segments: Sequence[memoryview] = (),
    spilled: bool = False,
    namespace: dict[str, Any] | None = None,
) -> LoadedFunction:
    """The function that `dump_function` dumped."""
    loading = Loading(namespace)
    call = _load(payload, segments, spilled, loading)
    own = loading.merged_builtins()
    return LoadedFunction(call, own, loading.captured, loading.by_dill)


def _load(
    payload: bytes, segments: Sequence[memoryview], spilled: bool, loading: Loading
) -> Any:
    # Unpickling runs the user's code, which may load something itself.
    before = current.loading
    current.loading = loading
    try:
        if spilled:
            return pickle.loads(segments[0], buffers=segments[1:])
        return pickle.loads(payload, buffers=segments)
    finally:
        current.loading = before


# --- dill, when asked for -------------------------------------------------------------


class _Dilled:
    """Pickled by dill inside, so that who loads it needs not be told."""

    def __init__(self, obj: object) -> None:
        self.obj = obj

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        import dill

        return _undill, (dill.dumps(self.obj, protocol=5, recurse=True),)


def _undill(data: bytes) -> Any:
    import dill

    if current.loading is not None:
        current.loading.by_dill = True
    return dill.loads(data)
