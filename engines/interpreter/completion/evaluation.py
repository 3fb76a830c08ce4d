"""The value of an expression, as far as it can be had without side effects.

What cannot be computed may still be known by its class (`Instance`): a call of a class,
of a function with an annotation, a comparison. What is not even that is `Unknown`.
"""

from __future__ import annotations

import builtins

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    Unknown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.completion.cell_scope import CellScope
    from ipcluster.engines.interpreter.completion.policies import Policy

# An expression that nests deeper is not looked into.
DEPTH = 60


class Evaluator:
    """Evaluates in a session's names, and before them in those of the typed cell."""

    def __init__(
        self,
        names: Mapping[str, Any],
        module: Mapping[str, Any],
        policy: Policy,
        *,
        cell: CellScope | None = None,
        auto_import: Callable[[str], Any] | None = None,
    ) -> None:
        self.names = names
        self.module = module
        self.policy = policy
        self.cell = cell
        self.auto_import = auto_import
        self._depth = 0

    def evaluate(self, source: str) -> Any:
        """The value of an expression.

        Raises:
            Unknown: it cannot be told.
        """
        policy = self.policy
        try:
            if policy.allow_anything:
                return eval(source, dict(self.module), dict(self.names))
            parts = source.split(".")
            if all(part.isidentifier() for part in parts) and parts[0] not in _WORDS:
                value = self.name(parts[0])  # the commonest, without `ast`
                for part in parts[1:]:
                    value = self.attribute(value, part)
                return value
            from ipcluster.engines.interpreter.completion.parsing import (
                parse_expression,
            )

            return self.node(parse_expression(source))
        except Unknown:
            raise
        except Exception as error:
            raise Unknown(source) from error

    def try_evaluate(self, source: str) -> Any:
        """The value of an expression; NOTHING when it cannot be told."""
        try:
            return self.evaluate(source)
        except Unknown:
            return NOTHING

    # --- names and attributes ---------------------------------------------------------

    def name(self, name: str) -> Any:
        policy = self.policy
        if self.cell is not None and policy.allow_locals_access:
            found = self.cell.look_up(name, self)
            if found is not NOTHING:
                return found
        if policy.allow_locals_access and name in self.names:
            return self.names[name]
        if policy.allow_globals_access and name in self.module:
            return self.module[name]
        if policy.allow_builtins_access:
            found = vars(builtins).get(name, NOTHING)
            if found is not NOTHING:
                return found
        if policy.allow_auto_import and self.auto_import is not None:
            return self.auto_import(name)
        raise Unknown(name)

    def attribute(self, value: Any, name: str) -> Any:
        policy = self.policy
        if not policy.allow_attr_access:
            raise Unknown("attributes may not be read")
        if type(value) is not Instance and policy.may_read(type(value)):
            return getattr(value, name)
        return a.attribute(value, name, policy.trusted_modules)

    # --- syntax -----------------------------------------------------------------------

    def node(self, node: ast.expr) -> Any:
        """The value of a piece of syntax."""
        self._depth += 1
        try:
            if self._depth > DEPTH:
                raise Unknown("too deep")
            handle = getattr(self, f"_{type(node).__name__.lower()}", None)
            if handle is None:
                raise Unknown(type(node).__name__)
            return handle(node)
        finally:
            self._depth -= 1

    def guess(self, node: ast.expr) -> Any:
        """A value, or an instance of `object` for one that is not known."""
        try:
            return self.node(node)
        except Unknown:
            return Instance(object)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _name(self, node: ast.Name) -> Any:
        return self.name(node.id)

    def _attribute(self, node: ast.Attribute) -> Any:
        return self.attribute(self.node(node.value), node.attr)

    def _namedexpr(self, node: ast.NamedExpr) -> Any:
        return self.node(node.value)

    def _ifexp(self, node: ast.IfExp) -> Any:
        try:
            return self.node(node.body)
        except Unknown:
            return self.node(node.orelse)

    def _boolop(self, node: ast.BoolOp) -> Any:
        for value in reversed(node.values):
            found = self.guess(value)
            if type(found) is not Instance or found.cls is not object:
                return found
        raise Unknown("and, or")

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.guess(one) for one in node.elts)

    def _list(self, node: ast.List) -> Any:
        return [self.guess(one) for one in node.elts]

    def _set(self, node: ast.Set) -> Any:
        return Instance(set)

    def _dict(self, node: ast.Dict) -> Any:
        found = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                name = self.guess(key)
                if is_plain(name):
                    found[name] = self.guess(value)
        return found

    def _joinedstr(self, _node: ast.JoinedStr) -> Any:
        return Instance(str)

    def _listcomp(self, node: ast.ListComp) -> Any:
        return Instance(list)

    def _setcomp(self, node: ast.SetComp) -> Any:
        return Instance(set)

    def _dictcomp(self, node: ast.DictComp) -> Any:
        return Instance(dict)

    def _generatorexp(self, node: ast.GeneratorExp) -> Any:
        from types import GeneratorType

        return Instance(GeneratorType)

    def _lambda(self, node: ast.Lambda) -> Any:
        from types import FunctionType

        return Instance(FunctionType)

    def _await(self, node: ast.Await) -> Any:
        awaited = self.node(node.value)
        if type(awaited) is Instance and awaited.arguments:
            from ipcluster.engines.interpreter.completion.annotations import to_value

            return to_value(awaited.arguments[-1], {})
        raise Unknown("await")

    # --- what operations.py knows -----------------------------------------------------

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        from ipcluster.engines.interpreter.completion import operations

        return operations.unary(self, node)

    def _binop(self, node: ast.BinOp) -> Any:
        from ipcluster.engines.interpreter.completion import operations

        return operations.binary(self, node)

    def _compare(self, node: ast.Compare) -> Any:
        from ipcluster.engines.interpreter.completion import operations

        return operations.compare(self, node)

    def _subscript(self, node: ast.Subscript) -> Any:
        from ipcluster.engines.interpreter.completion import operations

        return operations.subscript(self, self.node(node.value), node.slice)

    def _call(self, node: ast.Call) -> Any:
        from ipcluster.engines.interpreter.completion import operations

        return operations.call(self, node)


_WORDS = frozenset({"None", "True", "False"})

_PLAIN = (str, bytes, int, float, complex, bool, type(None), type(...))


def is_plain(value: Any) -> bool:
    """Whether a value is a number, a text, or a tuple of them: no code of a user's."""
    if type(value) is tuple:
        return all(is_plain(one) for one in value)
    return type(value) in _PLAIN
