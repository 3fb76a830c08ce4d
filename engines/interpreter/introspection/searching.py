"""Names by wildcards: `a*`, `np.*load*`, with a type, in chosen namespaces.

    *   any letters
    ?   any letter

Names with one underscore at their beginning are left out unless they are asked for.
"""

from __future__ import annotations

import re

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import NOTHING, Unknown
from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Table = Mapping[str, Mapping[str, Any]]


def type_table() -> dict[str, type]:
    """Short names of types that have no name of their own in Python: `function`."""
    import types

    table: dict[str, type] = {}
    for name, kind in vars(types).items():
        if name.endswith("Type") and isinstance(kind, type) and kind is not object:
            table[name[:-4].lower()] = kind
    table["none"] = type(None)
    return table


def search(
    table: Table,
    pattern: str,
    type_name: str = "",
    *,
    ignore_case: bool = False,
    show_all: bool = False,
) -> list[str]:
    """The names that match, of all namespaces of a table, in order.

    Raises:
        UsageError: no type is called so.
    """
    wanted = _kind_of(type_name)
    parts = pattern.split(".")
    found: set[str] = set()
    for names in table.values():
        found.update(_in_names(names, parts, wanted, ignore_case, show_all))
    return sorted(found, key=lambda name: (name.lower(), name))


def _kind_of(type_name: str) -> Callable[[Any], bool]:
    """Whether a value is of the type of this name."""
    if not type_name or type_name == "all":
        return lambda _value: True
    kind = type_table().get(type_name.lower())
    if kind is not None:
        return lambda value: type(value) is kind
    return lambda value: type_name in _names_of_type(type(value))


def _names_of_type(cls: type) -> list[str]:
    """The names of a class and its bases; a truth value is no number here."""
    bases = type.__dict__["__mro__"].__get__(cls)
    return ["bool"] if cls is bool else [base.__name__ for base in bases]


def _matcher(part: str, ignore_case: bool, show_all: bool) -> Callable[[str], bool]:
    source = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in part)
    pattern = re.compile(source, re.IGNORECASE if ignore_case else 0)

    def matches(name: str) -> bool:
        is_shown = (
            show_all
            or part.startswith("_")
            or not name.startswith("_")
            or name.startswith("__")
        )
        return is_shown and pattern.fullmatch(name) is not None

    return matches


def _in_names(
    names: Mapping[str, Any],
    parts: list[str],
    wanted: Callable[[Any], bool],
    ignore_case: bool,
    show_all: bool,
) -> Iterable[str]:
    matches = _matcher(parts[0], ignore_case, show_all)
    for name in list(names):
        if not isinstance(name, str) or not matches(name):
            continue
        value = names[name]
        if len(parts) == 1:
            if wanted(value):
                yield name
            continue
        for below in _in_attributes(value, parts[1:], wanted, ignore_case, show_all):
            yield f"{name}.{below}"


def _in_attributes(
    value: Any,
    parts: list[str],
    wanted: Callable[[Any], bool],
    ignore_case: bool,
    show_all: bool,
) -> Iterable[str]:
    matches = _matcher(parts[0], ignore_case, show_all)
    for name in a.attribute_names(value):
        if not matches(name):
            continue
        try:
            found = a.attribute(value, name)
        except Unknown:
            found = a.raw_attribute(value, name)
        if len(parts) == 1:
            if wanted(found):
                yield name
        elif found is not NOTHING:
            for below in _in_attributes(
                found, parts[1:], wanted, ignore_case, show_all
            ):
                yield f"{name}.{below}"


def chosen(table: Table, only: list[str], without: list[str]) -> Table:
    """The namespaces of a table that are to be searched.

    Raises:
        UsageError: there is none of this name.
    """
    for name in (*only, *without):
        if name not in table:
            known = ", ".join(table)
            raise UsageError(f"there is no namespace {name!r}; there are {known}")
    names = only or list(table)
    return {name: table[name] for name in names if name not in without}
