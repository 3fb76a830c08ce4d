"""Functions that go on as the same objects, with the code of new ones."""

from __future__ import annotations

from functools import partial
from types import CodeType, FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CellType, ModuleType
    from typing import Any

_EMPTY = object()
# Wrappers in wrappers that are looked into.
DEPTH = 6


class FunctionPatcher:
    """Lets old functions of one module do what new ones do."""

    def __init__(self, module: ModuleType) -> None:
        self._names = vars(module)
        self._done: dict[tuple[int, int], bool] = {}
        self._kept: list[Any] = []  # so that no id is used twice

    def patch(self, old: Any, new: Any) -> bool:
        """Let `old` do what `new` does; False where it cannot.

        They are functions, or what decorators of the standard library make of one.
        """
        if old is new:
            return True
        if type(old) is not type(new):
            return False
        key = (id(old), id(new))
        if key not in self._done:
            self._done[key] = True  # a function may hold itself
            self._kept += [old, new]
            try:
                self._done[key] = self._patch(old, new)
            except Exception:  # objects of others, with properties of their own
                self._done[key] = False
        return self._done[key]

    def _patch(self, old: Any, new: Any) -> bool:
        if isinstance(old, FunctionType):
            # What a decorator made is its own, even if its code is another module's.
            is_own = bool(old.__closure__) and old.__code__ is new.__code__
            if not is_own and not self._is_of_module(old):
                return False
            return self._patch_function(old, new)
        if isinstance(old, staticmethod | classmethod):
            return self.patch(old.__func__, new.__func__)
        if hasattr(type(old), "cache_clear"):  # lru_cache
            if old.cache_parameters() != new.cache_parameters():
                return False
            if not self.patch(old.__wrapped__, new.__wrapped__):
                return False
            old.cache_clear()
            return True
        if isinstance(old, property):
            parts = ((old.fget, new.fget), (old.fset, new.fset), (old.fdel, new.fdel))
            done = [self.patch(*pair) for pair in parts]
            return all(done)
        return False

    def _is_of_module(self, function: FunctionType) -> bool:
        """Whether a function is the module's, or wraps one that is."""
        inner: Any = function
        for _ in range(DEPTH):
            if getattr(inner, "__globals__", None) is self._names:
                return True
            inner = getattr(inner, "__wrapped__", None)
        return False

    def _patch_function(self, old: FunctionType, new: FunctionType) -> bool:
        if old.__qualname__ != new.__qualname__:
            return False
        if old.__code__.co_freevars != new.__code__.co_freevars:
            return False
        _keep_registrations(old, new)
        for old_cell, new_cell in zip(
            old.__closure__ or (), new.__closure__ or (), strict=True
        ):
            self._patch_cell(old_cell, new_cell)
        old.__code__ = new.__code__
        old.__defaults__ = new.__defaults__
        old.__kwdefaults__ = new.__kwdefaults__
        old.__doc__ = new.__doc__
        old.__annotations__ = new.__annotations__
        for name, value in vars(new).items():
            if not self.patch(vars(old).get(name, _EMPTY), value):
                vars(old)[name] = value
        return True

    def _patch_cell(self, old: CellType, new: CellType) -> None:
        value = _content(new)
        if value is _EMPTY:
            return
        before = _content(old)
        if before is _EMPTY or not self.patch(before, value):
            old.cell_contents = value


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY


def _keep_registrations(old: Any, new: Any) -> None:
    """What other modules have registered with a `singledispatch` function stays."""
    registry, register = getattr(old, "registry", None), getattr(new, "register", None)
    if registry is None or register is None or not hasattr(new, "dispatch"):
        return
    for kind, function in registry.items():
        if kind not in new.registry and function.__module__ != new.__module__:
            register(kind, function)


# --- finding functions ----------------------------------------------------------------


def functions_of(value: Any, depth: int = DEPTH) -> Iterator[FunctionType]:
    """A function, and those within decorators, properties and closures."""
    if depth == 0:
        return
    if isinstance(value, FunctionType):
        yield value
        for cell in value.__closure__ or ():
            inner = _content(cell)
            if isinstance(inner, FunctionType):
                yield from functions_of(inner, depth - 1)
    elif isinstance(value, property):
        for part in (value.fget, value.fset, value.fdel):
            yield from functions_of(part, depth - 1)
    elif isinstance(value, staticmethod | classmethod):
        yield from functions_of(value.__func__, depth - 1)
    elif isinstance(value, partial):
        yield from functions_of(value.func, depth - 1)
    elif not isinstance(value, type):
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except (AttributeError, TypeError):
            return
        for name in ("__wrapped__", "func"):  # lru_cache; cached_property
            yield from functions_of(attributes.get(name), depth - 1)


def all_functions(names: dict[str, Any]) -> Iterator[FunctionType]:
    """The functions of a namespace, its classes' methods included."""
    seen: set[int] = set()
    waiting = list(names.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, type):
            if value.__module__ == names.get("__name__") and id(value) not in seen:
                seen.add(id(value))
                waiting += vars(value).values()
            continue
        for function in functions_of(value):
            if function.__globals__ is names and id(function) not in seen:
                seen.add(id(function))
                yield function


def relocate(names: dict[str, Any], code: CodeType) -> None:
    """Give functions whose text is the same, but stands elsewhere, their new lines.

    `code` is the module's, compiled anew.
    """
    fresh: dict[str, list[CodeType]] = {}
    for one in _codes_in(code):
        fresh.setdefault(one.co_qualname, []).append(one)
    present: dict[str, dict[CodeType, list[FunctionType]]] = {}
    for function in all_functions(names):
        owners = present.setdefault(function.__code__.co_qualname, {})
        owners.setdefault(function.__code__, []).append(function)
    for name, found in present.items():
        codes = sorted(fresh.get(name, []), key=_line)
        if len(codes) != len(found):  # defined twice, say: nobody knows which is which
            continue
        for one, now in zip(sorted(found, key=_line), codes, strict=True):
            for function in found[one]:
                if one.co_freevars == now.co_freevars:
                    function.__code__ = now


def _line(code: CodeType) -> int:
    return code.co_firstlineno


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)
