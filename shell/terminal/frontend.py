"""Events on a terminal's screen, and the person's answers.

It prints to `sys.stdout`, as cells do, so the order is kept. What needs more than that
has a module of its own: bundles.py chooses what of a MIME bundle is shown, pager.py
pages, asking.py reads lines, running.py runs programs on the terminal.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.frontend import FrontEnd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.events import Event
    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell
    from ipcluster.shell.terminal.themes import Theme

# Terminals that cannot put a cursor where they are told.
DUMB = ("dumb", "unknown", "emacs", "")


def is_smart(stream: Any) -> bool:
    """Whether a stream is a terminal that understands escape codes."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM", "dumb") not in DUMB
    except (AttributeError, ValueError):  # none, or closed
        return False


class TerminalFrontEnd(FrontEnd):
    """Prints events; pages what is long; reads lines with the prompt's comforts."""

    next_input: str | None = None
    # Set by the shell that it shows: `attach`.
    shell: TerminalInteractiveShell | None = None
    # Whether somebody is being asked for cells; else a program's output is a program's.
    is_conversation = False

    def __init__(self) -> None:
        self._theme: Theme | None = None

    def attach(self, shell: TerminalInteractiveShell) -> None:
        """Show this shell, as its options say."""
        self.shell = shell

    # --- what there is ----------------------------------------------------------------

    @property
    def has_terminal(self) -> bool:  # type: ignore[override]  # it may change
        """Whether programs can draw on the screen and read keys."""
        return is_smart(sys.__stdout__) and _is_terminal(sys.__stdin__)

    @property
    def has_colours(self) -> bool:  # type: ignore[override]  # it may change
        """Whether text may have colours; $NO_COLOR says that it may not."""
        shell = self.shell
        if shell is not None and (shell.simple_prompt or self.theme.name == "nocolor"):
            return False
        return not os.environ.get("NO_COLOR") and is_smart(sys.stdout)

    @property
    def unfold_hint(self) -> str:  # type: ignore[override]  # it may change
        """With the key for it, where there are keys."""
        has_keys = self.shell is not None and self.shell.line_editor is not None
        return "F4 or %tb --all" if has_keys else "%tb --all"

    @property
    def leaving_hint(self) -> str:  # type: ignore[override]  # it may change
        """Nothing, where a program was run that has just ended."""
        return FrontEnd.leaving_hint if self.is_conversation else ""

    @property
    def width(self) -> int:
        return _size()[0]

    @property
    def height(self) -> int:
        return _size()[1]

    @property
    def theme(self) -> Theme:
        if self._theme is None:
            from ipcluster.shell.terminal.themes import Theme

            shell = self.shell
            self._theme = (
                Theme("nocolor")
                if shell is None
                else Theme(shell.colors, shell.highlighting_style_overrides)
            )
        return self._theme

    def forget_theme(self) -> None:
        """An option about looks has changed."""
        self._theme = None

    # --- showing ----------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        try:
            self._show(event)
        except (BrokenPipeError, OSError):
            # The terminal has gone: who types will be told by the hang-up.
            if sys.stdout is not sys.__stdout__:
                raise

    def _show(self, event: Event) -> None:
        match event:
            case e.Result():
                self._show_result(event)
            case e.Display():
                from ipcluster.shell.terminal.bundles import show_bundle

                show_bundle(self, event.data, event.metadata)
            case e.Error():
                stream = sys.stdout if self.is_conversation else sys.stderr
                print("\n".join(event.traceback), file=stream)
                stream.flush()
            case e.Page():
                from ipcluster.shell.terminal.pager import page

                page(self, event.data.get("text/plain", ""), event.start)
            case e.Clear():
                if is_smart(sys.stdout):
                    sys.stdout.write("\r\x1b[K")
            case e.NextInput():
                self.next_input = event.text
            case e.EditMagic():
                self.edit(event.filename, event.line, wait=False)
        sys.stdout.flush()

    def _show_result(self, event: e.Result) -> None:
        from ipcluster.shell.terminal.bundles import find_renderer
        from ipcluster.shell.terminal.prompts import tokens_of

        shell = self.shell
        assert shell is not None
        write = sys.stdout.write
        write(shell.separate_out)
        prompt = tokens_of(shell, "out_prompt_tokens")
        text = event.data.get("text/plain", "")
        write(self.coloured(prompt))
        render = find_renderer(self, event.data)
        if render is not None:
            write("\n")
            render(event.data, event.metadata)
        else:
            # What has several lines begins below the prompt, so that columns match.
            write("\n" if "\n" in text and prompt else "")
            write(f"{text}\n")
        write(shell.separate_out2)

    def coloured(self, fragments: Any) -> str:
        """Texts by token in the theme's colours, where there are any."""
        if self.has_colours:
            return self.theme.coloured(fragments)
        return "".join(text for _, text in fragments)

    def set_title(self, title: str) -> None:
        if is_smart(sys.__stdout__) and os.environ.get("TERM") != "linux":
            clean = "".join(letter for letter in title if letter.isprintable())
            print(f"\x1b]0;{clean}\x07", end="", file=sys.__stdout__, flush=True)

    # --- asking -----------------------------------------------------------------------

    def read_line(
        self,
        prompt: str,
        *,
        password: bool = False,
        complete: Complete | None = None,
        history: str | None = None,
    ) -> str:
        from ipcluster.shell.terminal.asking import can_edit, read_line

        if password or not can_edit(self):
            return super().read_line(prompt, password=password)
        assert self.shell is not None
        return read_line(self.shell, prompt, complete, history)

    def run_command(self, command: str, environment: dict[str, str] | None) -> int:
        from ipcluster.shell.terminal.running import is_seen, run_on_terminal

        if not is_seen(sys.stdout):  # captured: it belongs to whoever captures
            return super().run_command(command, environment)
        return run_on_terminal(command, environment)

    def edit(self, filename: str, line: int | None, wait: bool) -> bool:
        from ipcluster.shell.terminal.editing import open_editor

        command = "" if self.shell is None else self.shell.editor
        return open_editor(command, filename, line, wait)

    def clipboard(self) -> str | None:
        from ipcluster.shell.terminal.clipboards import read_clipboard

        return read_clipboard()


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(1)
    except (OSError, ValueError):
        return (
            _number(os.environ.get("COLUMNS"), 80),
            _number(os.environ.get("LINES"), 24),
        )
    return size.columns or 80, size.lines or 24


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() else otherwise
