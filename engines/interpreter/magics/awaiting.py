"""Magics that await, in cells that await.

A magic may be `async def`, and some of ours run code with `await` in it: `%time await
f()`. Called as a function, from where no loop runs, such a magic runs to its end. In a
cell that awaits there is a loop, though, and loops do not nest. So where a cell has

    data = %fetch url                      with  async def fetch(line): ...
    %time await f()

the calls that were put in the place of these lines get an `await` before them. What is
within a plain `def` is left alone: Python has no `await` there.
"""

from __future__ import annotations

import ast

from ipcluster.engines.interpreter.runners import is_async, is_driven

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

_KINDS = {"run_line_magic": ("line", 2), "run_cell_magic": ("cell", 3)}
_AWAITS = (ast.Await, ast.AsyncFor, ast.AsyncWith)


def with_awaits(shell: InteractiveShell, tree: ast.Module) -> ast.Module:
    """A cell's tree in which the magics that await are awaited."""
    if not shell.autoawait:
        return tree
    search = _Search(shell)
    search.visit(tree)
    wanted = search.nested | search.sure
    if search.sure or search.awaits:  # it runs in a loop
        wanted |= search.maybe
    if not wanted:
        return tree
    changed: ast.Module = _Change(wanted).visit(tree)
    return ast.fix_missing_locations(changed)


class _Search(ast.NodeVisitor):
    """Finds calls of magics that can be awaited where they stand."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.sure: set[ast.Call] = set()  # they have to be
        self.maybe: set[ast.Call] = set()  # if the cell awaits anyway
        self.nested: set[ast.Call] = set()  # in an `async def`: always in a loop
        self.awaits = False
        self._depth = 0
        self._done: set[ast.AST] = set()  # what the user awaits

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            return  # no `await` in there
        if isinstance(node, ast.GeneratorExp):
            return  # it runs later, wherever it is used
        is_function = isinstance(node, ast.AsyncFunctionDef)
        self._depth += is_function
        awaits = isinstance(node, _AWAITS) or getattr(node, "is_async", False)
        if awaits and not self._depth:
            self.awaits = True
        if isinstance(node, ast.Await):
            self._done.add(node.value)
        if isinstance(node, ast.Call) and node not in self._done:
            self._on_call(node)
        self.generic_visit(node)
        self._depth -= is_function

    def _on_call(self, node: ast.Call) -> None:
        kind, words = _magic_of(node)
        if kind is None:
            return
        function = _behind_aliases(self.shell, words[0], kind)
        if not is_async(function):
            return
        if self._depth:
            self.nested.add(node)
        elif is_driven(function) and not _says_await(words[1:]):
            self.maybe.add(node)
        else:
            self.sure.add(node)


def _magic_of(node: ast.Call) -> tuple[str | None, list[str]]:
    """The kind of magic that is called here, its name and its text; None: no magic."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr not in _KINDS:
        return None, []
    kind, count = _KINDS[function.attr]
    words = [one.value for one in node.args if isinstance(one, ast.Constant)]
    if len(node.args) != count or len(words) != count or node.keywords:
        return None, []
    return kind, [str(word) for word in words]


def _behind_aliases(shell: InteractiveShell, name: str, kind: str) -> Any:
    function = shell.find_magic(name, kind)
    for _ in range(10):  # an alias may name itself
        if not hasattr(function, "magic_name"):
            break
        function = shell.find_magic(function.magic_name, function.magic_kind)
    return function


def _says_await(texts: list[str]) -> bool:
    return any("await" in text or "async" in text for text in texts)


class _Change(ast.NodeTransformer):
    """Puts `await` before calls, and tells them so."""

    def __init__(self, wanted: set[ast.Call]) -> None:
        self.wanted = wanted

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if node not in self.wanted:
            return node
        node.keywords.append(ast.keyword("_awaited", ast.Constant(True)))
        return ast.copy_location(ast.Await(node), node)
