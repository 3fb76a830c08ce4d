"""Attributes that a class cannot list itself: somebody else registers a function.

@complete_object.register(Remote)
def names_of_a_remote(remote, names):
    return [*names, *remote.columns()]
"""

from __future__ import annotations

from functools import singledispatch

from ipcluster.engines.interpreter.errors import TryNext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


@singledispatch
def complete_object(obj: object, prev_completions: list[str]) -> list[str]:
    """The names to offer for an object, given those that are known."""
    raise TryNext


def more_attributes(value: Any, names: list[str]) -> Iterable[str]:
    """The names that a registered function adds."""
    function = complete_object.dispatch(type(value))
    try:
        found = function(value, list(names))
    except Exception:  # `TryNext`: nobody has registered for this class
        return ()
    known = set(names)
    return [name for name in found if isinstance(name, str) and name not in known]
