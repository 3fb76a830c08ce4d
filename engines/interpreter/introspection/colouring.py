"""Colours of Python text; pygments is imported when there is something to colour."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Longer text is shown as it is: colouring it would take seconds.
COLOURED_AT_MOST = 400_000

TITLE, PLAIN = "\x1b[31m", "\x1b[39m"


def has_colours(shell: InteractiveShell) -> bool:
    """Whether text for the front end may have colours."""
    return shell.frontend.has_colours and shell.colors.lower() != "nocolor"


def title(text: str, shell: InteractiveShell) -> str:
    """A heading, in its colour."""
    return f"{TITLE}{text}{PLAIN}" if has_colours(shell) else text


def python(source: str, shell: InteractiveShell) -> str:
    """Python text for a terminal, in the colours of the shell's theme."""
    if not has_colours(shell) or len(source) > COLOURED_AT_MOST:
        return source
    try:
        import pygments
        from pygments.lexers import PythonLexer
    except ImportError:
        return source
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    text: str = pygments.highlight(source, lexer, _formatter(shell.colors))
    return text


def _formatter(theme: str) -> Any:
    """What renders text in a theme's colours."""
    from pygments.formatters import Terminal256Formatter, TerminalFormatter
    from pygments.util import ClassNotFound

    name = theme.lower()
    if name in ("linux", "neutral", "lightbg"):
        return TerminalFormatter(bg="dark" if name == "linux" else "light")
    try:
        return Terminal256Formatter(style=name)
    except ClassNotFound:  # a theme that pygments has no style for
        return Terminal256Formatter()


def html(source: str) -> str:
    """Python text as HTML."""
    try:
        import pygments
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer
    except ImportError:
        return escaped(source)
    text: str = pygments.highlight(source, PythonLexer(), HtmlFormatter(noclasses=True))
    return text


def escaped(text: str) -> str:
    """Plain text as HTML."""
    from html import escape

    return f"<pre>{escape(text)}</pre>"
