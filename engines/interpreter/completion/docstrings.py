"""What a function gives, as its docstring says it: NumPy's, Google's, Sphinx's way.

Functions in C, and most of the scientific libraries', have no annotations; their
docstrings are regular enough to know that `np.arange(3)` is an `ndarray`.
"""

from __future__ import annotations

import builtins
import re
import sys

from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    Unknown,
    class_in_package,
    is_class,
    is_module,
    own_dict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A docstring is read as far as this.
READ_AT_MOST = 50_000

_RETURNS = (
    # Returns            or   Returns
    # -------                 -------
    # out : ndarray           DataFrame
    re.compile(r"^\s*Returns?\s*\n\s*-{3,}\s*\n\s*(?:[\w, ]+ : *)?`*~?([\w.]+)", re.M),
    re.compile(r"^\s*Returns?:\s*\n\s+`*~?([\w.]+)`*(?:\[[^\]]*\])?:", re.M),
    re.compile(r":rtype:\s*`*~?:?(?:class:)?`*([\w.]+)"),
)
_ALSO_CALLED = {
    "string": "str",
    "integer": "int",
    "boolean": "bool",
    "array_like": "ndarray",
    "array": "ndarray",
    "dictionary": "dict",
}


def told_by(function: Any, module: str | None = None) -> Instance:
    """An instance of the class that a function's docstring says it returns.

    `module` is where a method's class is from; functions know it themselves.

    Raises:
        Unknown: it says nothing that is a class here.
    """
    text = getattr(function, "__doc__", None)
    module = module or getattr(function, "__module__", None)
    if not isinstance(text, str) or not isinstance(module, str):
        raise Unknown("no docstring")
    for pattern in _RETURNS:
        match = pattern.search(text[:READ_AT_MOST])
        if match is not None:
            cls = _class_named(_ALSO_CALLED.get(match[1], match[1]), module)
            if cls is not None:
                return Instance(cls)
    raise Unknown("no class named")


def _class_named(name: str, module: str) -> type | None:
    """A class by its name, as a module's documentation would mean it."""
    short = name.rpartition(".")[2]
    found = vars(builtins).get(short, NOTHING)
    if is_class(found) and found is not object:
        return found  # type: ignore[no-any-return]  # a class
    root = module.partition(".")[0]
    for place in (module, root, "numpy" if short == "ndarray" else ""):
        loaded = sys.modules.get(place)
        if is_module(loaded):
            found = own_dict(loaded).get(short, NOTHING)
            if is_class(found):
                return found  # type: ignore[no-any-return]  # a class
    return class_in_package(short, module)
