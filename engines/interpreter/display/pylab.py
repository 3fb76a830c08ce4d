"""Selecting a backend of matplotlib, and the names that `%pylab` brings."""

from __future__ import annotations

from importlib import import_module

from ipcluster.engines.interpreter.display.figures import (
    KINDS,
    print_figure,
    retina_figure,
    select_figure_formats,
    set_matplotlib_close,
    set_matplotlib_formats,
)
from ipcluster.engines.interpreter.display.inline import NAMES, register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "KINDS",
    "activate_matplotlib",
    "figsize",
    "find_gui_and_backend",
    "getfigs",
    "import_pylab",
    "list_backends",
    "print_figure",
    "retina_figure",
    "select_figure_formats",
    "set_matplotlib_close",
    "set_matplotlib_formats",
]

# What matplotlib calls the loops of GUIs, and the shell calls otherwise.
LOOPS = {"macosx": "osx"}
# "Loops" that need none of this process's: a browser has it.
NO_LOOPS = ("nbagg", "webagg", "headless", "")

# Before 3.9 matplotlib did not tell which backend a GUI has.
_OLD = {
    "tk": "TkAgg",
    "qt": "QtAgg",
    "qt5": "Qt5Agg",
    "qt6": "QtAgg",
    "gtk3": "GTK3Agg",
    "gtk4": "GTK4Agg",
    "wx": "WXAgg",
    "osx": "MacOSX",
    "macosx": "MacOSX",
    "agg": "agg",
    "svg": "svg",
    "pdf": "pdf",
    "ps": "ps",
    "notebook": "nbAgg",
    "nbagg": "nbAgg",
    "widget": "module://ipympl.backend_nbagg",
    "ipympl": "module://ipympl.backend_nbagg",
}


def _registry() -> Any:
    """The registry of backends that matplotlib has since 3.9, or None."""
    try:
        return import_module("matplotlib.backends.registry").backend_registry
    except ImportError:
        return None


def find_gui_and_backend(
    gui: str | None = None, gui_select: str | None = None
) -> tuple[str | None, str]:
    """The GUI loop and the backend for a name.

    Args:
        gui: a GUI (`qt`, `tk`), a backend (`agg`, `inline`, `module://...`), or None
            or "auto": what matplotlib's own configuration says.
        gui_select: the GUI that has been selected before: a process has but one.

    Raises:
        ValueError: matplotlib knows no such name.
    """
    matplotlib = import_module("matplotlib")
    if gui in NAMES:
        return None, register(matplotlib)
    found, backend = _resolved(matplotlib, gui)
    if backend in NAMES:
        return None, register(matplotlib)
    if gui_select and found and found != gui_select:
        found, backend = _resolved(matplotlib, gui_select)
    return found, backend


def _resolved(matplotlib: Any, gui: str | None) -> tuple[str | None, str]:
    registry = _registry()
    if gui in (None, "auto"):
        backend = _default_backend(matplotlib)
        if registry is None or backend in NAMES:
            return _old_loop(backend), backend
        backend, loop = registry.resolve_backend(backend)
        return _loop(loop), backend
    name = {ours: theirs for theirs, ours in LOOPS.items()}.get(gui or "", gui or "")
    if registry is None:
        backend = _OLD.get(name.lower(), name)
        return _old_loop(backend), backend
    try:
        backend, loop = registry.resolve_gui_or_backend(name)
    except RuntimeError:
        raise ValueError(
            f"matplotlib has no GUI or backend {gui!r}; "
            "%matplotlib --list shows what there is"
        ) from None
    return _loop(loop), backend


def _default_backend(matplotlib: Any) -> str:
    """The backend that matplotlib would choose, had nobody said anything."""
    backend = dict.__getitem__(matplotlib.rcParamsOrig, "backend")
    if isinstance(backend, str):
        return backend
    pyplot = import_module("matplotlib.pyplot")
    pyplot.switch_backend(backend)  # "auto": tries them
    return str(matplotlib.get_backend())


def _loop(name: str | None) -> str | None:
    return None if (name or "") in NO_LOOPS else LOOPS.get(name or "", name)


def _old_loop(backend: str) -> str | None:
    for gui, name in _OLD.items():
        if name.lower() == backend.lower():
            return gui if gui not in ("agg", "svg", "pdf", "ps", "notebook") else None
    return None


def list_backends() -> list[str]:
    """All names that `%matplotlib` takes."""
    registry = _registry()
    if registry is None:
        return sorted({"auto", "inline", *_OLD})
    register(import_module("matplotlib"))
    guis = {LOOPS.get(name, name) for name in registry.list_gui_frameworks()}
    return sorted({"auto", *guis, *registry.list_all()})


def activate_matplotlib(backend: str) -> None:
    """Make this the backend of figures, and draw at once.

    Raises:
        ImportError: what it needs is not installed, or another GUI's loop runs.
    """
    matplotlib = import_module("matplotlib")
    before = dict.__getitem__(matplotlib.rcParams, "backend")
    # Before pyplot is imported: it would try out what is configured.
    matplotlib.rcParams["backend"] = backend
    try:
        pyplot = import_module("matplotlib.pyplot")
        pyplot.switch_backend(backend)
    except ImportError:
        matplotlib.rcParams["backend"] = before
        raise
    matplotlib.interactive(True)
    # Then show() does not wait until all windows are closed, not even after ioff().
    pyplot.show._needmain = False


def import_pylab(user_ns: dict[str, Any], import_all: bool = True) -> None:
    """Put the names of NumPy and matplotlib into a namespace.

    That is `numpy`, `np`, `matplotlib`, `pylab`, `mlab`, `pyplot`, `plt`, `display`,
    `figsize` and `getfigs`, and with `import_all` everything in pylab and NumPy.
    """
    from ipcluster.engines.interpreter.display.functions import display

    numpy = import_module("numpy")
    modules = {
        name: import_module(f"matplotlib.{name}")
        for name in ("pylab", "mlab", "pyplot")
    }
    if import_all:
        for module in (modules["pylab"], numpy):
            for name in _public(module):
                user_ns[name] = getattr(module, name)
    user_ns.update(modules)
    user_ns.update(
        numpy=numpy,
        np=numpy,
        matplotlib=import_module("matplotlib"),
        plt=modules["pyplot"],
        display=display,
        figsize=figsize,
        getfigs=getfigs,
    )


def _public(module: Any) -> list[str]:
    """What `from module import *` brings."""
    names = getattr(module, "__all__", None)
    if names is None:
        names = [name for name in vars(module) if not name.startswith("_")]
    return list(names)


def figsize(sizex: float, sizey: float) -> None:
    """Set the size of new figures, in inches."""
    import_module("matplotlib").rcParams["figure.figsize"] = [sizex, sizey]


def getfigs(*fig_nums: int) -> list[Any]:
    """The open figures with these numbers; without any, all open ones."""
    managers = import_module("matplotlib._pylab_helpers").Gcf.figs
    for number in fig_nums:
        if number not in managers:
            print(f"there is no figure {number}")
    return [
        manager.canvas.figure
        for number, manager in managers.items()
        if not fig_nums or number in fig_nums
    ]
