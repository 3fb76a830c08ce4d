"""Code of the user's inside a template: what `%%code_wrap` and profilers do to cells.

    ReplaceCodeTransformer.from_string(template), with a template such as

    ___began = clock()
    try:
        __code__
    finally:
        print(clock() - ___began)
    __ret__

`__code__` is where the cell's statements go, `__ret__` the value of its last expression
(None without one). Names of the template that begin with three underscores get a `-`
into them, so they are nobody else's.
"""

from __future__ import annotations

import ast
import copy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

CODE, RETURNED = "__code__", "__ret__"
# Where the value of the cell's last expression is kept.
_KEPT = "mangle-ret"


def is_mangled(name: str) -> bool:
    return name.startswith("___")


class Mangler(ast.NodeTransformer):
    """Renames what a template binds, so it does not meet names of the user's."""

    def __init__(self, predicate: Callable[[str], bool] | None = None) -> None:
        self.predicate = predicate or is_mangled

    def _mangled(self, name: str) -> str:
        return f"mangle-{name}" if self.predicate(name) else name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._mangled(node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._mangled(node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._mangled(node.arg)
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        bound = node.asname or node.name
        if self._mangled(bound) != bound:
            node.asname = self._mangled(bound)
        return node


class ReplaceCodeTransformer(ast.NodeTransformer):
    """Puts a cell's tree into a template; one for `shell.ast_transformers`."""

    def __init__(
        self,
        template: ast.Module,
        mapping: Mapping[str, ast.AST] | None = None,
        mangling_predicate: Callable[[str], bool] | None = None,
    ) -> None:
        self.enabled = True
        self.debug = False
        self.template = Mangler(mangling_predicate).visit(template)
        self.mapping = dict(mapping or {})

    @classmethod
    def from_string(
        cls,
        template: str,
        mapping: Mapping[str, ast.AST] | None = None,
        mangling_predicate: Callable[[str], bool] | None = None,
    ) -> ReplaceCodeTransformer:
        """One whose template is source text."""
        return cls(ast.parse(template), mapping, mangling_predicate)

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """The tree to run instead."""
        if not self.enabled:
            return node
        body = list(node.body)
        returned: ast.expr = ast.Constant(None)
        last = body[-1] if body else None
        if isinstance(last, ast.Expr):
            del body[-1]
            kept = ast.Assign([ast.Name(_KEPT, ast.Store())], last.value)
            body.append(ast.copy_location(kept, last))
            returned = ast.Name(_KEPT, ast.Load())
        given: dict[str, Any] = {CODE: body, RETURNED: returned, **self.mapping}
        whole: ast.Module = _Filled(given).visit(copy.deepcopy(self.template))
        if self.debug:
            print(ast.unparse(ast.fix_missing_locations(copy.deepcopy(whole))))
        return ast.fix_missing_locations(whole)


class _Filled(ast.NodeTransformer):
    """Puts trees in the places of names."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given

    def visit_Expr(self, node: ast.Expr) -> Any:
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        found = self.given.get(name)
        if isinstance(found, list):
            return found or ast.Pass()
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        found = self.given.get(node.id)
        return node if found is None or isinstance(found, list) else found
