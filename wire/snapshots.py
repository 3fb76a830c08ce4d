"""Whether a function would be pickled to the same bytes again.

A function's pickle is kept only while nothing that went into it can have changed: its
code, defaults, attributes, closure and captured globals, and those of all functions
that travel with it, are the same objects as before, and of kinds that cannot change in
themselves. Code that is out of date must never run; a function that names a list is
pickled each time it is submitted.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from operator import is_
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from ipcluster.wire.functions import captured_values, contents, submodules
from ipcluster.wire.importable import is_by_value, travels_by_reference

_Parts = tuple[Any, ...]

_SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Snapshot:
    """What functions were made of. It keeps none of them alive."""

    __slots__ = ("_parts",)

    def __init__(self, parts: list[tuple[weakref.ref[FunctionType], _Parts]]) -> None:
        self._parts = parts

    def is_current(self) -> bool:
        """Whether they still are."""
        for reference, before in self._parts:
            function = reference()
            now = None if function is None else _parts(function)
            if now is None or len(now) != len(before):
                return False
            if not all(map(is_, now, before)):
                return False
        return True


def lone_code(function: FunctionType) -> CodeType | None:
    """The code of a function that travels by value and depends on nothing else."""
    code = function.__code__
    names = code.co_names or code.co_freevars
    nested = any(type(constant) is CodeType for constant in code.co_consts)
    if names or nested or travels_by_reference(function):
        return None
    return code if is_unchanged(function, code) else None


def is_unchanged(function: FunctionType, code: CodeType | None) -> bool:
    """Whether the function is still its lone code: quick, for the smallest."""
    return (
        function.__code__ is code
        and function.__defaults__ is None
        and not function.__kwdefaults__
        and not function.__dict__
    )


class Home(NamedTuple):
    """The module that an importable function is found in, by a name without dots."""

    module: weakref.ref[ModuleType]
    name: str

    def holds(self, function: FunctionType) -> bool:
        """Whether it is still found there and nowhere else: quick."""
        module = self.module()
        return (
            module is not None
            and function.__qualname__ == self.name
            and sys.modules.get(function.__module__) is module
            and module.__dict__.get(self.name) is function
        )


def home_of(function: FunctionType) -> Home | None:
    """Where to look for a function that travels by reference; None: look closely."""
    if not travels_by_reference(function):
        return None
    home = Home(weakref.ref(sys.modules[function.__module__]), function.__qualname__)
    return home if home.holds(function) else None


def take_snapshot(functions: Iterable[FunctionType]) -> Snapshot | None:
    """None if one of them can change without a trace."""
    found = []
    for function in functions:
        parts = _parts(function)
        if parts is None:
            return None
        found.append((weakref.ref(function), parts))
    return Snapshot(found)


def _parts(function: FunctionType) -> _Parts | None:
    """All that the function's pickle depends on, to be compared with `is`.

    None if some of it can change and stay the same object.
    """
    if travels_by_reference(function):
        return function.__module__, function.__qualname__
    captured = captured_values(function)
    keywords = function.__kwdefaults__ or {}
    attributes = vars(function)
    cells = [contents(cell) for cell in function.__closure__ or ()]
    found: list[Any] = [function.__code__, function.__qualname__, function.__module__]
    for group in (
        function.__defaults__ or (),
        (*keywords, *keywords.values()),
        (*attributes, *attributes.values()),
        (value for cell in cells for value in cell),
        (*captured, *captured.values()),
        submodules(function.__code__, captured),
    ):
        found.append(_fixed)  # parts the groups
        for value in group:
            fixed = _fixed(value)
            if fixed is None:
                return None
            found.append(fixed)
    return tuple(found)


def _fixed(value: Any) -> Any:
    """What stands for a value that cannot change, for `is`; None if it may change."""
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS if value is None else value
    if kind is tuple and _SCALARS.issuperset(map(type, value)):
        return value
    # A function that travels by value has a snapshot of its own.
    if kind is FunctionType:
        return weakref.ref(value)
    if kind is ModuleType:
        return None if is_by_value(value.__name__) else weakref.ref(value)
    if kind is BuiltinFunctionType and isinstance(value.__self__, (ModuleType, type)):
        return weakref.ref(value)
    if isinstance(value, type) and travels_by_reference(value):
        return weakref.ref(value)
    return None
