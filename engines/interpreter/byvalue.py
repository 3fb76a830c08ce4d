"""Objects of a session as bytes that another session can read, functions included.

Pickle finds a function or class of the prompt under its name in `__main__`, and so in
no other process. Here such things go by value, in the way they travel to engines
(wire/functions.py), and so does what is made of them. Code is tied to the version of
Python that compiled it: another version refuses it with a reason.

A `Pickler` can be told of *names*: other objects that are kept on their own. What
refers to one of those is kept as a reference to its name, so objects that two names
share are one object afterwards, too. Functions whose globals are the session's are then
kept without the values of those globals: they are names themselves.
"""

from __future__ import annotations

import io
import marshal
import pickle
import sys
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from ipcluster.wire import culprit
from ipcluster.wire.classes import reduce_class
from ipcluster.wire.functions import Loading, current
from ipcluster.wire.importable import is_importable, travels_by_reference
from ipcluster.wire.reducers import reducers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Exact types of which two equal objects are as good as one.
ATOMS = (int, float, complex, bool, str, bytes, type(None), type(...))


class NotKept(Exception):
    """A value cannot be made into bytes, or not be made of them; says why."""


class _Dump:
    """One pickling, as the reducers of wire/ want it."""

    careful = False

    def __init__(self) -> None:
        self.can_omit = False
        self.functions: list[FunctionType] = []
        self.origins: dict[tuple[int, int], int] = {}
        self.cells: set[int] = set()

    def fails(self, value: object) -> Exception | None:
        try:
            Pickler(io.BytesIO()).dump(value)
        except Exception as error:
            return error
        return None


class Pickler(pickle.Pickler):
    """Pickles functions and classes of the prompt by value.

    Args:
        stream: where the bytes go.
        session: globals of functions that are kept without their values.
        name_of: the name under which an object is kept on its own; None: it is not.
    """

    def __init__(
        self,
        stream: io.BytesIO,
        session: dict[str, Any] | None = None,
        name_of: Callable[[object], Any] | None = None,
    ) -> None:
        super().__init__(stream, 5)
        self._dump = _Dump()
        self._session = session
        self._name_of = name_of
        self._reducers = reducers()
        # Names that were referred to, and files that code says it is from.
        self.references: set[Any] = set()
        self.filenames: set[str] = set()

    def persistent_id(self, obj: Any) -> Any:
        if self._name_of is None or type(obj) in ATOMS:
            return None
        name = self._name_of(obj)
        if name is not None:
            self.references.add(name)
        return name

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is CodeType:
            self.filenames.add(obj.co_filename)
            return _load_code, (MAGIC_NUMBER, _VERSION, marshal.dumps(obj, 4))
        if kind is ModuleType:
            return _reduce_module(obj)
        if kind is FunctionType and obj.__globals__ is self._session:
            return _reduce_function(obj)
        is_named = kind is FunctionType or issubclass(kind, type)
        if is_named and travels_by_reference(obj):
            return NotImplemented
        reducer = self._reducers.get(kind)
        if reducer is not None:
            return reducer(self._dump, obj)
        if issubclass(kind, type):
            return reduce_class(self._dump, obj)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, named: Callable[[Any], Any] | None) -> None:
        super().__init__(io.BytesIO(data))
        self._named = named

    def persistent_load(self, name: Any) -> Any:
        if self._named is None:
            raise pickle.UnpicklingError(f"it belongs to {name}, which is not here")
        return self._named(name)


def dumps(obj: object, name: str = "value") -> bytes:
    """Bytes of an object.

    Raises:
        NotKept: it has a part that cannot be kept; which one, and why.
    """
    stream = io.BytesIO()
    pickler = Pickler(stream)
    try:
        pickler.dump(obj)
    except Exception as error:
        raise NotKept(why(obj, error, name)) from error
    return stream.getvalue()


def loads(
    data: bytes,
    names: dict[str, Any] | None = None,
    named: Callable[[Any], Any] | None = None,
) -> Any:
    """The object; its functions get `names` as globals, by default `__main__`'s.

    `named` gives the objects that are kept on their own, by their names. What
    unpickling raises gets out as it is.
    """
    before = current.loading
    current.loading = Loading(names)
    try:
        return _Unpickler(data, named).load()
    finally:
        current.loading = before


def why(obj: object, error: Exception, name: str) -> str:
    """Which part of an object could not be pickled, and the reason."""
    try:
        return culprit.describe(obj, error, _Dump().fails, name)
    except Exception:  # an object that does not like being looked at
        return f"{name}: {error}"


# --- functions of a session -----------------------------------------------------------

_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

_ATTRIBUTES = (
    "__module__",
    "__name__",
    "__qualname__",
    "__doc__",
    "__defaults__",
    "__kwdefaults__",
    "__annotations__",
    "__type_params__",
)


def _reduce_module(module: ModuleType) -> tuple[Any, ...]:
    name = module.__name__
    if sys.modules.get(name) is module and (name == "__main__" or is_importable(name)):
        return import_module, (name,)
    raise TypeError(f"no import finds the module {name}")


def _reduce_function(function: FunctionType) -> tuple[Any, ...]:
    state = {name: getattr(function, name, None) for name in _ATTRIBUTES}
    state = {name: value for name, value in state.items() if value}
    given = function.__code__, function.__closure__
    return _make_function, given, (state, vars(function)), None, None, _fill_function


def _make_function(code: CodeType, cells: tuple[CellType, ...] | None) -> FunctionType:
    loading = current.loading
    assert loading is not None, "what is kept is read by `byvalue.loads`"
    return FunctionType(code, loading.names(), None, None, cells)


def _fill_function(
    function: FunctionType, given: tuple[Mapping[str, Any], dict[str, Any]]
) -> None:
    state, own = given
    for name, value in state.items():
        setattr(function, name, value)
    vars(function).update(own)


def _load_code(magic: bytes, version: str, data: bytes) -> CodeType:
    if magic != MAGIC_NUMBER:  # bytes of another version could crash this one
        raise NotKept(f"it has code of Python {version}, and this is {_VERSION}")
    code = marshal.loads(data)
    assert isinstance(code, CodeType)
    return code
