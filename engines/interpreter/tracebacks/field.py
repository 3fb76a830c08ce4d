"""The classes that programs use by name: a traceback as text, an `excepthook`.

    sys.excepthook = FormattedTB(mode="Verbose", theme_name="linux", call_pdb=True)

They work with and without a shell. `TracebackRenderer`, which a shell has as its
`InteractiveTB`, is one of them: its look is the shell's options and front end.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.colours import PLAIN, Theme, theme_of
from ipcluster.engines.interpreter.tracebacks.look import MODES, Look, mode_name
from ipcluster.engines.interpreter.tracebacks.renderer import Raised, Renderer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, ClassVar

    Kind = type[BaseException] | None


class VerboseTB:
    """Renders exceptions; called as an `excepthook`, it prints them."""

    mode = "Verbose"

    def __init__(
        self,
        theme_name: str = "linux",
        call_pdb: bool = False,
        ostream: Any = None,
        tb_offset: int = 0,
        long_header: bool = False,
        include_vars: bool = True,
        check_cache: Any = None,
        debugger_cls: Any = None,
        *,
        color_scheme: str | None = None,
        **_more: Any,
    ) -> None:
        self.set_colors(color_scheme or theme_name)
        self.call_pdb = call_pdb
        self._stream = ostream
        self.tb_offset = tb_offset
        self.context_lines = 5
        self.fold = True
        self.skip_hidden = True
        self.tb: TracebackType | None = None
        self.value: BaseException | None = None

    # --- what it gives ----------------------------------------------------------------

    def structured_traceback(
        self,
        etype: Kind = None,
        evalue: BaseException | None = None,
        etb: TracebackType | None = None,
        tb_offset: int | None = None,
        context: int | None = None,
        *,
        number_of_lines_of_context: int | None = None,
    ) -> list[str]:
        """The lines of an exception; without arguments, of the one being handled."""
        if etype is None and evalue is None:
            etype, evalue, etb = sys.exc_info()
        self.value, self.tb = evalue, etb
        look = self.look()
        look.context = context or number_of_lines_of_context or look.context
        offset = self.tb_offset if tb_offset is None else tb_offset
        return Renderer(look).render(etype, evalue, etb, offset)

    def text(
        self,
        etype: Kind,
        value: BaseException | None,
        tb: TracebackType | None,
        tb_offset: int | None = None,
        context: int | None = None,
    ) -> str:
        """The same as one text."""
        lines = self.structured_traceback(etype, value, tb, tb_offset, context)
        return self.stb2text(lines)

    def stb2text(self, stb: list[str]) -> str:
        return "\n".join(stb)

    def get_exception_only(self, etype: Kind, value: BaseException | None) -> list[str]:
        """The message alone: the last lines of a traceback."""
        renderer = Renderer(self.look())
        raised = Raised(etype, value, None)
        return [*renderer.syntax(raised), *renderer.message(raised)]

    def show_exception_only(self, etype: Kind, evalue: BaseException | None) -> None:
        print(self.stb2text(self.get_exception_only(etype, evalue)), file=self.ostream)

    # --- as an excepthook -------------------------------------------------------------

    def __call__(
        self,
        etype: Kind = None,
        evalue: BaseException | None = None,
        etb: TracebackType | None = None,
        out: Any = None,
        tb_offset: int | None = None,
    ) -> None:
        """Print an exception, and look at it in the debugger if `call_pdb` says so."""
        if etype is None and evalue is None:
            etype, evalue, etb = sys.exc_info()
        out = out or self.ostream
        try:
            print(self.text(etype, evalue, etb, tb_offset), file=out)
            if self.call_pdb:
                self.debugger(force=True)
        except KeyboardInterrupt:
            print("\nKeyboardInterrupt", file=out)

    def handler(self, info: Any = None) -> None:
        """Print the exception being handled, or the one in `info`."""
        self(*(info or sys.exc_info()))

    def debugger(self, force: bool = False) -> None:
        """Look at the last exception that was rendered."""
        if (force or self.call_pdb) and self.tb is not None:
            from ipcluster.engines.interpreter.debugger import look_at
            from ipcluster.engines.interpreter.shell import get_ipython

            error = self.tb if self.value is None else self.value
            look_at(get_ipython(), error, self.tb)

    # --- how it looks -----------------------------------------------------------------

    @property
    def ostream(self) -> Any:
        return self._stream or sys.stderr

    @ostream.setter
    def ostream(self, stream: Any) -> None:
        self._stream = stream

    @property
    def has_colours(self) -> bool:
        try:
            return bool(self.ostream.isatty())
        except (AttributeError, ValueError):
            return False

    def look(self) -> Look:
        """The settings for one traceback."""
        theme = self.theme if self.has_colours else PLAIN
        return Look(
            self.mode,
            theme,
            context=self.context_lines,
            fold=self.fold,
            hide=self.skip_hidden,
            boxes=can_show_boxes(self.ostream),
        )

    def set_colors(self, name: str) -> None:
        """Take another theme.

        Raises:
            ValueError: there is no such theme.
        """
        self.theme: Theme = theme_of(name)

    set_theme_name = set_colors


class ListTB(VerboseTB):
    """Tracebacks like Python's own."""

    mode = "Plain"


class FormattedTB(VerboseTB):
    """Tracebacks in a mode that can be changed."""

    valid_modes: ClassVar[list[str]] = [*MODES]

    def __init__(self, mode: str = "Plain", *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.set_mode(mode)

    def set_mode(self, mode: str | None = None) -> None:
        """Take another mode; without one, the next.

        Raises:
            ValueError: there is no such mode.
        """
        if not mode:
            number = MODES.index(self.mode) + 1
            mode = MODES[number % len(MODES)]
        self.mode = mode_name(mode)

    def plain(self) -> None:
        self.set_mode("Plain")

    def context(self) -> None:
        self.set_mode("Context")

    def verbose(self) -> None:
        self.set_mode("Verbose")

    def minimal(self) -> None:
        self.set_mode("Minimal")


class AutoFormattedTB(FormattedTB):
    """The same; it finds the exception being handled by itself."""


class ColorTB(FormattedTB):
    """In colours."""

    def __init__(self, theme_name: str = "linux", call_pdb: bool = False) -> None:
        super().__init__("Context", theme_name, call_pdb)


class SyntaxTB(ListTB):
    """Errors in source text."""

    last_syntax_error: BaseException | None = None

    def structured_traceback(self, *args: Any, **keywords: Any) -> list[str]:
        """The lines of an exception, without frames."""
        etype, evalue = (*args, None, None)[:2]
        self.last_syntax_error = evalue
        return self.get_exception_only(etype, evalue)

    def clear_err_state(self) -> BaseException | None:
        """The last error, which is forgotten."""
        error, self.last_syntax_error = self.last_syntax_error, None
        return error


def can_show_boxes(stream: Any) -> bool:
    """Whether lines of boxes can be written there."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    return isinstance(encoding, str) and encoding.lower().startswith("utf")
