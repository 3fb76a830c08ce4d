"""How the other things travel that pickle alone refuses, or gets wrong.

Arrays arrive writable at every depth and size: a read-only one is pickled through a
writable alias of its memory, which nobody writes to. A memoryview arrives as a writable
memoryview of the same items and shape; one with a format that cannot be cast to, as
bytes.
"""

from __future__ import annotations

import dataclasses
import functools
import pickle
import sys
import types
import typing
import weakref
from collections.abc import Callable
from typing import Any

from ipcluster.wire import by_value, functions
from ipcluster.wire.functions import Dump, Reduced
from ipcluster.wire.importable import (
    is_by_value,
    is_importable,
    reduce_by_reference,
    travels_by_reference,
)


def _reduce_property(_dump: Dump, obj: property) -> Reduced:
    return property, (obj.fget, obj.fset, obj.fdel, obj.__doc__)


def _reduce_classmethod(_dump: Dump, obj: Any) -> Reduced:
    return type(obj), (obj.__func__,)


def _reduce_method(_dump: Dump, obj: types.MethodType) -> Reduced:
    # By name if that gives it back; a private name, for one, does not.
    if getattr(obj.__self__, obj.__func__.__name__, None) == obj:
        return NotImplemented
    return types.MethodType, (obj.__func__, obj.__self__)


def _reduce_cached_property(_dump: Dump, obj: Any) -> Reduced:
    # Python 3.11's has a lock.
    state = {name: value for name, value in vars(obj).items() if name != "lock"}
    return type(obj), (obj.func,), state


def _reduce_lru_cache(_dump: Dump, obj: Any) -> Reduced:
    if travels_by_reference(obj):
        return reduce_by_reference(obj)
    return _lru_cache, (obj.__wrapped__, obj.cache_parameters())


def _lru_cache(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _reduce_mapping_proxy(_dump: Dump, obj: Any) -> Reduced:
    return types.MappingProxyType, (dict(obj),)


def _reduce_weak_container(_dump: Dump, obj: Any) -> Reduced:
    plain: object = list(obj) if isinstance(obj, weakref.WeakSet) else dict(obj)
    return type(obj), (plain,)


# `dataclasses` compares these with `is`: each must arrive as the one that is there.
_SENTINELS = {
    id(value): name
    for name, value in vars(dataclasses).items()
    if name in ("MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY")
    or name.startswith("_FIELD")
}


def _reduce_sentinel(_dump: Dump, obj: Any) -> Reduced:
    name = _SENTINELS.get(id(obj))
    return (getattr, (dataclasses, name)) if name else NotImplemented


def _reduce_type_variable(_dump: Dump, obj: Any) -> Reduced:
    module = sys.modules.get(obj.__module__)
    found = is_importable(obj.__module__) and not is_by_value(obj.__module__)
    if found and getattr(module, obj.__name__, None) is obj:
        return NotImplemented
    options = {
        "bound": getattr(obj, "__bound__", None),
        "covariant": getattr(obj, "__covariant__", False),
        "contravariant": getattr(obj, "__contravariant__", False),
    }
    options = {name: value for name, value in options.items() if value}
    constraints = getattr(obj, "__constraints__", ())
    given = type(obj), obj.__name__, constraints, options, obj.__module__
    return _make_type_variable, given


def _make_type_variable(
    kind: Any, name: str, constraints: Any, options: dict[str, Any], module: str
) -> Any:
    made = kind(name, *constraints, **options)
    made.__module__ = module
    return made


# --- buffers --------------------------------------------------------------------------


def _reduce_memoryview(_dump: Dump, view: memoryview) -> Reduced:
    if view.readonly or not view.contiguous:
        data: Any = bytearray(view.tobytes())
    else:
        data = view if view.c_contiguous else bytearray(view.tobytes())
    return _make_memoryview, (pickle.PickleBuffer(data), view.format, view.shape)


def _make_memoryview(data: Any, kind: str, shape: tuple[int, ...]) -> memoryview:
    view = memoryview(data).cast("B")
    cast: Callable[..., memoryview] = view.cast  # typeshed wants literal formats
    if kind == "B" and len(shape) == 1:
        return view
    if 0 in shape:
        return cast(kind) if len(kind) == 1 else view
    try:
        return cast(kind, shape)
    except ValueError:
        return view


class _Alias:
    """Memory of an array as numpy's array interface describes it, writable."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.__array_interface__ = {
            "version": 3,
            "shape": (array.nbytes,),
            "typestr": "|u1",
            "data": (array.__array_interface__["data"][0], False),
        }


def _reduce_array(_dump: Dump, array: Any) -> Reduced:
    if array.flags.writeable:
        return NotImplemented
    reduced = array.__reduce_ex__(5)
    make, given = reduced[0], reduced[1]
    if not given or not isinstance(given[0], pickle.PickleBuffer):
        return reduced  # as bytes in its state, which it copies
    alias = sys.modules["numpy"].asarray(_Alias(array))
    return make, (pickle.PickleBuffer(alias), *given[1:])


Reducer = Callable[[Dump, Any], Reduced]

REDUCERS: dict[type, Reducer] = {
    types.FunctionType: functions.reduce_function,
    types.CellType: functions.reduce_cell,
    types.CodeType: functions.reduce_code,
    types.ModuleType: functions.reduce_module,
    by_value.StandIn: functions.reduce_module,
    property: _reduce_property,
    classmethod: _reduce_classmethod,
    staticmethod: _reduce_classmethod,
    types.MethodType: _reduce_method,
    types.MappingProxyType: _reduce_mapping_proxy,
    functools.cached_property: _reduce_cached_property,
    type(functools.lru_cache(len)): _reduce_lru_cache,
    weakref.WeakSet: _reduce_weak_container,
    weakref.WeakKeyDictionary: _reduce_weak_container,
    weakref.WeakValueDictionary: _reduce_weak_container,
    typing.TypeVar: _reduce_type_variable,
    typing.ParamSpec: _reduce_type_variable,
    typing.TypeVarTuple: _reduce_type_variable,
    memoryview: _reduce_memoryview,
    **{
        type(getattr(dataclasses, name)): _reduce_sentinel
        for name in _SENTINELS.values()
        if not isinstance(getattr(dataclasses, name), type)
    },
}


def reducers() -> dict[type, Reducer]:
    """How each exact type travels; of numpy's only when somebody imported it."""
    numpy = sys.modules.get("numpy")
    kind = getattr(numpy, "ndarray", None)
    if kind is not None and kind not in REDUCERS:
        REDUCERS[kind] = _reduce_array
    return REDUCERS
