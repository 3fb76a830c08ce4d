"""Pieces of code that a magic is given to run: `%time stmt`, `%%prun`'s cell.

A snippet is typed like a cell, so it goes through the same transformations; its source
can be found again, as lines of the cell that it stands in. Its last expression's value
is what the magic gives.
"""

from __future__ import annotations

import sys
import time

from ipcluster.engines.interpreter.compilation import IS_COROUTINE
from ipcluster.engines.interpreter.runners import finished, may_await

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from types import CodeType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


class Snippet:
    """Code to be run once or more often.

    Args:
        text: what was typed.
        below: whether it stands below the line that has the magic, as a cell does.

    Attributes:
        tree: its syntax tree, whose line numbers are those of the cell.
        parsing, compiling: seconds that took.

    Raises:
        SyntaxError: it is no Python.
    """

    def __init__(self, shell: InteractiveShell, text: str, *, below: bool) -> None:
        self.shell = shell
        began = time.perf_counter()
        source = "\n" * _lines_above(shell, below) + shell.transform_cell(text)
        result = shell.cells.result
        typed = None if result is None else result.info.raw_cell
        self.filename = shell.compile.remember(source, shell.cells.count, typed)
        parsed = shell.compile.parse(source, self.filename)
        tree = shell.transform_ast(parsed, is_cell=False)
        if "_magic(" in source and may_await(shell, source):
            from ipcluster.engines.interpreter.magics.awaiting import with_awaits

            tree = with_awaits(shell, tree)
        self.tree: ast.Module = tree
        self.parsing = time.perf_counter() - began
        self.compiling = 0.0
        self._codes: list[CodeType] = []

    @property
    def is_expression(self) -> bool:
        """Whether it ends in an expression, which has a value."""
        from _ast import Expr

        return bool(self.tree.body) and isinstance(self.tree.body[-1], Expr)

    def compile(self) -> None:
        """Make code of it, so that running it takes no longer than it does.

        Raises:
            SyntaxError: the parser takes it and the compiler does not.
        """
        from _ast import Expression, Module

        began = time.perf_counter()
        compiled, nodes = self.shell.compile.compile, self.tree.body
        body = nodes[:-1] if self.is_expression else nodes
        self._codes = []
        if body or not self.is_expression:
            self._codes.append(compiled(Module(body, []), self.filename, "exec"))
        if self.is_expression:
            last: Any = nodes[-1]
            value = compiled(Expression(last.value), self.filename, "eval")
            self._codes.append(value)
        self.compiling = time.perf_counter() - began

    @property
    def awaits(self) -> bool:
        """Whether running it takes a loop; it has been compiled."""
        return any(code.co_flags & IS_COROUTINE for code in self._codes)

    async def run(self, names: dict[str, Any] | None = None) -> Any:
        """Run it; the value of its last expression, or None.

        `names` are those where the magic was called, by default the user's.
        """
        value = None
        if not self._codes:
            self.compile()
        module, local_names = namespaces(self.shell, names)
        for code in self._codes:
            value = await execute(self.shell, code, module, local_names)
        return value


async def execute(
    shell: InteractiveShell,
    code: CodeType,
    module: dict[str, Any],
    names: dict[str, Any] | None = None,
) -> Any:
    """The value of code, which is awaited if it awaits."""
    if code.co_flags & IS_COROUTINE:
        return await finished(shell, eval(code, module, names))
    return shell.cells.in_context(eval, code, module, names)


def namespaces(
    shell: InteractiveShell, names: dict[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The globals and the locals for code in a magic that was called among `names`.

    Within a function its variables are globals of the code: a comprehension would not
    see them otherwise. What the code binds goes to `names`.
    """
    if names is None or names is shell.user_ns:
        return shell.user_global_ns, shell.user_ns
    return {**shell.user_global_ns, **shell.user_ns, **names}, names


def _lines_above(shell: InteractiveShell, below: bool) -> int:
    """How many lines of the cell that runs stand above a snippet."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if shell.compile.is_cell(frame.f_code.co_filename):
            line: int = frame.f_lineno
            return line if below else line - 1
        frame = frame.f_back
    return 0
