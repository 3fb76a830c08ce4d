"""How classes travel.

Classes that an import finds travel by reference. Others, those of `__main__` or made
inside a function, travel by value: a skeleton first (metaclass, name, bases, slots),
then what the class holds, so that methods may refer to their class.

A class keeps its identity: each has an id, given where it was made, and a process knows
one class under an id. So an instance that goes to an engine and comes back is an
instance of the class it was one of, two arrivals of a class are one class, and a class
that is defined again is another. Where a class was made it is never changed by a copy
of it that comes back; copies follow the original each time it arrives.
"""

from __future__ import annotations

import abc
import enum
import os
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

from ipcluster.wire.functions import Dump, Reduced
from ipcluster.wire.importable import reduce_by_reference, travels_by_reference

# --- identity -------------------------------------------------------------------------


class _Known:
    """Classes that travel by value, by id. Some cannot be hashed: hence `id()`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._ids: dict[int, tuple[weakref.ref[type], str]] = {}
        self._classes: weakref.WeakValueDictionary[str, type] = (
            weakref.WeakValueDictionary()
        )
        self._copies: set[str] = set()

    def id_of(self, cls: type) -> str:
        with self._lock:
            known = self._ids.get(id(cls))
            if known is not None and known[0]() is cls:
                return known[1]
            return self._add(cls, os.urandom(16).hex())

    def get_or_make(self, name: str, make: Callable[[], type]) -> type:
        with self._lock:
            cls = self._classes.get(name)
            if cls is None:
                cls = make()
                self._add(cls, name)
                self._copies.add(name)
            return cls

    def is_copy(self, cls: type) -> bool:
        return self.id_of(cls) in self._copies

    def _add(self, cls: type, name: str) -> str:
        key = id(cls)

        def forget(gone: weakref.ref[type]) -> None:
            if self._ids.get(key, (None,))[0] is gone:
                del self._ids[key]
            self._copies.discard(name)

        self._ids[key] = weakref.ref(cls, forget), name
        self._classes[name] = cls
        return name


_known = _Known()

# --- taking apart ---------------------------------------------------------------------

# Types that live in no module, but under a name in `types`.
_NAMED_IN_TYPES = {
    value: name
    for name, value in vars(types).items()
    if isinstance(value, type) and not travels_by_reference(value)
}
_HEAP_TYPE = (
    1 << 9
)  # Py_TPFLAGS_HEAPTYPE: made by a class statement, or a call of type()

# What the skeleton needs: it decides the layout, or `__init_subclass__` looks for it.
_FOR_SKELETON = ("__module__", "__qualname__", "__slots__", "__orig_bases__")
_NOT_CARRIED = {
    *_FOR_SKELETON,
    "__dict__",
    "__weakref__",
    "_abc_impl",
    "__abstractmethods__",
}


def reduce_class(dump: Dump, cls: type) -> Reduced:
    name = _NAMED_IN_TYPES.get(cls)
    if name is not None:
        return getattr, (types, name)
    if not cls.__flags__ & _HEAP_TYPE:
        return NotImplemented
    if travels_by_reference(cls):
        return reduce_by_reference(cls)
    if isinstance(cls, enum.EnumMeta) and len(cls):
        return _reduce_enum(dump, cls)
    skeleton = {
        name: value for name, value in vars(cls).items() if name in _FOR_SKELETON
    }
    if "__slots__" in skeleton and not isinstance(skeleton["__slots__"], str):
        skeleton["__slots__"] = tuple(skeleton["__slots__"])
    given = _known.id_of(cls), type(cls), cls.__name__, cls.__bases__, skeleton
    state = _state_of(dump, cls), _registered(cls)
    return _make_class, given, state, None, None, _fill_class


def _state_of(dump: Dump, cls: type) -> dict[str, Any]:
    state = {
        name: value
        for name, value in vars(cls).items()
        if name not in _NOT_CARRIED
        and not isinstance(value, types.GetSetDescriptorType)
        and not isinstance(value, types.MemberDescriptorType)
    }
    abstract = vars(cls).get("__abstractmethods__")
    if abstract is not None:
        state["__abstractmethods__"] = abstract
    annotations = state.get("__annotations__")
    if dump.careful and annotations and dump.fails(annotations) is not None:
        del state["__annotations__"]
    return state


def _registered(cls: type) -> list[type]:
    """Classes registered with an ABC as its virtual subclasses."""
    if not isinstance(cls, abc.ABCMeta):
        return []
    references = abc._get_dump(cls)[0]  # type: ignore[attr-defined]  # as ABCMeta does
    found = [reference() for reference in references]
    return [one for one in found if one is not None]


# What EnumType makes of the members; names of the form _x_ are its own as well.
_MADE_BY_ENUM = {"__new__", "__new_member__", "__members__"}


def _reduce_enum(dump: Dump, cls: enum.EnumMeta) -> Reduced:
    table: dict[str, Any] = dict(cls.__members__)
    members = {name: member._value_ for name, member in table.items()}
    boundary = getattr(cls, "_boundary_", None)
    given = (
        *(_known.id_of(cls), type(cls), cls.__name__, cls.__bases__, members, boundary),
        cls.__module__,
        cls.__qualname__,
    )
    state = {
        name: value
        for name, value in _state_of(dump, cls).items()
        if name == "_missing_"
        or not (name in members or name in _MADE_BY_ENUM or _is_sunder(name))
    }
    # What an `__init__` or `__new__` gave the members.
    extra = {
        name: {k: v for k, v in vars(member).items() if not _is_of_member(k)}
        for name, member in table.items()
        if hasattr(member, "__dict__")
    }
    return _make_enum, given, (state, extra), None, None, _fill_enum


def _is_sunder(name: str) -> bool:
    return name[:1] == name[-1:] == "_" and name[:2] != "__"


def _is_of_member(name: str) -> bool:
    return name in ("_value_", "_name_", "_sort_order_", "__objclass__")


# --- putting together -----------------------------------------------------------------


def _make_class(
    known_as: str,
    metaclass: type,
    name: str,
    bases: tuple[type, ...],
    namespace: dict[str, Any],
) -> type:
    return _known.get_or_make(
        known_as, lambda: _new_class(metaclass, name, bases, namespace)
    )


def _new_class(
    metaclass: type, name: str, bases: tuple[type, ...], namespace: dict[str, Any]
) -> type:
    # Not `metaclass(...)`: what its own `__new__` and `__init__` did is in the state.
    new = next(
        vars(one)["__new__"]
        for one in metaclass.__mro__
        if isinstance(vars(one).get("__new__"), types.BuiltinFunctionType)
    )
    cls: type = new(metaclass, name, bases, namespace)
    if isinstance(cls, abc.ABCMeta):
        abc._abc_init(cls)  # type: ignore[attr-defined]  # as ABCMeta.__new__ does
    return cls


def _fill_class(cls: type, given: tuple[dict[str, Any], list[type]]) -> None:
    if not _known.is_copy(cls):
        return
    state, registered = given
    for name, value in state.items():
        type.__setattr__(cls, name, value)
    for one in registered:
        if isinstance(cls, abc.ABCMeta):
            cls.register(one)


def _make_enum(
    known_as: str,
    metaclass: type[enum.EnumMeta],
    name: str,
    bases: tuple[type, ...],
    members: dict[str, Any],
    boundary: enum.FlagBoundary | None,
    module: str,
    qualname: str,
) -> type:
    def make() -> type:
        namespace: Any = metaclass.__prepare__(name, bases)
        namespace["__module__"], namespace["__qualname__"] = module, qualname
        for member, value in members.items():
            namespace[member] = value
        return enum.EnumMeta.__new__(
            metaclass, name, bases, namespace, boundary=boundary
        )

    return _known.get_or_make(known_as, make)


def _fill_enum(
    cls: enum.EnumMeta, given: tuple[dict[str, Any], dict[str, dict[str, Any]]]
) -> None:
    if not _known.is_copy(cls):
        return
    state, extra = given
    for name, value in state.items():
        type.__setattr__(cls, name, value)
    for name, values in extra.items():
        member: Any = cls.__members__[name]
        member.__dict__.update(values)
