"""Names of an engine's values, sent in the place of the values."""

from __future__ import annotations

import ast
from typing import Any


class Reference:
    """Stands for what `name` is on the engine; an expression such as `a.b[0]` will do.

    It is looked up in the engine's namespace when the call it was given to starts.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a reference names a value with a str, not {name!r}")
        try:
            ast.parse(name.strip(), mode="eval")
        except SyntaxError as error:
            raise ValueError(f"{name!r} is not a Python expression") from error
        self.name = name.strip()

    def __reduce__(self) -> tuple[type[Reference], tuple[str]]:
        return Reference, (self.name,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other.name == self.name

    def __hash__(self) -> int:
        return hash((Reference, self.name))

    def __repr__(self) -> str:
        return f"<Reference: {self.name!r}>"

    def get_object(self, g: dict[str, Any] | None = None) -> Any:
        """The value in `g`, under the name that ipyparallel has for it."""
        return self.get({} if g is None else g)

    def get(self, namespace: dict[str, Any]) -> Any:
        """The value in `namespace`, which the expression may also change."""
        if self.name in namespace:
            return namespace[self.name]
        return eval(self.name, namespace)


def resolve(obj: Any, namespace: dict[str, Any]) -> Any:
    """`(args, kwargs)`, or one value, with its references replaced by what they name.

    A reference is found as an argument, and in an argument that is exactly a list,
    tuple or dict, one level deep. Containers are copied only when they hold one.
    """
    if type(obj) is tuple and len(obj) == 2 and type(obj[0]) is tuple:
        args, keywords = obj
        if type(keywords) is dict:
            return (
                tuple(_resolve_one(value, namespace) for value in args),
                {
                    key: _resolve_one(value, namespace)
                    for key, value in keywords.items()
                },
            )
    return _resolve_one(obj, namespace)


def _resolve_one(value: Any, namespace: dict[str, Any]) -> Any:
    kind = type(value)
    if kind is Reference:
        return value.get(namespace)
    if kind is list or kind is tuple:
        if Reference in map(type, value):
            return kind(
                item.get(namespace) if type(item) is Reference else item
                for item in value
            )
    elif kind is dict and Reference in map(type, value.values()):
        return {
            key: item.get(namespace) if type(item) is Reference else item
            for key, item in value.items()
        }
    return value
