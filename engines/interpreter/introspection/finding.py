"""What a name means: in the session, in builtins, as a magic, as an alias.

`table.columns[0].name` is followed part by part. A property is found as itself, not as
its value: what it says of itself is in its docstring, and its value may cost anything.
"""

from __future__ import annotations

import builtins
import re

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

_PART = re.compile(
    r"""\s*(?:
        \.?\s*(?P<name>[^\W\d]\w*)
      | \[\s*(?P<key>-?\d+ | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*')\s*\]
    )""",
    re.VERBOSE,
)
_LITERALS = {"''": "", '""': "", "[]": [], "{}": {}, "()": ()}

INTERACTIVE, BUILTIN, MAGIC = "Interactive", "Python builtin", "Shell magic"


class OInfo:
    """What a name was found to be.

    `parent` is what it is an attribute or an item of, and `name` its last part.
    """

    def __init__(
        self,
        found: bool = False,
        obj: Any = None,
        namespace: str | None = None,
        *,
        ismagic: bool = False,
        isalias: bool = False,
        parent: Any = None,
        name: str = "",
    ) -> None:
        self.found = found
        self.obj = obj
        self.namespace = namespace
        self.ismagic = ismagic
        self.isalias = isalias
        self.parent = parent
        self.name = name

    def __repr__(self) -> str:
        return f"<OInfo {self.name!r} found={self.found} {self.namespace!r}>"


def find_object(
    shell: InteractiveShell,
    oname: str,
    namespaces: Iterable[tuple[str, Mapping[str, Any]]] | None = None,
) -> OInfo:
    """What a name means; `found` is False where it means nothing.

    `namespaces`, pairs of a name and a mapping, are looked into instead of the
    session's.
    """
    oname = oname.strip()
    parts = parts_of(oname)
    if parts:
        for label, names in namespaces or _namespaces(shell):
            head = parts[0][1]
            if head in names:
                found = _follow(names[head], parts)
                if found is not None:
                    value, parent = found
                    last = str(parts[-1][1])
                    return OInfo(True, value, label, parent=parent, name=last)
    magic = _find_magic(shell, oname)
    if magic is not None:
        return magic
    if oname in _LITERALS:
        return OInfo(True, _LITERALS[oname], INTERACTIVE, name=oname)
    return OInfo(name=oname)


def _namespaces(shell: InteractiveShell) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (INTERACTIVE, shell.user_ns),
        ("Interactive (global)", shell.user_global_ns),
        (BUILTIN, vars(builtins)),
    ]


def parts_of(oname: str) -> list[tuple[str, Any]]:
    """`a.b[0]` to `("name", "a"), ("name", "b"), ("key", 0)`; [] if it is no such."""
    from ast import literal_eval

    parts: list[tuple[str, Any]] = []
    at = 0
    while at < len(oname):
        match = _PART.match(oname, at)
        if match is None or match.end() == at:
            return []
        is_first = not parts
        begins_with_dot = oname[at : match.end()].lstrip().startswith(".")
        if match["name"] is not None and is_first != begins_with_dot:
            parts.append(("name", match["name"]))
        elif match["key"] is not None and not is_first:
            parts.append(("key", literal_eval(match["key"])))
        else:
            return []
        at = match.end()
    return parts


def _follow(value: Any, parts: list[tuple[str, Any]]) -> tuple[Any, Any] | None:
    """The object at the end of a path, and the one before it."""
    parent = None
    last = len(parts) - 1
    for number, (kind, key) in enumerate(parts[1:], 1):
        parent = value
        try:
            if kind == "key":
                value = value[key]
            else:
                value = attribute_of(value, key, is_last=number == last)
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever the user's code raises
            return None
    return value, parent


def attribute_of(value: Any, name: str, *, is_last: bool = True) -> Any:
    """An attribute; of a property, at the end of a path, the property itself.

    Raises:
        AttributeError: there is none, even for `__getattr__`.
    """
    try:
        raw = a.raw_attribute(value, name)
        if is_last and type(raw) is property and not a.is_class(value):
            return raw
        found = a.attribute(value, name)
        if type(found) is not a.Instance:
            return found
    except Unknown:
        if is_last and type(raw).__name__ == "cached_property":
            return raw
    return getattr(value, name)


def _find_magic(shell: InteractiveShell, oname: str) -> OInfo | None:
    name = oname.lstrip("%")
    signs = len(oname) - len(name)
    kinds = ("cell", "line") if signs == 2 else ("line", "cell")
    for kind in kinds:
        if signs == 1 and kind == "cell":
            continue
        function = shell.find_magic(name, kind) if name else None
        if function is not None:
            target = getattr(function, "shell_command", None)
            is_alias = target is not None or type(function).__name__ == "Alias"
            return OInfo(
                True,
                function,
                "Shell alias" if is_alias else MAGIC,
                ismagic=not is_alias,
                isalias=is_alias,
                name=oname,
            )
    return None
