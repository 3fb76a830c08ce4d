"""Attributes of objects, looked up without running any code of the user's.

Property getters, `__getattr__`, `__getattribute__` and descriptors written in Python
are not called: what they would give is unknown, or known by its class (`Instance`)
where an annotation says so. One method of the user's is called, as it is made for this:
a `__dir__` of the class's own.
"""

from __future__ import annotations

import sys
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

NOTHING: Any = object()

# Reading an attribute of classes from these runs their own code only, which is known to
# do nothing else. Others can add theirs: `IPCompleter.policy_overrides`.
_TRUSTED = (
    "abc array ast builtins collections collections.abc datetime decimal enum fractions"
    " functools io ipaddress itertools numbers numpy operator pandas pathlib re string"
    " sys threading time types typing uuid weakref zoneinfo _io _thread"
)
TRUSTED = frozenset(_TRUSTED.split())

_dict_of: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__
_mro_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
module_of: Callable[[type], Any] = type.__dict__["__module__"].__get__
name_of: Callable[[type], str] = type.__dict__["__name__"].__get__

# Packages that import their parts when they are asked for them (PEP 562). Asking for a
# name that they list themselves does that, and nothing else.
_LOADED_ON_DEMAND = (
    "altair dask holoviews jax lazy_loader matplotlib networkx numpy pandas plotly"
    " scipy seaborn skimage sklearn sympy torch xarray"
)
_LAZY = frozenset(_LOADED_ON_DEMAND.split())

_C_FUNCTIONS = (
    MethodDescriptorType,
    WrapperDescriptorType,
    ClassMethodDescriptorType,
    BuiltinFunctionType,
)


# Names of other classes whose instances are there to be called.
_FUNCTIONS = frozenset(
    {
        "ufunc",
        "partial",
        "method-wrapper",
        "_ArrayFunctionDispatcher",
        "_lru_cache_wrapper",
    }
)


class Unknown(Exception):
    """What this is cannot be said without running code."""


class Instance:
    """Some value of a class: what it is called, nobody has computed.

    `arguments` are those of a generic: `list[int]` is `Instance(list, (int,))`.
    """

    __slots__ = ("arguments", "cls")

    def __init__(self, cls: type, arguments: tuple[Any, ...] = ()) -> None:
        self.cls = cls
        self.arguments = arguments

    def __repr__(self) -> str:
        return f"Instance({self.cls!r})"


def class_of(value: Any) -> type:
    return value.cls if type(value) is Instance else type(value)


def is_trusted(cls: type, more: frozenset[str] = frozenset()) -> bool:
    """Whether the attributes of a class may be read."""
    module = module_of(cls)
    if type(module) is not str:
        return False
    root = module.partition(".")[0]
    return module in TRUSTED or root in TRUSTED or root in more


def is_class(value: Any) -> bool:
    """As `isinstance(value, type)`, which looks at `value.__class__` as well."""
    return issubclass(type(value), type)


def is_module(value: Any) -> bool:
    return issubclass(type(value), ModuleType)


def class_in_package(name: str, module: str) -> type | None:
    """A class of this name in the package of a module, wherever in it that is.

    Annotations name classes that their module imports for type checkers only.
    """
    root = module.partition(".")[0]
    for place, loaded in list(sys.modules.items()):
        if place == root or place.startswith(f"{root}."):
            found: Any = own_dict(loaded).get(name) if is_module(loaded) else None
            if is_class(found) and module_of(found) == place:
                return found  # type: ignore[no-any-return]  # a class
    return None


# --- one attribute --------------------------------------------------------------------


def class_attribute(cls: type, name: str) -> tuple[Any, type]:
    """An attribute as it stands in a class or its bases, and in which."""
    for base in _mro_of(cls):
        found = _dict_of(base).get(name, NOTHING)
        if found is not NOTHING:
            return found, base
    return NOTHING, cls


def own_dict(value: Any) -> dict[str, Any]:
    """An object's `__dict__`, where that is the ordinary one."""
    descriptor, _ = class_attribute(type(value), "__dict__")
    if type(descriptor) not in (GetSetDescriptorType, MemberDescriptorType):
        return {}
    try:
        found = object.__getattribute__(value, "__dict__")
    except Exception:
        return {}
    return found if issubclass(type(found), dict) else {}


def raw_attribute(value: Any, name: str) -> Any:
    """An attribute as it is stored: a property is a property; NOTHING without one."""
    if type(value) is Instance:
        return class_attribute(value.cls, name)[0]
    if is_class(value):
        found, _ = class_attribute(value, name)
        return class_attribute(type(value), name)[0] if found is NOTHING else found
    found = own_dict(value).get(name, NOTHING)
    return class_attribute(type(value), name)[0] if found is NOTHING else found


def attribute(value: Any, name: str, more_trusted: frozenset[str] = frozenset()) -> Any:
    """The attribute of a value.

    Raises:
        Unknown: there is none, or only running code would tell.
    """
    if type(value) is Instance:
        return _of_instance(value, name)
    if is_class(value):
        return _of_class(value, name)
    if is_module(value):
        found = _of_module(value, name)
        if found is not NOTHING:
            return found
    raw, owner = class_attribute(type(value), name)
    stored = own_dict(value).get(name, NOTHING)
    if stored is not NOTHING and (raw is NOTHING or not _is_data_descriptor(raw)):
        return stored
    if raw is not NOTHING:
        return _bound(raw, value, owner, more_trusted)
    if is_trusted(type(value), more_trusted) and name in attribute_names(value):
        return _read(value, name)  # such as a column of a table
    raise Unknown(name)


def _read(value: Any, name: str) -> Any:
    """An attribute as everybody reads it, of a class that is trusted with it."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(value, name)
        except Exception as error:
            raise Unknown(name) from error


def _of_module(module: ModuleType, name: str) -> Any:
    found = own_dict(module).get(name, NOTHING)
    if found is NOTHING:
        # A submodule that is loaded, of a package that imports its parts lazily.
        own_name = own_dict(module).get("__name__", "")
        found = sys.modules.get(f"{own_name}.{name}", NOTHING)
        if found is NOTHING and str(own_name).partition(".")[0] in _LAZY:
            found = _lazy_part(module, name)
    return found


def _lazy_part(module: ModuleType, name: str) -> Any:
    """An attribute that a package loads on demand; NOTHING if it does not name it."""
    if name not in attribute_names(module):
        return NOTHING
    try:
        return _read(module, name)
    except Unknown:
        return NOTHING


def _of_class(cls: type, name: str) -> Any:
    raw, _ = class_attribute(cls, name)
    if raw is NOTHING:
        raw, owner = class_attribute(type(cls), name)
        if raw is NOTHING:
            raise Unknown(name)
        return _bound(raw, cls, owner, frozenset())
    kind = type(raw)
    if kind is staticmethod:
        return raw.__func__
    if kind is classmethod:
        return MethodType(raw.__func__, cls)
    if kind is ClassMethodDescriptorType:
        return raw.__get__(None, cls)
    if kind is FunctionType or kind in _C_FUNCTIONS:
        return raw
    if kind in (property, GetSetDescriptorType, MemberDescriptorType):
        return raw
    if _has_get(kind):
        raise Unknown(name)
    return raw


def _has_get(kind: type) -> bool:
    return class_attribute(kind, "__get__")[0] is not NOTHING


def _is_data_descriptor(raw: Any) -> bool:
    kind = type(raw)
    return _has_get(kind) and any(
        class_attribute(kind, name)[0] is not NOTHING
        for name in ("__set__", "__delete__")
    )


def _bound(raw: Any, value: Any, owner: type, more: frozenset[str]) -> Any:
    """What reading a class's attribute through an instance gives."""
    kind = type(raw)
    if kind is FunctionType:
        return MethodType(raw, value)
    if kind is staticmethod:
        return raw.__func__
    if kind is classmethod:
        return MethodType(raw.__func__, type(value))
    if kind is BuiltinFunctionType:
        return raw
    if kind in _C_FUNCTIONS:
        return raw.__get__(value, type(value))
    if kind is MemberDescriptorType:
        try:
            return raw.__get__(value, type(value))
        except AttributeError:
            raise Unknown("an empty slot") from None
    if kind is GetSetDescriptorType or kind is property:
        if _may_read(owner, type(value), more):
            return _got(raw, value)
        return declared_by(raw, type(value))
    if not _has_get(kind):
        return raw
    if _may_read(owner, type(value), more) and is_trusted(kind, more):
        return _got(raw, value)
    return declared_by(raw, type(value))


def _may_read(owner: type, cls: type, more: frozenset[str]) -> bool:
    """Whether code of `owner` may run for an object of `cls`.

    A subclass of the user's may change what that code calls.
    """
    if not is_trusted(owner, more):
        return False
    return is_trusted(cls, more) or module_of(owner) in ("builtins", "enum")


def _got(raw: Any, value: Any) -> Any:
    """What a descriptor of a trusted class's gives."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return raw.__get__(value, type(value))
        except Exception as error:
            raise Unknown("a descriptor") from error


def _of_instance(instance: Instance, name: str) -> Any:
    cls = instance.cls
    raw, _ = class_attribute(cls, name)
    if raw is NOTHING:
        for base in _mro_of(cls):
            annotations = _dict_of(base).get("__annotations__")
            if isinstance(annotations, dict) and name in annotations:
                from ipcluster.engines.interpreter.completion import annotations as a

                return a.to_value(annotations[name], a.globals_of(base), cls)
        raise Unknown(name)
    kind = type(raw)
    if kind is FunctionType:
        return MethodType(raw, instance)
    if kind is staticmethod:
        return raw.__func__
    if kind is classmethod:
        return MethodType(raw.__func__, cls)
    if kind is ClassMethodDescriptorType:
        return raw.__get__(None, cls)
    if kind in _C_FUNCTIONS:
        return raw
    return declared_by(raw, cls) if _has_get(kind) else raw


def declared_by(raw: Any, cls: type) -> Any:
    """What the annotation of a property's getter promises.

    Raises:
        Unknown: nothing.
    """
    getter = NOTHING
    if type(raw) is property:
        getter = raw.fget
    elif name_of(type(raw)) == "cached_property":
        getter = own_dict(raw).get("func", NOTHING)
    if type(getter) is not FunctionType:
        raise Unknown("a descriptor")
    from ipcluster.engines.interpreter.completion.annotations import returned_by

    return returned_by(getter, cls)


# --- all of them ----------------------------------------------------------------------


def attribute_names(value: Any) -> list[str]:
    """The names of a value's attributes, in no order."""
    if type(value) is Instance:
        return [*_names_of_instance(value.cls)]
    lister, _ = class_attribute(type(value), "__dir__")
    if lister in (object.__dir__, type.__dir__, ModuleType.__dir__):
        names = set(_standard_names(value))
    else:
        try:
            names = set(lister.__get__(value, type(value))())
        except Exception:  # a broken `__dir__`
            names = set(_standard_names(value))
    return [name for name in names if isinstance(name, str) and name.isidentifier()]


def _standard_names(value: Any) -> Iterator[str]:
    """What `dir()` gives where nobody has changed it."""
    if is_module(value):
        own = own_dict(value)
        lister = own.get("__dir__")
        if callable(lister):
            try:
                yield from lister()
            except Exception:
                yield from own
        else:
            yield from own
        return
    if is_class(value):
        for base in _mro_of(value):
            yield from _dict_of(base)
        return
    yield from list(own_dict(value))
    for base in _mro_of(type(value)):
        yield from _dict_of(base)


def _names_of_instance(cls: type) -> set[str]:
    """What an instance has by its class: also what its methods assign to `self`."""
    names: set[str] = set()
    for base in _mro_of(cls):
        members = _dict_of(base)
        names.update(members)
        annotations = members.get("__annotations__")
        if isinstance(annotations, dict):
            names.update(annotations)
        assigned = members.get("__static_attributes__")  # since 3.13
        if isinstance(assigned, tuple):
            names.update(assigned)
        else:
            for member in members.values():
                if type(member) is FunctionType:
                    names.update(_assigned_attributes(member))
    return names


def _assigned_attributes(function: FunctionType) -> Iterator[str]:
    """Names of attributes that a function stores."""
    from opcode import EXTENDED_ARG, opmap

    store = opmap["STORE_ATTR"]
    code = function.__code__
    raw, high = code.co_code, 0
    for at in range(0, len(raw), 2):
        argument = raw[at + 1] | high
        if raw[at] == store and argument < len(code.co_names):
            yield code.co_names[argument]
        high = argument << 8 if raw[at] == EXTENDED_ARG else 0


def type_name(value: Any) -> str:
    """What kind of thing a completion stands for, in one word."""
    kind = type(value)
    if kind is Instance:
        return "instance"
    if issubclass(kind, type):
        return "class"
    if issubclass(kind, ModuleType):
        return "module"
    if kind in (property, GetSetDescriptorType, MemberDescriptorType):
        return "property"
    if kind in (FunctionType, MethodType, staticmethod, classmethod) or (
        kind in _C_FUNCTIONS or name_of(kind) in _FUNCTIONS
    ):
        return "function"
    return "instance"
