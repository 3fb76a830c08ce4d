"""Plots: the part of `InteractiveShell` that selects backends and GUI loops."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.display.inline import InlineBackend
    from ipcluster.engines.interpreter.shell import InteractiveShell


class DrawsPlots:
    """Methods of `InteractiveShell` about matplotlib and GUIs."""

    inline_backend: InlineBackend
    user_ns: dict[str, Any]

    # The GUI that was selected first: its loop is this process's.
    pylab_gui_select: str | None = None
    # The loop that is kept alive, and what runs it while the shell waits: a function of
    # something that has `input_is_ready()` and `fileno()`.
    active_eventloop: str | None = None
    inputhook: Callable[[Any], object] | None = None

    def enable_gui(self, gui: str | None = None) -> None:
        """Keep a GUI's windows alive while the prompt waits; None: no longer.

        Raises:
            ValueError: there is no such loop.
            ImportError: the toolkit is not installed, or has no display.
        """
        from ipcluster.engines.interpreter.gui import loops

        loops.enable(self._whole, gui)

    @property
    def _whole(self) -> InteractiveShell:
        """The shell that this is a part of."""
        return self  # type: ignore[return-value]  # every one of us is one

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:
        """Let matplotlib draw by a GUI or backend, at once.

        Args:
            gui: as `%matplotlib` takes it; None: what matplotlib's configuration says.

        Returns:
            The GUI whose loop is kept alive (None where none is needed), the backend.

        Raises:
            ValueError: matplotlib knows no such name.
            ImportError: it is not installed, or what the backend needs is not.
        """
        from importlib import import_module

        from ipcluster.engines.interpreter.display import pylab

        loop, backend = pylab.find_gui_and_backend(gui)
        chosen = self.pylab_gui_select
        if loop is not None and chosen not in (None, loop):
            print(f"One process has one GUI: going on with {chosen}, not {loop}.")
            loop, backend = pylab.find_gui_and_backend(chosen)
        pylab.activate_matplotlib(backend)
        self.inline_backend.switch(import_module("matplotlib"), backend)
        if loop is not None:
            self.pylab_gui_select = loop
            self.enable_gui(loop)
        return loop, backend

    def enable_pylab(
        self,
        gui: str | None = None,
        import_all: bool = True,
        welcome_message: bool = False,
    ) -> tuple[str | None, str, list[str]]:
        """`enable_matplotlib`, and names of NumPy and matplotlib for the user.

        Returns:
            GUI and backend, as `enable_matplotlib`; and the names of the user's that
            mean something else now.
        """
        from ipcluster.engines.interpreter.display import pylab

        loop, backend = self.enable_matplotlib(gui)
        names: dict[str, Any] = {}
        pylab.import_pylab(names, import_all)
        # `display` was there before, and is the same.
        changed = [
            name
            for name, value in names.items()
            if name in self.user_ns and self.user_ns[name] is not value
        ]
        self.user_ns.update(names)
        return loop, backend, changed
