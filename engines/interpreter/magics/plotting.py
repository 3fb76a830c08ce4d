"""matplotlib at the prompt: `%matplotlib`, `%pylab`."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.options import options_first
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@magics_class
class PylabMagics(Magics):
    """Magics about matplotlib."""

    @line_magic
    def matplotlib(self, line: str = "") -> None:
        """Choose where matplotlib draws, and see what it draws at once.

            %matplotlib [--list] [gui]

            %matplotlib inline     images in the output, after each cell
            %matplotlib qt         windows of Qt, alive while the prompt waits
            %matplotlib agg        no windows; also pdf, svg, ...
            %matplotlib            what matplotlib's own configuration says

        -l, --list: show all names.

        Images in the output are PNG. `%config InlineBackend.figure_formats = ["svg"]`
        changes that; `%config InlineBackend` shows what else there is.
        """
        options, rest = self.parse_options(options_first(line), "l", "list")
        from ipcluster.engines.interpreter.display import pylab

        if "l" in options or "list" in options:
            names = _checked(pylab.list_backends)
            print(f"Available matplotlib backends: {names}")
            return
        gui = _gui(rest)
        _, backend = _checked(self.shell.enable_matplotlib, gui)
        _tell(gui, backend)

    @line_magic
    def pylab(self, line: str = "") -> None:
        """Bring NumPy and matplotlib into the namespace, and draw at once.

            %pylab [--no-import-all] [gui]

        The names are `numpy`, `np`, `matplotlib`, `pylab`, `mlab`, `pyplot`, `plt`,
        `figsize`, `getfigs`, and everything in `pylab` and `numpy`.

        --no-import-all: without everything in them.

        Programs are easier to read with `%matplotlib` and imports of their own. `gui`
        is as for `%matplotlib`.
        """
        options, rest = self.parse_options(options_first(line), "", "no-import-all")
        gui = _gui(rest)
        everything = "no-import-all" not in options
        _, backend, changed = _checked(self.shell.enable_pylab, gui, everything)
        _tell(gui, backend)
        print("The names of NumPy and matplotlib are there.")
        if changed:
            print(f"These meant something else before: {', '.join(sorted(changed))}")


def _gui(text: str) -> str | None:
    return text.strip().strip("'\"") or None


def _tell(gui: str | None, backend: str) -> None:
    if gui in (None, "auto"):
        print(f"Using matplotlib backend: {backend}")


def _checked(function: Callable[..., Any], *args: Any) -> Any:
    """What the function gives; what it has to say against it, in one line."""
    try:
        return function(*args)
    except ModuleNotFoundError as error:
        if error.name in ("matplotlib", "numpy"):
            raise UsageError(
                f"{error.name} is not installed: %pip install {error.name}"
            ) from None
        raise UsageError(f"this backend cannot be used: {error}") from None
    except (ImportError, ValueError) as error:
        raise UsageError(str(error)) from None
