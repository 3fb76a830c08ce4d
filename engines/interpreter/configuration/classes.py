"""All classes with options, by the names that config files know them by.

Most of them are imported when somebody first needs them; here is where they are, for
those who ask about all: `--help-all`, a new config file, the search for misspellings.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.configuration.options import Configurable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLACE = "ipcluster.engines.interpreter"

# Section of a config: the module of its class.
PLACES = {
    "InteractiveShell": "shell",
    "TerminalIPythonApp": "configuration.application",
    "AliasManager": "aliases",
    "InlineBackend": "display.inline",
    "IPCompleter": "completion.completer",
    "HistoryManager": "history.manager",
    "DisplayFormatter": "display.formatters",
    "PlainTextFormatter": "display.plaintext",
    "MagicsManager": "magics.registry",
}

# Sections that people's files have for classes of other programs, or without options.
FOREIGN = frozenset(
    {
        "BuiltinTrap",
        "ConnectionFileMixin",
        "DisplayTrap",
        "IPKernelApp",
        "IPythonKernel",
        "InlineBackendConfig",
        "InteractiveShellEmbed",
        "Kernel",
        "KernelManager",
        "KernelRestarter",
        "KernelSpecManager",
        "MultiKernelManager",
        "PrefilterManager",
        "ProfileDir",
        "ProfileManager",
        "Session",
        "ZMQInteractiveShell",
        "ZMQTerminalInteractiveShell",
    }
)


def import_class(name: str) -> type[Configurable] | None:
    """The class of a section, imported if need be; None: it is none of ours."""
    from importlib import import_module

    place = PLACES.get(name) or _magics().get(name)
    if place is None:
        return None
    try:
        found = getattr(import_module(f"{_PLACE}.{place}"), name)
    except (ImportError, AttributeError):
        return None
    return found if isinstance(found, type) else None


def _magics() -> dict[str, str]:
    from ipcluster.engines.interpreter.magics.registry import TABLE

    return {name: f"magics.{module}" for module, name in TABLE}


def import_all() -> None:
    """Import every class that the tables name."""
    for name in (*PLACES, *_magics()):
        import_class(name)


def live() -> dict[str, type[Configurable]]:
    """The classes that are imported by now, an extension's among them, by name."""
    return {
        name: cls
        for cls in _below(Configurable)
        if not (name := cls.__name__).startswith("_")
    }


def _below(cls: type[Configurable]) -> Iterator[type[Configurable]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _below(sub)


def foreign_options(section: str) -> Iterable[str] | None:
    """The options of a class that traitlets makes settable; None: it has none such."""
    import sys

    configurable = getattr(
        sys.modules.get("traitlets.config.configurable"), "Configurable", None
    )
    waiting = [] if configurable is None else [configurable]
    while waiting:
        cls = waiting.pop()
        if cls.__name__ == section:
            names: Iterable[str] = cls.class_trait_names(config=True)
            return names
        waiting += cls.__subclasses__()
    return None
