"""Where objects were defined, and the text that defined them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def source_of(value: Any, name: str = "") -> str | None:
    """The text that defines an object, or its class; None: there is none to be had.

    Of a property, its functions' texts, each behind a comment with its name.
    """
    if isinstance(value, property):
        return _of_property(value, name)
    for target in _targets(value):
        text = _getsource(target)
        if text:
            return text
    return None


def _of_property(value: property, name: str) -> str | None:
    parts = []
    for which in ("fget", "fset", "fdel"):
        function = getattr(value, which)
        text = None if function is None else source_of(function)
        if text:
            parts.append(f"# {name or 'property'}.{which}\n{text}")
    return "\n".join(parts) or None


def _targets(value: Any) -> Iterator[Any]:
    """Objects whose source may be what is meant, the nearest first."""
    from functools import partial

    unwrapped = _unwrapped(value)
    yield unwrapped
    if isinstance(value, partial):
        yield from _targets(value.func)
    elif not isinstance(value, type):
        yield type(value)


def _unwrapped(value: Any) -> Any:
    """The function below its decorators."""
    import inspect

    if not callable(value) or isinstance(value, type):
        return value
    try:
        return inspect.unwrap(value)
    except Exception:  # a `__wrapped__` that goes in circles, or raises
        return value


def _getsource(value: Any) -> str | None:
    import inspect
    from textwrap import dedent

    try:
        return dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return None
    except Exception:  # a file that is no text, a class that lies about itself
        return None


def file_of(value: Any) -> str | None:
    """The file, or the cell, that an object was defined in."""
    import inspect

    for target in _targets(value):
        try:
            name = inspect.getabsfile(target)
        except Exception:
            try:
                name = inspect.getfile(target)
            except Exception:
                continue
        if "<" in name:  # `getabsfile` takes a cell's name for a path
            name = name[name.index("<") :]
        if name.startswith("<") and "input" not in name:  # `<frozen os>`
            continue
        return name
    return None


def line_of(value: Any) -> int | None:
    """The line that an object's definition begins at, from 1."""
    import inspect

    for target in _targets(value):
        try:
            return inspect.getsourcelines(target)[1] or 1
        except Exception:
            continue
    return None
