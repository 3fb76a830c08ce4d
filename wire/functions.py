"""How functions travel.

What a fresh import finds travels by reference: its module and name. Everything else,
functions of `__main__`, lambdas and functions inside functions, travels by value:
code, defaults, closure, attributes. Three kinds differ in what their globals are on
the other side:

- Functions of a *library* (the standard library, site-packages, ipcluster itself) get
  the globals of that module, imported there.
- Functions of a module *by value* get those of its stand-in: see `by_value.py`.
- Functions of the *session*, all others, get the engine's namespace. The values
  that the globals they name had here travel with them (*captured*), and stand in the
  function's `__builtins__`. A name is looked up in the globals, then in the builtins:
  so the engine's namespace comes first, then captured values, then builtins, at
  the interpreter's full speed, and `global x` writes to the namespace.

A function made in a call, also a lambda or a generator expression, takes its builtins
from the namespace's `__builtins__` at that moment. So whoever runs a call for a session
sets that to `LoadedFunction.builtins` meanwhile. Where nobody does, as on a client that
calls a function it got back, captured values are missing in such inner code only.

Names are captured from the code and all code nested in it, not from strings given to
`eval`. A global whose value cannot be pickled is not captured, since the namespace may
have it: only where it does not does using the name raise a NameError that tells why.

Functions are made empty and filled afterwards, so that those that refer to each other
or to themselves come through.
"""

from __future__ import annotations

import builtins
import dis
import importlib
import marshal
import sys
import threading
from functools import lru_cache
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, Protocol, TypeAlias

from ipcluster.wire import by_value, sources
from ipcluster.wire.importable import (
    folder_of,
    folders_for,
    import_from,
    is_by_value,
    is_importable,
    is_library,
    look_in,
    reduce_by_reference,
    travels_by_reference,
)

Reduced: TypeAlias = Any
"""What a reducer answers: a tuple as `__reduce__` gives it, or NotImplemented."""


class Dump(Protocol):
    """One pickling, as reducers see it."""

    careful: bool  # leave out what cannot be pickled and can be left out
    can_omit: bool  # something was met that may leave out a part of it
    functions: list[FunctionType]  # met so far, those that travel by value
    origins: dict[tuple[int, int], int]  # numbers of the globals that functions have
    cells: set[int]  # ids of cells whose function fills them

    def fails(self, value: object) -> Exception | None:
        """Why this value cannot be pickled."""
        ...


# --- captured values ------------------------------------------------------------------


def library_of(function: FunctionType) -> str | None:
    """The library whose globals the function has; None for functions of the session."""
    # `__module__` is what functools.wraps made of it; the globals tell the truth.
    name = function.__globals__.get("__name__")
    if not isinstance(name, str) or not is_importable(name) or is_by_value(name):
        return None
    if sys.modules[name].__dict__ is not function.__globals__:
        return None
    return name if is_library(name) else None


_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_NEVER_CAPTURED = {"__builtins__", "__loader__", "__spec__", "__annotations__"}
_MISSING = object()
_BUILTINS = builtins.__dict__


@lru_cache(maxsize=4096)
def global_names(code: CodeType) -> tuple[str, ...]:
    """The names that code, and code nested in it, looks up in its globals; sorted."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in _LOADS
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(global_names(constant))
    return tuple(sorted(names - _NEVER_CAPTURED))


@lru_cache(maxsize=4096)
def imported_names(code: CodeType) -> tuple[str, ...]:
    """The modules that code, and code nested in it, imports."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname == "IMPORT_NAME"
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(imported_names(constant))
    return tuple(sorted(names))


@lru_cache(maxsize=4096)
def _attribute_names(code: CodeType) -> tuple[str, ...]:
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.update(dict.fromkeys(_attribute_names(constant)))
    return tuple(names)


def builtins_of(function: FunctionType) -> dict[str, Any]:
    # Not known to typeshed.
    names: dict[str, Any] = getattr(function, "__builtins__")  # noqa: B009
    return names


def captured_values(function: FunctionType) -> dict[str, Any]:
    """What the globals that the function names are here, without plain builtins."""
    names = global_names(function.__code__)
    if not names:
        return {}
    own, theirs = function.__globals__, builtins_of(function)
    captured = {}
    for name in names:
        value = own.get(name, _MISSING)
        if value is _MISSING and theirs is not _BUILTINS:
            # It came here itself, with captured values.
            value = theirs.get(name, _MISSING)
        if value is not _MISSING and value is not _BUILTINS.get(name, _MISSING):
            captured[name] = value
    return captured


def submodules(code: CodeType, captured: dict[str, Any]) -> list[str]:
    """Loaded modules such as `scipy.sparse` that the code reaches through `scipy`."""
    found = [
        value.__name__
        for value in captured.values()
        if isinstance(value, ModuleType) and hasattr(value, "__path__")
    ]
    if not found:
        return []
    attributes = _attribute_names(code)
    wanted = []
    for package in found:  # grows while it is walked
        for attribute in attributes:
            name = sys.intern(f"{package}.{attribute}")
            if name in sys.modules and name not in wanted:
                wanted.append(name)
                found.append(name)
    return wanted


class Unsent:
    """Takes the place of a captured value that cannot be pickled."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __reduce__(self) -> tuple[type[Unsent], tuple[str]]:
        return Unsent, (self.reason,)


class Names(dict[str, Any]):
    """Builtins and captured values, and why some values are not among them."""

    unsent: dict[str, str]

    def __missing__(self, name: str) -> Any:
        reason = self.unsent.get(name)
        if reason is None:
            raise KeyError(name)
        raise NameError(
            f"name {name!r} is not defined here, and its value could not be sent: "
            f"{reason}",
            name=name,
        )


# --- taking apart ---------------------------------------------------------------------


def reduce_function(dump: Dump, function: FunctionType) -> Reduced:
    if travels_by_reference(function):
        return reduce_by_reference(function)
    dump.functions.append(function)
    dump.can_omit = True
    code = function.__code__
    cells = function.__closure__ or ()
    library = library_of(function)
    captured: dict[str, Any] = {}
    imports: tuple[list[str], list[str]] = [], []
    if library is None:
        captured = captured_values(function)
        imports = folders_for(imported_names(code)), submodules(code, captured)
    if dump.careful:
        for name, value in captured.items():
            error = dump.fails(value)
            if error is not None:
                captured[name] = Unsent(str(error))
    # A cell is filled by the first function that has it; the others share it.
    filled = [(cell, contents(cell)) for cell in cells if id(cell) not in dump.cells]
    dump.cells.update(map(id, cells))
    unsent = any(type(value) is Unsent for value in captured.values())
    if library is None and (home := by_value.home_of_function(function)) is not None:
        given = _state_of(dump, function), filled, home, captured, imports
        made = code, home, unsent, cells
        return _make_module_function, made, given, None, None, _fill_module_function
    origin: int | str = library or ""
    if captured:
        key = id(function.__globals__), id(builtins_of(function))
        origin = dump.origins.setdefault(key, len(dump.origins) + 1)
        if unsent:
            origin = -origin
    state = _state_of(dump, function), filled, captured, imports
    return _make_function, (code, origin, cells), state, None, None, _fill_function


def contents(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # not assigned yet
        return ()


def _state_of(dump: Dump, function: FunctionType) -> dict[str, Any]:
    """The attributes that differ from what the code alone gives."""
    state: dict[str, Any] = {
        "__module__": function.__module__,
        "__name__": function.__name__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
        "__defaults__": function.__defaults__,
        "__kwdefaults__": function.__kwdefaults__,
        "__annotations__": function.__annotations__,
        "__type_params__": getattr(function, "__type_params__", None),
    }
    state = {name: value for name, value in state.items() if value}
    # Annotations are no part of what the function does.
    if dump.careful and dump.fails(function.__annotations__) is not None:
        state.pop("__annotations__", None)
    if function.__dict__:
        state["__dict__"] = function.__dict__
    return state


def reduce_cell(dump: Dump, cell: CellType) -> Reduced:
    if id(cell) in dump.cells:
        return CellType, ()
    return CellType, (), contents(cell), None, None, _fill_cell


def reduce_code(_dump: Dump, code: CodeType) -> Reduced:
    # Version 2 has no back references, which depend on reference counts: the same code
    # gives the same bytes, and so a function the same digest.
    data = marshal.dumps(code, 2)
    if (source := sources.source_of(code)) is None:
        return _load_code, (data,)
    return _load_code, (data, source)


def reduce_module(dump: Dump, module: ModuleType) -> Reduced:
    name = module.__name__
    if (home := by_value.home_of(module)) is not None:
        dump.can_omit = True
        return by_value.reduce_module(dump, module, home)
    if sys.modules.get(name) is module and (name == "__main__" or is_importable(name)):
        if folder := folder_of(name):
            return import_from, (name, folder)
        return importlib.import_module, (name,)
    raise TypeError(f"cannot pickle module {name!r}: no import finds it")


# --- putting together -----------------------------------------------------------------


class Loading:
    """One unpickling: the namespace of its functions, and what they captured."""

    __slots__ = ("builtins", "by_dill", "captured", "namespace")

    def __init__(self, namespace: dict[str, Any] | None) -> None:
        self.namespace = namespace
        self.by_dill = False  # whether dill was asked for
        self.captured: dict[str, Any] = {}
        # The builtins of functions that had the same globals, by their number.
        self.builtins: dict[int, dict[str, Any]] = {}

    def builtins_for(self, origin: int) -> dict[str, Any]:
        made = self.builtins.get(origin)
        if made is None:
            base = self.names().get("__builtins__", _BUILTINS)
            made = dict(base if isinstance(base, dict) else base.__dict__)
            if origin < 0:
                made = Names(made)
                made.unsent = {}
            self.builtins[origin] = made
        return made

    def names(self) -> dict[str, Any]:
        if self.namespace is None:
            self.namespace = sys.modules["__main__"].__dict__
        return self.namespace

    def merged_builtins(self) -> dict[str, Any] | None:
        """What functions made in a call of these functions are to have as builtins."""
        if len(self.builtins) < 2:
            return next(iter(self.builtins.values()), None)
        merged = dict(self.builtins_for(next(iter(self.builtins))))
        merged.update(self.captured)
        return merged

    def adopt(self, inner: Loading) -> None:
        """Take over what a pickle inside the pickle brought."""
        self.by_dill |= inner.by_dill
        self.captured.update(inner.captured)
        for made in inner.builtins.values():
            self.builtins[_INNER + len(self.builtins)] = made


# A pickle in the pickle has its own numbers: beyond all that one gives to the globals
# of its functions.
_INNER = 1 << 32


class _Current(threading.local):
    loading: Loading | None = None


current = _Current()
_swapping = threading.Lock()


def _make_function(
    code: CodeType, origin: int | str, cells: tuple[CellType, ...]
) -> FunctionType:
    if origin and isinstance(origin, str):
        names = importlib.import_module(origin).__dict__
        return FunctionType(code, names, None, None, cells or None)
    loading = current.loading
    assert loading is not None, "functions are unpickled by wire.serialize.load"
    names = loading.names()
    if not isinstance(origin, int):
        return FunctionType(code, names, None, None, cells or None)
    return _with_builtins(loading.builtins_for(origin), code, names, cells)


def _with_builtins(
    own: dict[str, Any],
    code: CodeType,
    names: dict[str, Any],
    cells: tuple[CellType, ...],
) -> FunctionType:
    # A function takes its builtins from its globals, once, when it is made.
    with _swapping:
        before = names.get("__builtins__", _MISSING)
        names["__builtins__"] = own
        try:
            return FunctionType(code, names, None, None, cells or None)
        finally:
            if before is _MISSING:
                del names["__builtins__"]
            else:
                names["__builtins__"] = before


def _make_module_function(
    code: CodeType, home: by_value.Home, unsent: bool, cells: tuple[CellType, ...]
) -> FunctionType:
    names = by_value.module_of(home).__dict__
    if not unsent:
        return FunctionType(code, names, None, None, cells or None)
    own = Names(_BUILTINS)
    own.unsent = {}
    return _with_builtins(own, code, names, cells)


def _fill_function(
    function: FunctionType,
    given: tuple[
        dict[str, Any],
        list[tuple[CellType, tuple[Any, ...]]],
        dict[str, Any],
        tuple[list[str], list[str]],
    ],
) -> None:
    state, cells, captured, (folders, modules) = given
    own = state.pop("__dict__", None)
    if own:
        function.__dict__.update(own)
    for name, value in state.items():
        setattr(function, name, value)
    for cell, value in cells:
        _fill_cell(cell, value)
    look_in(folders)
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:  # then code that needs it says so
            continue
    if captured:
        _give_captured(function, captured)


def _fill_module_function(
    function: FunctionType,
    given: tuple[
        dict[str, Any],
        list[tuple[CellType, tuple[Any, ...]]],
        by_value.Home,
        dict[str, Any],
        tuple[list[str], list[str]],
    ],
) -> None:
    state, cells, home, captured, imports = given
    _fill_function(function, (state, cells, {}, imports))
    values = {k: v for k, v in captured.items() if type(v) is not Unsent}
    reasons = {k: v.reason for k, v in captured.items() if type(v) is Unsent}
    by_value.add_values(home, values, reasons)
    if reasons and isinstance(own := builtins_of(function), Names):
        own.unsent.update(reasons)


def _give_captured(function: FunctionType, captured: dict[str, Any]) -> None:
    own = builtins_of(function)
    loading = current.loading
    for name, value in captured.items():
        if type(value) is Unsent:
            assert isinstance(own, Names)  # its number was negative
            own.unsent[name] = value.reason
            continue
        own[name] = value
        if loading is not None:
            loading.captured[name] = value


def _fill_cell(cell: CellType, value: tuple[Any, ...]) -> None:
    if value:
        cell.cell_contents = value[0]


def _load_code(data: bytes, source: sources.Source | None = None) -> CodeType:
    code = marshal.loads(data)
    assert isinstance(code, CodeType)
    if source is not None:
        sources.keep(code.co_filename, source)
    return code
