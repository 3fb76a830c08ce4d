"""The backend of matplotlib that shows figures in the output, after each cell.

matplotlib imports this module, and calls the functions that it has by name
(https://matplotlib.org/stable/users/explain/figure/backends.html). A figure that pyplot
makes or draws on in interactive mode is noted down, and displayed when the cell ends.
What is made under `plt.ioff()` waits for `plt.show()`.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import matplotlib
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ipcluster.engines.interpreter.display.functions import display
from ipcluster.engines.interpreter.shell import get_ipython

# Figures to show when the cell ends, in the order in which they were noted.
_noted: list[Any] = []
# Figures that have been shown and are still open: a change of one shows it again.
_open: WeakSet[Any] = WeakSet()


class FigureCanvas(FigureCanvasAgg):  # type: ignore[misc]  # matplotlib is Any here
    """Draws when an image is wanted, and at no other time."""

    def draw_idle(self, *args: Any, **kwargs: Any) -> None:
        """The cell's end will show it: nobody looks before."""


FigureManager = FigureManagerBase


def new_figure_manager(
    num: int | str, *args: Any, FigureClass: type[Any] = Figure, **kwargs: Any
) -> Any:
    """A manager of a new figure."""
    return new_figure_manager_given_figure(num, FigureClass(*args, **kwargs))


def new_figure_manager_given_figure(num: Any, figure: Any) -> Any:
    """A manager of this figure."""
    manager = FigureManagerBase(FigureCanvas(figure), num)
    if matplotlib.is_interactive():
        _note(figure)
    return manager


def draw_if_interactive() -> None:
    """Note the current figure: pyplot has drawn on it."""
    manager = Gcf.get_active()
    if manager is not None and matplotlib.is_interactive():
        _note(manager.canvas.figure)


def show(close: bool | None = None, block: bool | None = None) -> None:
    """Display all figures of pyplot; `close` them, or as `close_figures` says."""
    _show([manager.canvas.figure for manager in Gcf.get_all_fig_managers()], close)


def flush_figures() -> None:
    """A cell has ended: display the figures that were noted down, or have changed."""
    figures = _noted[:]
    if _open and matplotlib.is_interactive():
        figures += [one for one in _open if one.stale and one not in figures]
    if figures:
        _show(figures, None)


def _note(figure: Any) -> None:
    if figure not in _noted:
        _noted.append(figure)
    shell = get_ipython()
    if shell is not None:
        shell.events.register("post_execute", flush_figures)  # once; again is no harm


def _show(figures: list[Any], close: bool | None) -> None:
    shell = get_ipython()
    if close is None:
        close = True if shell is None else shell.inline_backend.close_figures
    managers = {
        manager.canvas.figure: manager for manager in Gcf.get_all_fig_managers()
    }
    try:
        for figure in figures:
            if figure in managers:  # not closed by the user
                display(figure)
                figure.stale = False
                _open.add(figure)
    finally:
        # Whatever failed: the next cell does not show them once more.
        for figure in figures:
            if figure in _noted:
                _noted.remove(figure)
            if close and figure in managers:
                Gcf.destroy(managers[figure])
                _open.discard(figure)
