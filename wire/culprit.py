"""Which part of an object cannot be pickled: `argument 1['a'].lock`.

Only asked after a failure. Each step takes the parts that pickle would see, finds the
first that fails by itself, and goes on inside it; among many by halving.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from types import FunctionType, MethodType
from typing import Any

from ipcluster.wire.functions import contents

Attempt = Callable[[object], Exception | None]
Part = tuple[str, Any]

# The search ends early in objects that are this deep or take this long, with the path
# so far: that is still a path to the fault.
DEEPEST = 40
LONGEST = 2.0  # seconds


def describe(obj: Any, error: Exception, attempt: Attempt, name: str | None) -> str:
    """`path: reason` for an object whose pickling raised `error`.

    `name` is what to call the object; None for `(args, kwargs)` of a call, whose parts
    are `argument 1` (the first) and `argument 'key'`.
    """
    path, parts = name or "value", _parts(obj)
    if name is None and _is_call(obj):
        args, keywords = obj
        path = "arguments"
        parts = [(f"argument {i}", value) for i, value in enumerate(args, 1)]
        parts += [(f"argument {key!r}", value) for key, value in keywords.items()]
    deadline = time.monotonic() + LONGEST
    seen = {id(obj)}
    start = True
    for _ in range(DEEPEST):
        found = _first_failing(parts, attempt, deadline)
        if found is None or id(found[0][1]) in seen:
            break
        (suffix, inner), error = found
        seen.add(id(inner))
        path = suffix if start and path == "arguments" else path + suffix
        start = False
        parts = _parts(inner)
    if isinstance(error, RecursionError):
        return f"{path}: nested too deeply to be pickled"
    return f"{path}: {error or type(error).__name__}"


def _is_call(obj: Any) -> bool:
    return (
        type(obj) is tuple
        and len(obj) == 2
        and type(obj[0]) is tuple
        and type(obj[1]) is dict
    )


def _first_failing(
    parts: list[Part], attempt: Attempt, deadline: float
) -> tuple[Part, Exception] | None:
    while len(parts) > 1:
        if time.monotonic() > deadline:
            return None
        half = len(parts) // 2
        first = parts[:half]
        if attempt([value for _, value in first]) is not None:
            parts = first
        else:
            parts = parts[half:]
    if not parts:
        return None
    error = attempt(parts[0][1])
    return None if error is None else (parts[0], error)


def _parts(obj: Any) -> list[Part]:
    """What pickle looks at inside `obj`, with how to write the way there."""
    if isinstance(obj, FunctionType):
        return list(_parts_of_function(obj))
    if isinstance(obj, MethodType):
        return [(".__self__", obj.__self__), (".__func__", obj.__func__)]
    if isinstance(obj, type):
        return [(f".{name}", value) for name, value in vars(obj).items()]
    parts = list(_items(obj))
    try:
        reduced = obj.__reduce_ex__(5)
    except Exception:
        return parts
    if isinstance(reduced, tuple):
        parts += _parts_of_reduced(obj, reduced)
    return parts


def _items(obj: Any) -> Iterable[Part]:
    if isinstance(obj, (list, tuple)):
        for i, value in enumerate(obj):
            yield f"[{i}]", value
    elif isinstance(obj, dict):
        for key, value in obj.items():
            yield f"[{_short(key)}]", value
            yield f" key {_short(key)}", key
    elif isinstance(obj, (set, frozenset)):
        for value in obj:
            yield f" item {_short(value)}", value


def _parts_of_function(function: FunctionType) -> Iterable[Part]:
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        for value in contents(cell):
            yield f" closure variable {name!r}", value
    defaults = function.__defaults__ or ()
    arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
    for name, value in zip(reversed(arguments), reversed(defaults), strict=False):
        yield f" default of {name!r}", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f" default of {name!r}", value
    for name, value in vars(function).items():
        yield f".{name}", value


def _parts_of_reduced(obj: Any, reduced: tuple[Any, ...]) -> Iterable[Part]:
    state = reduced[2] if len(reduced) > 2 else None
    states = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    for one in states:
        if isinstance(one, dict):
            for name, value in one.items():
                yield f".{name}" if isinstance(name, str) else f"[{name!r}]", value
        elif one is not None:
            yield " (its state)", one
    for value in reduced[1] or ():
        if value is not type(obj):
            yield f" ({_known_as(obj, value)})", value


def _known_as(obj: Any, value: Any) -> str:
    for name, own in getattr(obj, "__dict__", {}).items():
        if own is value:
            return f".{name}"
    return f"made from {_short(value)}"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = object.__repr__(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
