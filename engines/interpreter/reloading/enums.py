"""Enumerations: members of the same name stay the same objects.

Of plain ones the value changes in the member. Where a member *is* its value, an `int`
for instance, it cannot: there the new member takes the place.
"""

from __future__ import annotations

import enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def take_members(old: Any, new: Any, undo: list[Callable[[], None]]) -> dict[str, Any]:
    """The attributes for `old`, with members that are its own."""
    members = {
        id(member): _member(old, name, member, undo)
        for name, member in new._member_map_.items()
        if member._name_ == name  # else it is an alias
    }

    def ours(value: Any) -> Any:
        return members.get(id(value), value)

    values: dict[str, Any] = {}
    for name, value in vars(new).items():
        if isinstance(value, dict):
            value = {key: ours(one) for key, one in value.items()}
        elif isinstance(value, enum.property) and hasattr(value, "member"):
            value.member = ours(value.member)
        values[name] = ours(value)
    # Combinations of flags that are about: they stay equal to new ones.
    known = set(map(id, old._member_map_.values()))
    for value, member in old._value2member_map_.items():
        if id(member) not in known:
            values["_value2member_map_"].setdefault(value, member)
    return values


def _member(old: Any, name: str, member: Any, undo: list[Callable[[], None]]) -> Any:
    """The member with this name that `old` has from now on."""
    before = old._member_map_.get(name)
    # An `int` of another value is another object; an alias is no member of its own.
    is_its_value = old._member_type_ is not object
    if (
        before is None
        or before._name_ != name
        or (is_its_value and before._value_ != member._value_)
    ):
        object.__setattr__(member, "__class__", old)
        member.__dict__["__objclass__"] = old
        return member
    attributes = dict(vars(before))

    def restore() -> None:
        vars(before).clear()
        vars(before).update(attributes)

    undo.append(restore)
    vars(before).update(vars(member))
    vars(before)["__objclass__"] = old
    return before
