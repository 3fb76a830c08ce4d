"""%gui: the loop of a GUI, alive while the prompt waits."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)


@magics_class
class GuiMagics(Magics):
    """Magics about loops of GUIs."""

    @line_magic
    def gui(self, line: str = "") -> None:
        """Keep the windows of a GUI alive: while the prompt waits, while cells await.

            %gui [name]

            %gui tk         Tk
            %gui qt         Qt 6 or 5, whichever is loaded or installed; also qt5, qt6
            %gui gtk3       GTK; also gtk4, and gtk: whichever there is
            %gui wx         wxPython
            %gui osx        macOS: matplotlib's own windows there
            %gui pyglet     pyglet, and glut: GLUT, by PyOpenGL
            %gui asyncio    tasks of asyncio: they go on in any case
            %gui trio       cells that await are trio's, and its tasks go on as well
            %gui            no longer any

        A process keeps one loop. `%matplotlib` chooses the right one itself. More names
        are made with `ipcluster.engines.interpreter.gui.hooks.register(name, hook)`.
        """
        name = line.strip().strip("'\"")
        try:
            self.shell.enable_gui(name or None)
        except (ImportError, ValueError) as error:
            raise UsageError(f"%gui {name}: {error}") from None
