"""Every class with options that a shell has, also those that are not loaded yet.

`%config`, its completion, and whoever checks names in a config file ask here. Parts of
the shell and classes of magics are imported for it, and made when one is to be set.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Configurable
from ipcluster.engines.interpreter.parts import Part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ipcluster.engines.interpreter.magics.registry import MagicsManager
    from ipcluster.engines.interpreter.shell import InteractiveShell

    Found = tuple[type[Configurable], Callable[[], Configurable]]
    """A class with options, and what gives the object that has them."""


def class_table(shell: InteractiveShell) -> dict[str, type[Configurable]]:
    """Classes with options, by name, in the order of their names."""
    return {name: found[0] for name, found in sorted(find_all(shell).items())}


def find_all(shell: InteractiveShell) -> dict[str, Found]:
    """Classes with options, and how to come at their objects."""
    table: dict[str, Found] = {}
    for found in (*_made(shell), *_parts(shell), *_of_magics(shell)):
        if found[0].options():
            table.setdefault(found[0].__name__, found)
    return table


def find(shell: InteractiveShell, name: str) -> Configurable | None:
    """The object with the options of a class; its bases' names mean it as well.

    `InteractiveShell` means the shell, whatever its class is called.
    """
    for made in shell.configurables:
        if type(made).__name__ == name:
            return made
    for made in shell.configurables:
        if name in made.sections():
            return made
    table = find_all(shell)
    for cls, give in table.values():
        if cls.__name__ == name or name in cls.sections():
            return give()
    return None


def _made(shell: InteractiveShell) -> Iterator[Found]:
    for made in list(shell.configurables):
        yield type(made), _giver(made)
    formatters = getattr(shell.display_formatter, "formatters", None)
    if isinstance(formatters, dict):
        for one in formatters.values():
            if isinstance(one, Configurable):
                yield type(one), _giver(one)


def _giver(made: Configurable) -> Callable[[], Configurable]:
    return lambda: made


def _parts(shell: InteractiveShell) -> Iterator[Found]:
    """Parts that nobody has asked for yet."""
    from importlib import import_module

    for base in type(shell).__mro__:
        for name, part in vars(base).items():
            if not isinstance(part, Part):
                continue
            module, _, class_name = part.place.partition(":")
            cls = getattr(import_module(module), class_name, None)
            if isinstance(cls, type) and issubclass(cls, Configurable):
                yield cls, _attribute_giver(shell, name)


def _attribute_giver(shell: InteractiveShell, name: str) -> Callable[[], Configurable]:
    return lambda: getattr(shell, name)


def _of_magics(shell: InteractiveShell) -> Iterator[Found]:
    """Classes of magics, which may have options."""
    from importlib import import_module

    from ipcluster.engines.interpreter.magics import registry

    manager = shell.magics_manager
    package = registry.__name__.rpartition(".")[0]
    for home in registry.TABLE:
        module = import_module(f"{package}.{home[0]}")
        yield getattr(module, home[1]), _loader(manager, home)


def _loader(
    manager: MagicsManager, home: tuple[str, str]
) -> Callable[[], Configurable]:
    return lambda: manager.load(home)
