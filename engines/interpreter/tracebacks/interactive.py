"""A shell's own tracebacks: its options and its front end say how they look."""

from __future__ import annotations

from ipcluster.engines.interpreter.colours import PLAIN, theme_name, theme_of
from ipcluster.engines.interpreter.tracebacks.field import (
    AutoFormattedTB,
    SyntaxTB,
    can_show_boxes,
)
from ipcluster.engines.interpreter.tracebacks.look import Look, mode_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.shell import InteractiveShell


class TracebackRenderer(AutoFormattedTB):
    """What a shell has as `InteractiveTB`."""

    def __init__(self, shell: InteractiveShell) -> None:
        # Not the base's: the shell's options are the only place for the rest.
        self.shell = shell
        self.skip_hidden = True
        self.tb = None
        self.value = None
        self.tb_offset = 0
        self._stream = None

    @property
    def mode(self) -> str:  # type: ignore[override,unused-ignore]  # an attribute there
        return self.shell.xmode

    @mode.setter
    def mode(self, mode: str) -> None:
        self.shell.xmode = mode_name(mode)

    @property
    def call_pdb(self) -> bool:
        return self.shell.call_pdb

    @call_pdb.setter
    def call_pdb(self, value: bool) -> None:
        self.shell.call_pdb = value

    @property
    def has_colours(self) -> bool:
        return self.shell.frontend.has_colours

    def look(self) -> Look:
        shell = self.shell
        return Look(
            self.mode,
            theme_of(shell.colors) if self.has_colours else PLAIN,
            context=shell.xmode_context,
            fold=shell.xmode_fold,
            hide=self.skip_hidden,
            links=shell.xmode_links and self.has_colours,
            width=shell.frontend.width,
            boxes=can_show_boxes(self.ostream),
            hint=shell.frontend.unfold_hint,
            cell_of=self.cell_label,
            typed=shell.compile.typed_source,
        )

    def cell_label(self, filename: str) -> str | None:
        """`Cell In[3]`, for the file name of a cell; None: it is no cell's."""
        compiler = self.shell.compile
        if compiler.is_cell(filename):
            return f"Cell In[{compiler.cell_of(filename) or 0}]"
        if filename.startswith("<ipython-input-"):  # compiled without shared features
            return f"Cell In[{filename.split('-')[2]}]"
        return None

    def set_colors(self, name: str) -> None:
        """Take another theme, in all of the shell."""
        self.shell.colors = theme_name(name)

    set_theme_name = set_colors

    def debugger(self, force: bool = False) -> None:
        """Look at the last error."""
        self.shell.debugger(force)

    def unfolded(self, mode: str | None = None) -> list[str]:
        """The last traceback with all of its frames: libraries', hidden ones, ours."""
        return self.last(mode, whole=True)

    def last(self, mode: str | None = None, *, whole: bool = False) -> list[str]:
        """The last traceback once more; empty: there has been none."""
        from ipcluster.engines.interpreter.tracebacks.renderer import Renderer

        etype, evalue, tb = self.shell.last_error()
        if evalue is None:
            return []
        look = self.look()
        look.whole = whole
        if mode is not None:
            look.mode = mode_name(mode)
        return Renderer(look).render(etype, evalue, tb)


class SyntaxRenderer(SyntaxTB):
    """What a shell has as `SyntaxTB`: errors in what was typed."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__()
        self.shell = shell

    def look(self) -> Look:
        return self.shell.InteractiveTB.look()
