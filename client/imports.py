"""`sync_imports`: import statements that run here and on engines.

The statements of the `with` block are found in its source, so that they run over there
as they are written, `as` names included. Where there is no source, imports are noticed
as they happen; then an alias cannot be seen, and that is said.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from ipcluster.wire.importable import folders_for

if TYPE_CHECKING:
    from ipcluster.client.directview import DirectView

_Import = ast.Import | ast.ImportFrom


@contextmanager
def sync_imports(view: DirectView, *, local: bool, quiet: bool) -> Iterator[None]:
    """Import on the engines of `view` what the block imports.

    Raises:
        RemoteError: an engine cannot import it.
    """
    frame = sys._getframe(2)
    statements = statements_in_block(frame)
    noticed: list[str] = []
    original = builtins.__import__

    def import_too(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002 - as in builtins
        locals: Mapping[str, object] | None = None,  # noqa: A002 - as in builtins
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        # Imports that other modules do while they are imported are not meant.
        if sys._getframe(1) is not frame:
            return original(name, globals, locals, fromlist or (), level)
        noticed.append(as_statement(name, fromlist or ()))
        if local:
            return original(name, globals, locals, fromlist or (), level)
        return _Nothing(name)

    builtins.__import__ = import_too
    try:
        yield
    finally:
        builtins.__import__ = original
    todo = statements or noticed
    for statement in todo:
        if not quiet:
            print(f"importing on engines: {statement}")
    if todo:
        view.import_names("\n".join(todo))


def statements_in_block(frame: FrameType) -> list[str]:
    """The import statements of the `with` block that `frame` is about to run."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    if not lines:
        return []
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return []
    found: list[ast.With] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With)
        and node.lineno <= frame.f_lineno <= node.body[0].lineno
    ]
    if not found:
        return []
    block = max(found, key=lambda node: node.lineno)
    return [
        ast.unparse(node)
        for statement in block.body
        for node in ast.walk(statement)
        if isinstance(node, _Import)
    ]


def folders_of(code: str) -> list[str]:
    """Where the user's own modules lie that this code imports."""
    if "import" not in code:
        return []
    try:
        tree = ast.parse(code)
    except SyntaxError:  # whoever runs it says so
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    return folders_for(names)


def as_statement(name: str, fromlist: Sequence[str]) -> str:
    if fromlist:
        return f"from {name} import {', '.join(fromlist)}"
    return f"import {name}"


class _Nothing(ModuleType):
    """What an import gives that is only meant for the engines."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self.__name__}.{name}")
