"""Magics that show what is long: files, values, manual pages; and clear the screen."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.engines.interpreter.shell import InteractiveShell

# The top left corner, the screen, and what had scrolled off it.
_CLEARED = "\x1b[H\x1b[2J\x1b[3J"


def page(shell: InteractiveShell, text: str, start: int = 0) -> None:
    """Show a text in the pager of the front end, or in that of a hook."""
    from ipcluster.engines.interpreter.events import Page

    data = {"text/plain": text}
    if not shell.hooks.call("show_in_pager", data, start, 0):
        shell.emit(Page(data, start))


@magics_class
class PagingMagics(Magics):
    """What is long."""

    @line_magic
    def page(self, line: str = "") -> None:
        """Show a value in the pager.

            %page [-r] NAME

        -r: what `str` makes of it, and not what is shown at the prompt.

        NAME may be any expression; without one it is `_`, the last value.
        """
        options, name = self.parse_options(line, "r", preserve_non_opts=True)
        name = name.strip() or "_"
        try:
            value = self.shell.ev(name)
        except (NameError, SyntaxError, AttributeError):
            print(f"Object `{name}` not found")
            return
        if "r" in options:
            text = str(value)
        else:
            text = self.shell.display_formatter.format(value)[0]["text/plain"]
        page(self.shell, text)

    @line_magic
    def pycat(self, line: str = "") -> None:
        """Show Python in the pager, coloured: `%pycat FILE`.

        FILE may also be a URL, a range of the history, or the name of a string or of a
        macro.
        """
        name = line.strip()
        if not name:
            raise UsageError("%pycat FILE: which file?")
        try:
            text = self._source(name)
        except (OSError, ValueError, TypeError, NameError):
            print(f"{name}: no file, URL, range of the history, string or macro")
            return
        page(self.shell, self._coloured(text))

    def _source(self, name: str) -> str:
        find = getattr(self.shell, "find_user_code", None)
        if find is not None and not os.path.isfile(os.path.expanduser(name)):
            return str(find(name, skip_encoding_cookie=False))
        import tokenize

        with tokenize.open(os.path.expanduser(name)) as file:
            return file.read()

    def _coloured(self, text: str) -> str:
        paint = getattr(self.shell, "pycolorize", None)
        if paint is None or not self.shell.frontend.has_colours:
            return text
        return str(paint(text))

    @line_magic
    def less(self, line: str = "") -> None:
        """Show a file in the pager: `%less FILE`."""
        name = os.path.expanduser(line.strip().strip("\"'"))
        if not name:
            raise UsageError("%less FILE: which file?")
        if name.endswith((".py", ".ipy")) and os.path.isfile(name):
            self.pycat(name)
            return
        try:
            with open(name, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError as error:
            raise UsageError(f"{name}: {error.strerror}") from None
        page(self.shell, text)

    @line_magic
    def more(self, line: str = "") -> None:
        """Show a file in the pager: see `%less`."""
        self.less(line)

    @line_magic
    def man(self, line: str = "") -> None:
        """Show a page of the system's manual: `%man [SECTION] TOPIC`."""
        topic = line.strip()
        if not topic:
            raise UsageError("%man TOPIC: about what?")
        from shlex import join

        from ipcluster.engines.interpreter import system

        command = join(["man", *topic.split()])
        if self.shell.frontend.has_terminal and system.owns_terminal():
            system.run_command(self.shell, command)
            return
        import re

        width = self.shell.frontend.width
        text = system.get_output(
            self.shell, f"MANPAGER=cat PAGER=cat MANWIDTH={width} {command}", False
        )
        page(self.shell, re.sub(r".\x08|\x1b\[[0-9;]*m", "", text))

    @line_magic
    def clear(self, line: str = "") -> None:
        """Clear the screen."""
        from ipcluster.engines.interpreter.events import Clear

        if self.shell.frontend.has_terminal:
            print(_CLEARED, end="", flush=True)
        else:
            self.shell.emit(Clear(False))
