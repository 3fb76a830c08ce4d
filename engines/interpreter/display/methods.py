"""What classes and objects have, asked in a way that nothing of theirs can break.

`method_of` looks up what an object says of itself: `_repr_html_` and its kin.

The look-up begins at the object's class, as Python's own for `__repr__` does: no code
of the user's runs for the many objects that have no such method. Only objects that make
attributes up (`__getattr__`) are asked, and first for one that nothing has: mocks and
remote proxies answer to any name, and would seem to have every method.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

# The name is the field's: classes with a `__getattr__` know it, and refuse it.
CANARY = "_ipython_canary_method_should_not_exist_"


def mro_of(cls: type) -> tuple[type, ...]:
    """A class and its bases, the nearest first, whatever its metaclass says."""
    return type.__dict__["__mro__"].__get__(cls)  # type: ignore[no-any-return]  # a tuple


def names_in(cls: type) -> Mapping[str, Any]:
    """What is defined in the class itself."""
    return type.__dict__["__dict__"].__get__(cls)  # type: ignore[no-any-return]  # a mapping


def name_of(cls: type) -> str:
    """The name of a class."""
    return type.__dict__["__name__"].__get__(cls)  # type: ignore[no-any-return]  # text


def key_of(cls: type) -> tuple[str, str]:
    """The module and the name of a class."""
    return str(type.__dict__["__module__"].__get__(cls)), name_of(cls)


def method_of(obj: Any, name: str) -> Callable[..., Any] | None:
    """The method of that name; None if there is none, or one cannot tell."""
    if not _is_defined(obj, name):
        return None
    try:
        method = getattr(obj, name)
    except Exception:
        return None
    return method if callable(method) else None


def _is_defined(obj: Any, name: str) -> bool:
    cls = type(obj)
    if any(name in names_in(base) for base in mro_of(cls)):
        return True
    if issubclass(cls, type):  # what it defines is for its instances
        return False
    try:
        if name in object.__getattribute__(obj, "__dict__"):
            return True
    except Exception:  # it has no __dict__, or not a usual one
        pass
    return _makes_attributes(cls) and not _answers_to_anything(obj)


def _makes_attributes(cls: type) -> bool:
    return any(
        "__getattr__" in names_in(base)
        or ("__getattribute__" in names_in(base) and base is not object)
        for base in mro_of(cls)
    )


def _answers_to_anything(obj: Any) -> bool:
    try:
        return getattr(obj, CANARY, None) is not None
    except Exception:
        return True
