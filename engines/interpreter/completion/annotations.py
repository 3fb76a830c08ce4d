"""What annotations promise: classes, without evaluating any code of the user's.

An annotation may be a class, something of `typing`, or the text of either. Names in a
text are looked up where the function or class was defined.
"""

from __future__ import annotations

import builtins
import sys

from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    Unknown,
    attribute,
    class_attribute,
    class_in_package,
    is_class,
    is_module,
    own_dict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import FunctionType
    from typing import Any

    Names = Callable[[str], Any]
    """A name's value; raises `Unknown`."""

# Annotations in annotations: deeper ones are not followed.
DEPTH = 8

# Of these generics the value is an argument's.
_TRANSPARENT = ("Annotated", "ClassVar", "Final", "Optional", "ReadOnly", "Required")


def globals_of(cls: type) -> dict[str, Any]:
    """The names where a class was defined."""
    module = sys.modules.get(cls.__module__) if type(cls) is type else None
    return own_dict(module) if is_module(module) else {}


def returned_by(function: FunctionType, owner: type | None = None) -> Any:
    """What calling a function gives, as its annotation says.

    Raises:
        Unknown: it does not.
    """
    declared = function.__annotations__.get("return", NOTHING)
    if declared is NOTHING:
        raise Unknown("no annotation")
    value = to_value(declared, function.__globals__, owner)
    if function.__code__.co_flags & 0x80:  # `async def`
        from types import CoroutineType

        return Instance(CoroutineType, (None, None, value))
    return value


def to_value(
    annotation: Any, names: dict[str, Any] | Names, owner: type | None = None
) -> Any:
    """An instance of what is annotated; for `type[X]` the class itself.

    Raises:
        Unknown: it is nothing with attributes of its own, like a type variable.
    """
    known = names if callable(names) else _table(names)
    return AnnotationReader(known, owner).value(annotation, 0)


def _table(names: dict[str, Any]) -> Names:
    def look_up(name: str) -> Any:
        found = names.get(name, NOTHING)
        if found is NOTHING:
            found = vars(builtins).get(name, NOTHING)
        if found is NOTHING:
            found = class_in_package(name, str(names.get("__name__") or "?"))
        if found is None:
            raise Unknown(name)
        return found

    return look_up


class AnnotationReader:
    """Reads annotations in one place's names."""

    def __init__(self, names: Names, owner: type | None = None) -> None:
        self.names = names
        self.owner = owner

    def value(self, annotation: Any, depth: int) -> Any:
        if depth > DEPTH:
            raise Unknown("too deep")
        if annotation is None or annotation is type(None):
            return Instance(type(None))
        kind = type(annotation)
        if kind is Instance:
            return annotation
        if kind is str:
            return self._of_text(annotation, depth)
        module = kind.__module__ if type(kind) is type else ""
        if module in ("typing", "types"):
            return self._of_typing(annotation, depth)
        if is_class(annotation):
            return Instance(annotation)
        raise Unknown("an annotation")

    def _of_typing(self, annotation: Any, depth: int) -> Any:
        name = getattr(annotation, "_name", None) or type(annotation).__name__
        if name == "Self" and self.owner is not None:
            return Instance(self.owner)
        text = getattr(annotation, "__forward_arg__", None)
        if isinstance(text, str):
            return self._of_text(text, depth)
        bound = getattr(annotation, "__bound__", None)
        if bound is None:
            bound = getattr(annotation, "__supertype__", None)  # NewType
        if bound is not None:
            return self.value(bound, depth + 1)
        arguments = getattr(annotation, "__args__", ())
        origin = getattr(annotation, "__origin__", None)
        if name in ("Union", "UnionType", "Optional", "_UnionGenericAlias"):
            return self._first(arguments, depth)
        if name == "Literal" and arguments:
            return Instance(type(arguments[0]))
        if hasattr(annotation, "__metadata__"):  # Annotated
            return self.value(origin, depth + 1)
        return self._generic(origin, arguments, depth)

    def _generic(self, origin: Any, arguments: tuple[Any, ...], depth: int) -> Any:
        label = getattr(origin, "_name", "") if not is_class(origin) else ""
        if label in _TRANSPARENT and arguments:
            return self._first(arguments, depth)
        if origin is type and arguments and is_class(arguments[0]):
            return arguments[0]
        if is_class(origin):
            return Instance(origin, tuple(self._resolved(one) for one in arguments))
        raise Unknown("a generic")

    def _resolved(self, argument: Any) -> Any:
        """An argument; one that is text is looked up here, where its names are."""
        text = getattr(argument, "__forward_arg__", argument)
        if type(text) is not str:
            return argument
        try:
            return self._of_text(text, 1)
        except Unknown:
            return None

    def _first(self, arguments: Any, depth: int) -> Any:
        """Of several possible types, the first that is one and not None."""
        for argument in arguments:
            if argument is None or argument is type(None):
                continue
            try:
                return self.value(argument, depth + 1)
            except Unknown:
                continue
        raise Unknown("none of them")

    # --- annotations that are text ----------------------------------------------------

    def _of_text(self, text: str, depth: int) -> Any:
        from ipcluster.engines.interpreter.completion.parsing import parse_expression

        try:
            node = parse_expression(text.strip())
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise Unknown(text) from None
        return self.of_node(node, depth)

    def of_node(self, node: ast.expr, depth: int = 0) -> Any:
        import ast

        if depth > DEPTH:
            raise Unknown("too deep")
        match node:
            case ast.Constant():
                return self.value(node.value, depth + 1)
            case ast.Name(id="Self") if self.owner is not None:
                return Instance(self.owner)
            case ast.Name() | ast.Attribute():
                return self.value(self._plain(node), depth + 1)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._first_node((left, right), depth)
            case ast.Subscript(value=value, slice=inner):
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return self._subscripted(self._plain(value), parts, depth)
        raise Unknown(ast.dump(node))

    def _plain(self, node: ast.expr) -> Any:
        import ast

        if isinstance(node, ast.Name):
            return self.names(node.id)
        if isinstance(node, ast.Attribute):
            return attribute(self._plain(node.value), node.attr)
        raise Unknown("no name")

    def _first_node(self, nodes: Any, depth: int) -> Any:
        import ast

        for node in nodes:
            if isinstance(node, ast.Constant) and node.value is None:
                continue
            try:
                return self.of_node(node, depth + 1)
            except Unknown:
                continue
        raise Unknown("none of them")

    def _subscripted(self, base: Any, parts: list[ast.expr], depth: int) -> Any:
        label = getattr(base, "_name", "") if not is_class(base) else ""
        if label == "Union" or label in _TRANSPARENT:
            return self._first_node(parts, depth)
        arguments = []
        for part in parts:
            try:
                arguments.append(self.of_node(part, depth + 1))
            except Unknown:
                arguments.append(None)
        if base is type and arguments:
            first = arguments[0]
            return first.cls if type(first) is Instance else first
        origin: Any = base if is_class(base) else getattr(base, "__origin__", None)
        if is_class(origin):
            return Instance(origin, tuple(arguments))
        raise Unknown("a generic")


def element_of(container: Any, key: Any = NOTHING) -> Any:
    """What an element of a generic is: of `list[X]`, `dict[K, X]`, `tuple[X, Y]`.

    Raises:
        Unknown: the generic does not say.
    """
    if type(container) is not Instance:
        raise Unknown("no generic")
    arguments = container.arguments
    cls = container.cls
    if issubclass(cls, str):
        return Instance(str)
    if not arguments:
        getter, _ = class_attribute(cls, "__getitem__")
        if type(getter).__name__ == "function":
            return returned_by(getter, cls)
        raise Unknown("no arguments")
    chosen = arguments[0]
    if issubclass(cls, tuple):
        many = [one for one in arguments if one is not ...]
        if len(many) == len(arguments) and type(key) is int and key < len(many):
            chosen = many[key]
    elif key is not NOTHING and len(arguments) == 2:
        chosen = arguments[1]  # a mapping's value
    if type(chosen) is Instance:
        return chosen
    return to_value(chosen, {})
