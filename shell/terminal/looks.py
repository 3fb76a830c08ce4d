"""What the line editor looks like: prompts, colours, toolbars."""

from __future__ import annotations

from prompt_toolkit.styles import Style

from ipcluster.shell.terminal.prompts import tokens_of
from ipcluster.shell.terminal.themes import Theme, dotted, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# Of the library's own parts.
_EXTRAS = {
    "matching-bracket.other": "bold ansimagenta",
    "matching-bracket.cursor": "bold ansimagenta",
    "finder": "",
    "finder.prompt": "ansigreen",
    "finder.count": "ansibrightblack",
    "finder.row": "",
    "finder.chosen": "reverse",
}

# The last style made, and what for: a theme is asked for at every key.
_made: tuple[Any, Style] | None = None


def _class_of(token: Any) -> str:
    name = dotted(token).lower()
    return f"class:pygments.{name}" if name else "class:pygments"


def fragments(tokens: Any) -> StyleAndTextTuples:
    """Texts by token as the library has them, by the name of a style."""
    return [(_class_of(token), text) for token, text in tokens]


def prompt_of(shell: TerminalInteractiveShell) -> Callable[[], StyleAndTextTuples]:
    return lambda: fragments(tokens_of(shell, "in_prompt_tokens"))


def continuation_of(
    shell: TerminalInteractiveShell,
) -> Callable[[int, int, int], StyleAndTextTuples]:
    def continuation(width: int, line: int, wraps: int) -> StyleAndTextTuples:
        method = "continuation_prompt_tokens"
        try:
            tokens = getattr(shell.prompts, method)(
                width, lineno=line, wrap_count=wraps
            )
        except Exception:  # a class from before those arguments, or a broken one
            tokens = tokens_of(shell, method, width)
        return fragments(tokens)

    return continuation


def text_option(shell: TerminalInteractiveShell, name: str) -> Any:
    """An option that is a text, or a function that makes one of the shell."""
    value = getattr(shell, name)
    if not callable(value):
        return value

    def text() -> Any:
        try:
            return value(shell)
        except Exception as error:  # told where the text would have been
            return f"{name}: {type(error).__name__}: {error}"

    return text


def style_of(shell: TerminalInteractiveShell) -> Style:
    """The style of everything in the line editor."""
    global _made
    wanted = (shell.frontend.theme, shell.highlighting_style)
    if _made is None or _made[0] != wanted:
        _made = (wanted, _make_style(*wanted))
    return _made[1]


def _make_style(theme: Theme, chosen: Any) -> Style:
    """A theme's style; `chosen`, a style of pygments', speaks for the code."""
    rules: dict[str, str] = {}
    if theme.name == "nocolor":
        return Style([])
    if chosen is None:
        codes = theme.codes
    else:
        codes = theme.prompts
        for token, style in _pygments_styles(chosen).items():
            rules[_class_of(token).removeprefix("class:")] = _clean(style)
    for name, numbers in codes.items():
        rules[_class_of(name).removeprefix("class:")] = words_of(numbers)
    return Style([*_EXTRAS.items(), *rules.items()])


def _pygments_styles(chosen: Any) -> dict[Any, str]:
    """The styles of one of pygments' classes, or of the one so named."""
    if isinstance(chosen, str):
        from pygments.styles import get_style_by_name
        from pygments.util import ClassNotFound

        try:
            chosen = get_style_by_name(chosen)
        except ClassNotFound:
            return {}
    return dict(getattr(chosen, "styles", None) or {})


def _clean(style: str) -> str:
    """Pygments' `border:...` means nothing on a terminal, `#ansired` is old."""
    words = (word.replace("#ansi", "ansi") for word in style.split())
    return " ".join(word for word in words if not word.startswith("border:"))
