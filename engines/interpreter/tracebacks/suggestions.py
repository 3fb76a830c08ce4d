"""Did you mean ...? For names, attributes and imports that there are not.

The distance between two names is CPython's (`traceback` and `suggestions.c`): a change
of case costs 1, any other change, insertion or deletion 2; a suggestion is at most a
third of both names away. Ours looks no further than the interpreter's own, and runs no
code of the user's but `__dir__`.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import is_a
from ipcluster.engines.interpreter.tracebacks.values import attribute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType, TracebackType
    from typing import Any

MOVE, CASE = 2, 1
LONGEST_NAME, MOST_NAMES = 40, 750

# What half of all sessions begin with, and what was meant by a name that is not there.
SHORT_FOR = {
    "np": "numpy as np",
    "pd": "pandas as pd",
    "plt": "matplotlib.pyplot as plt",
    "mpl": "matplotlib as mpl",
    "sns": "seaborn as sns",
    "tf": "tensorflow as tf",
    "sp": "scipy as sp",
    "sm": "statsmodels.api as sm",
    "pl": "polars as pl",
}


def suggestion_for(value: BaseException, tb: TracebackType | None) -> str:
    """What is added to the message of an exception; empty: nothing comes to mind."""
    try:
        if is_a(value, NameError):
            return _for_name(value, tb)
        if is_a(value, AttributeError):
            return _for_attribute(value)
        if is_a(value, ImportError):
            return _for_import(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a `__dir__` of the user's
        pass
    return ""


def _for_name(value: NameError, tb: TracebackType | None) -> str:
    name = attribute(value, "name")
    if not isinstance(name, str):
        return ""
    while tb is not None and tb.tb_next is not None:
        tb = tb.tb_next
    frame = None if tb is None else tb.tb_frame
    hint = _member(name, frame) or _nearest(name, _names_in(frame))
    text = f". Did you mean: '{hint}'?" if hint else ""
    module = _module(name)
    if module:
        start = " Or did" if text else ". Did"
        return f"{text}{start} you forget to import {module}?"
    return text


def _member(name: str, frame: FrameType | None) -> str:
    """`self.name`, in a method of something that has it."""
    owner = None if frame is None else frame.f_locals.get("self")
    if owner is None:
        return ""
    places = [attribute(owner, "__dict__", {}), *map(vars, type(owner).__mro__)]
    return f"self.{name}" if any(name in place for place in places) else ""


def _names_in(frame: FrameType | None) -> Iterable[Any]:
    import builtins

    if frame is None:
        return vars(builtins)
    return [*frame.f_locals, *frame.f_globals, *vars(builtins)]


def _module(name: str) -> str:
    """What to import so that there is this name."""
    if name in sys.stdlib_module_names:
        return f"'{name}'"
    whole = SHORT_FOR.get(name)
    if whole is None:
        return ""
    from importlib.util import find_spec

    package = whole.split(" ")[0].split(".")[0]
    try:
        return f"'{whole}'" if find_spec(package) is not None else ""
    except (ImportError, ValueError):
        return ""


def _for_attribute(value: AttributeError) -> str:
    name = attribute(value, "name")
    if not isinstance(name, str):
        return ""
    thing = attribute(value, "obj")
    if thing is None:
        return ""
    names = [one for one in dir(thing) if isinstance(one, str)]
    if not name.startswith("_"):
        names = [one for one in names if not one.startswith("_")]
    hint = _nearest(name, names)
    return f". Did you mean: '{hint}'?" if hint else ""


def _for_import(value: ImportError) -> str:
    name = attribute(value, "name")
    if is_a(value, ModuleNotFoundError) and isinstance(name, str):
        hint = "" if "." in name else _nearest(name, sys.stdlib_module_names)
        return f". Did you mean: '{hint}'?" if hint else ""
    wanted = attribute(value, "name_from")
    module = sys.modules.get(name or "")
    if not isinstance(wanted, str) or module is None:
        return ""
    hint = _nearest(wanted, dir(module))
    return f". Did you mean: '{hint}'?" if hint else ""


# --- how far apart names are ----------------------------------------------------------


def _nearest(wrong: str, names: Iterable[Any]) -> str:
    """The name that is nearest to a wrong one; empty: none is near."""
    names = sorted({one for one in names if isinstance(one, str)})
    if len(names) > MOST_NAMES or len(wrong) > LONGEST_NAME:
        return ""
    best, best_distance = "", 0
    for name in names:
        if name == wrong:
            continue
        limit = (len(name) + len(wrong) + 3) * MOVE // 6
        if best:
            limit = min(limit, best_distance - 1)
        distance = _distance(wrong, name, limit)
        if distance <= limit:
            best, best_distance = name, distance
    return best


def _distance(one: str, other: str, limit: int) -> int:
    """The cost of turning one name into the other; `limit + 1` if it is higher."""
    if abs(len(one) - len(other)) * MOVE > limit:
        return limit + 1
    row = [number * MOVE for number in range(len(other) + 1)]
    for number, letter in enumerate(one, 1):
        previous, row = row, [number * MOVE]
        for column, wanted in enumerate(other):
            change = _cost(letter, wanted) + previous[column]
            row.append(min(change, previous[column + 1] + MOVE, row[column] + MOVE))
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _cost(one: str, other: str) -> int:
    if one == other:
        return 0
    return CASE if one.lower() == other.lower() else MOVE
