"""Modules of the field's names, where they are not installed.

They have no code. Each name is looked up in the table (names.py) when it is asked for,
and is the very object of ours.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

from ipcluster.engines.interpreter.ecosystem.names import HOME, MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Served(ModuleType):
    """A module whose names are ours."""

    is_served = True

    def __getattr__(self, name: str) -> Any:
        home = names_of(self.__name__).get(name)
        if home is not None:
            value = resolve(*home)
            self.__dict__[name] = value
            return value
        child = f"{self.__name__}.{name}"
        if child in MODULES:
            return import_module(child)
        raise AttributeError(
            f"module {self.__name__!r} (served by ipcluster's shell: "
            f"{self.__name__.partition('.')[0]} is not installed) "
            f"has no attribute {name!r}"
        )

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *names_of(self.__name__)})


class ServingLoader:
    """Makes modules that look their names up."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Served(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        names: Any = module
        names.__all__ = [one for one in names_of(module.__name__) if one[0] != "_"]

    def serve(self, module: ModuleType) -> None:
        """Make a module that stands in for another a served one."""
        module.__class__ = Served
        self.exec_module(module)


def spec_of(name: str) -> ModuleSpec | None:
    """How to load a module of this name; None: there is none."""
    if name not in MODULES:
        return None
    if name.startswith("ipykernel") and not _in_kernel():
        return None  # nothing there would work
    # All are packages: who imports a name below one that is not here is told that it
    # is missing, and not that its parent is no package.
    loader: Any = ServingLoader()
    return ModuleSpec(name, loader, is_package=True)


def _in_kernel() -> bool:
    return "ipykernel" in sys.modules


def names_of(module: str) -> dict[str, tuple[str, str]]:
    """What a module has: each name's home, and its name there."""
    found: dict[str, tuple[str, str]] = {}
    for home, names in MODULES[module].items():
        place = f"{HOME}{home}" if home.startswith(".") else home
        for pair in names.split():
            theirs, _, ours = pair.partition("=")
            found[theirs] = (place, ours or theirs)
    return found


def resolve(place: str, name: str) -> Any:
    """An object of ours; the name "*" is the module itself."""
    module = import_module(place)
    return module if name == "*" else getattr(module, name)
