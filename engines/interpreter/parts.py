"""Parts of an object that are made when somebody first asks for them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Part:
    """An attribute whose class is imported, and called with the owner, on first use.

    `place` is `"module:Class"`. The instance then stands in the owner's `__dict__`, so
    the next look-up does not come here, and an assignment replaces it.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        from importlib import import_module

        module, _, name = self.place.partition(":")
        part = getattr(import_module(module), name)(instance)
        instance.__dict__[self.name] = part
        instance.on_part(part)
        return part
