"""`from x import y`: whose names come from which module, and giving them new values.

What a name is bound to tells nothing of where it came from: 5 may come from anywhere.
So the statements are looked at, those of cells and those of modules.
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Binding = tuple[str, str, str]
    """The name, the module it was taken from, and what it is called there; `*` in the
    place of both names: all that there are."""

_NOTHING = object()


def bindings(tree: ast.AST, package: str = "") -> Iterator[Binding]:
    """What `from ... import` statements bind, those in functions left out.

    `package` is what relative imports are relative to.
    """
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            if module is not None:
                for one in node.names:
                    yield one.asname or one.name, module, one.name
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _absolute(node: ast.ImportFrom, package: str) -> str | None:
    if not node.level:
        return node.module
    parts = package.split(".")
    if not package or node.level > len(parts):
        return None
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)


class Bindings:
    """Names of a session that were imported from modules, as its cells say."""

    def __init__(self, transform: Callable[[str], str]) -> None:
        self._transform = transform
        self._unread: list[str] = []
        self._found: dict[Binding, None] = {}

    def on_cell(self, source: str) -> None:
        """A cell has run; it is looked at when somebody wants to know."""
        if "import" in source:
            self._unread.append(source)

    def of_module(self, name: str) -> list[Binding]:
        """What was imported from a module with `from`."""
        while self._unread:
            try:
                tree = ast.parse(self._transform(self._unread.pop()))
            except (SyntaxError, ValueError):  # then it did not run
                continue
            self._found.update(dict.fromkeys(bindings(tree)))
        return [one for one in self._found if one[1] == name]


def rebind(
    names: dict[str, Any],
    found: Iterable[Binding],
    before: dict[str, Any],
    after: dict[str, Any],
) -> list[str]:
    """Give names that were imported from a module its new values.

    A name that has been bound to something else since is left alone.

    Returns:
        The names.
    """
    done = []
    for name, _, attribute in found:
        pairs = [(name, attribute)]
        if attribute == "*":
            pairs = [(one, one) for one in before if not one.startswith("_")]
        for here, there in pairs:
            old = before.get(there, _NOTHING)
            new = after.get(there, _NOTHING)
            if old is _NOTHING or new is _NOTHING or old is new:
                continue
            if names.get(here, _NOTHING) is old:
                names[here] = new
                done.append(here)
    return done
