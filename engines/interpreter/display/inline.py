"""Options of the backend that shows figures in the output, and when it is the default.

`%matplotlib inline` selects it anywhere. A front end that can show images (a notebook,
a console of an engine) has it from the start: when the user's code imports matplotlib,
and not before. The environment variable MPLBACKEND has a say in that, as always.

inline_backend.py is the backend itself. It imports matplotlib, and only matplotlib
imports it.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Configurable, Option
from ipcluster.engines.interpreter.display.figures import checked_formats
from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

BACKEND = "ipcluster.engines.interpreter.display.inline_backend"

# What selects ours: its names, and those of the package that Jupyter's kernel has for
# this, which a parent process may have left in MPLBACKEND.
NAMES = (
    "inline",
    f"module://{BACKEND}",
    "module://matplotlib_inline.backend_inline",
)


class InlineBackend(Configurable):
    """How figures are shown in the output."""

    figure_formats = Option[set[str]](
        {"png"},
        "Formats of figures: png, retina, jpeg, svg, pdf.",
        check=checked_formats,
    )
    figure_format = Option("", "One format: sets figure_formats.", check=str)
    print_figure_kwargs = Option[dict[str, "Any"]](
        {"bbox_inches": "tight"}, "Options of the image: dpi, facecolor, ..."
    )
    close_figures = Option(
        True, "Close figures that have been shown, so that each cell begins anew."
    )
    rc = Option[dict[str, "Any"]](
        {}, "rcParams of matplotlib that count for this backend alone."
    )

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._before: dict[str, Any] = {}
        super().__init__(shell.config)

    def on_option(self, name: str, old: Any, new: Any) -> None:
        if name == "figure_format" and new:
            self.figure_formats = checked_formats(new)

    def switch(self, matplotlib: Any, backend: str) -> None:
        """A backend has been selected: `rc` counts for ours, and for no other."""
        if backend in NAMES:
            for name, value in self.rc.items():
                self._before.setdefault(name, matplotlib.rcParams[name])
                matplotlib.rcParams[name] = value
        else:
            matplotlib.rcParams.update(self._before)
            self._before.clear()


def register(matplotlib: Any) -> str:
    """Make our backend known as "inline"; the name that selects it.

    Where matplotlib-inline is installed, that name is its: ours takes it over.
    Matplotlib before 3.9 has no such names.
    """
    from importlib import import_module

    try:
        registry = import_module("matplotlib.backends.registry").backend_registry
        # Else these names would come later, and find ours in their way.
        registry._ensure_entry_points_loaded()
        registry._name_to_module["inline"] = f"module://{BACKEND}"
        registry._backend_to_gui_framework["inline"] = "headless"
    except (ImportError, AttributeError):
        return f"module://{BACKEND}"
    return "inline"


# --- being the default ----------------------------------------------------------------


def watch() -> None:
    """Let ours be matplotlib's default backend, once that is imported."""
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is None:
        when_imported("matplotlib", _be_default)
        return
    chosen = getattr(matplotlib.rcParams, "_get_backend_or_none", None)
    if chosen is not None and chosen() is None:
        _be_default(matplotlib)


def unwatch() -> None:
    """Leave matplotlib alone."""
    forget("matplotlib", _be_default)


def _be_default(matplotlib: Any) -> None:
    import os

    if os.environ.get("MPLBACKEND") not in (None, "", *NAMES):
        return
    name = register(matplotlib)
    matplotlib.rcParams["backend"] = name
    matplotlib.rcParamsOrig["backend"] = name
    matplotlib.interactive(True)
