"""How much of the user's code completing may run.

    forbidden   nothing at all
    minimal     literals and builtins; nothing of the session
    limited     names, stored attributes, items of builtin containers and of arrays and
                tables, operators of numbers and texts: what cannot have side effects
    unsafe      every attribute, item, operator and call, but no statement
    dangerous   `eval`

`IPCompleter.policy_overrides` changes single fields of the chosen policy.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAMES = ("forbidden", "minimal", "limited", "unsafe", "dangerous")


class Policy:
    """What may be done while an expression is evaluated."""

    allow_builtins_access = False
    allow_locals_access = False
    allow_globals_access = False
    allow_attr_access = False
    allow_item_access = False
    allow_any_calls = False
    allow_all_operations = False
    allow_auto_import = False
    allow_anything = False
    # Names of modules whose classes may run their own code when an attribute is read.
    trusted_modules: frozenset[str] = frozenset()
    # As IPython has them: classes as ("module", "Class") or ("module",), classes
    # themselves, functions that may be called.
    allowed_getattr: frozenset[Any] = frozenset()
    allowed_getattr_external: frozenset[Any] = frozenset()
    allowed_getitem: frozenset[Any] = frozenset()
    allowed_getitem_external: frozenset[Any] = frozenset()
    allowed_operations: frozenset[Any] = frozenset()
    allowed_operations_external: frozenset[Any] = frozenset()
    allowed_calls: frozenset[Any] = frozenset()

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            if name.startswith("_") or not hasattr(type(self), name):
                known = ", ".join(sorted(n for n in vars(Policy) if n[0] != "_"))
                raise ValueError(
                    f"policy_overrides has no {name!r}; a policy has {known}"
                )
            if isinstance(value, (set, list, tuple)):
                value = frozenset(value)
            setattr(self, name, value)

    def may_read(self, cls: type) -> bool:
        """Whether any attribute of instances of this class may be read."""
        return self.allow_any_calls or _is_listed(
            cls, self.allowed_getattr, self.allowed_getattr_external
        )

    def may_index(self, cls: type) -> bool:
        return self.allow_any_calls or _is_listed(
            cls, self.allowed_getitem, self.allowed_getitem_external
        )

    def may_operate(self, cls: type) -> bool:
        return self.allow_all_operations or _is_listed(
            cls, self.allowed_operations, self.allowed_operations_external
        )

    def may_call(self, function: Any) -> bool:
        if self.allow_any_calls:
            return True
        return any(function is one for one in self.allowed_calls)


def _is_listed(cls: type, classes: frozenset[Any], names: frozenset[Any]) -> bool:
    if any(cls is one for one in classes):
        return True
    if not names or type(cls) is not type:
        return False
    module = cls.__module__
    return (
        (module, cls.__qualname__) in names
        or (module,) in names
        or (module.partition(".")[0],) in names
    )


_MINIMAL = {"allow_builtins_access": True}
_LIMITED = {
    **_MINIMAL,
    "allow_locals_access": True,
    "allow_globals_access": True,
    "allow_attr_access": True,
    "allow_item_access": True,
}
_UNSAFE = {**_LIMITED, "allow_any_calls": True, "allow_all_operations": True}

_FIELDS: dict[str, dict[str, Any]] = {
    "forbidden": {},
    "minimal": _MINIMAL,
    "limited": _LIMITED,
    "unsafe": _UNSAFE,
    "dangerous": {**_UNSAFE, "allow_anything": True},
}


def policy_of(name: str, overrides: Mapping[str, Any]) -> Policy:
    """The policy of this name, with some of its fields changed.

    Raises:
        ValueError: there is no such field.
    """
    return Policy(**{**_FIELDS[name], **overrides})
