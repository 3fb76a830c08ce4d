"""Magics about the screen and the keyboard."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)


@magics_class
class ScreenMagics(Magics):
    """%cls and %autoindent."""

    @line_magic
    def cls(self, line: str) -> None:
        """Clear the screen, as %clear does; what has scrolled away stays."""
        sys.stdout.write("\x1b[H\x1b[2J")
        sys.stdout.flush()

    @line_magic
    def autoindent(self, line: str) -> None:
        """Turn automatic indentation on or off.

        Off helps where a terminal cannot tell a paste from typing; see also %cpaste.
        """
        self.shell.autoindent = not self.shell.autoindent
        print(f"Automatic indentation is {'on' if self.shell.autoindent else 'off'}.")
