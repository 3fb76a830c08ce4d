"""Which loops can be kept alive, by name; users register more.

def hook(waiting):
while not waiting.input_is_ready():
my_toolkit.step()

register("mine", hook)      # then: %gui mine
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.gui.waiting import Hook

_PLACE = "ipcluster.engines.interpreter.gui"

# Name: the module that has its hook. None: the prompt's own loop does it.
_MODULES: dict[str, str | None] = {
    "asyncio": None,
    "glut": "glut",
    "gtk": "gtk",
    "gtk3": "gtk",
    "gtk4": "gtk",
    "osx": "cocoa",
    "pyglet": "pyglet",
    "qt": "qt",
    "qt5": "qt",
    "qt6": "qt",
    "tk": "tk",
    "trio": "guest",
    "wx": "wx",
}
# What people and libraries also say.
ALIASES = {"cocoa": "osx", "macosx": "osx", "gtk2": "gtk", "qt4": "qt"}
# Names of backends whose windows are somewhere else: they need no loop here.
ELSEWHERE = (
    "agg",
    "headless",
    "inline",
    "ipympl",
    "nbagg",
    "none",
    "notebook",
    "webagg",
    "widget",
)

registered: dict[str, Hook] = {}


class UnknownBackend(KeyError, ValueError):
    """There is no loop of this name."""

    def __init__(self, name: object) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"there is no loop {self.name!r}; there are {', '.join(names())}"


def names() -> list[str]:
    """All names that `%gui` takes."""
    return sorted({*_MODULES, *registered})


def register(name: str, inputhook: Hook) -> None:
    """Make a hook known by a name."""
    if not callable(inputhook):
        raise TypeError(f"a hook is a function of one argument, not {inputhook!r}")
    registered[name] = inputhook


def find(name: str, shell: Any = None) -> tuple[str, Hook | None]:
    """A loop's proper name and its hook; its toolkit is imported.

    Raises:
        UnknownBackend: there is no such loop.
        ImportError: the toolkit is not installed, or there is no display.
    """
    if name in registered:
        return name, registered[name]
    proper = ALIASES.get(name.lower(), name.lower())
    if proper not in _MODULES:
        raise UnknownBackend(name)
    module = _MODULES[proper]
    if module is None:
        return proper, None
    toolkit: Any = import_module(f"{_PLACE}.{module}")
    proper = toolkit.start(proper, shell)
    return proper, getattr(toolkit, "hook", None)


def get_inputhook_name_and_func(gui: str) -> tuple[str, Hook | None]:
    """`find`, under the name that the field knows."""
    return find(gui)
