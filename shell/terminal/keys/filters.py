"""Conditions for keys, by name. Expressions of them are joined by `&`, `|` and `~`."""

from __future__ import annotations

import re
import sys

from prompt_toolkit.application.current import get_app
from prompt_toolkit.enums import DEFAULT_BUFFER, SEARCH_BUFFER
from prompt_toolkit.filters import (
    Always,
    Condition,
    Filter,
    Never,
    emacs_insert_mode,
    has_completions,
    has_focus,
    has_selection,
    has_suggestion,
    vi_insert_mode,
    vi_mode,
)
from prompt_toolkit.utils import suspend_to_background_supported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prompt_toolkit.document import Document

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


def _on_text(test: Callable[[Document], bool]) -> Condition:
    """A condition on what is typed, and on where the cursor stands in it."""
    return Condition(lambda: test(get_app().current_buffer.document))


def _before(pattern: str) -> Condition:
    """The line before the cursor matches."""
    compiled = re.compile(pattern)
    return _on_text(lambda text: bool(compiled.match(text.current_line_before_cursor)))


def _after(pattern: str) -> Condition:
    """The line behind the cursor matches."""
    compiled = re.compile(pattern)
    return _on_text(lambda text: bool(compiled.match(text.current_line_after_cursor)))


def _paired(quote: str) -> Condition:
    """Quotes before the cursor are closed, on this line."""

    def test(text: Document) -> bool:
        line = text.current_line_before_cursor
        return (line.count(quote) - line.count(f"\\{quote}")) % 2 == 0

    return _on_text(test)


def is_inside_string(text: str) -> bool:
    """Whether the end of a text lies in a string that is still open."""
    quote = ""
    position = 0
    while position < len(text):
        if quote:
            if text[position] == "\\":
                position += 1
            elif text.startswith(quote, position):
                position += len(quote) - 1
                quote = ""
            elif text[position] == "\n" and len(quote) == 1:
                quote = ""
        elif text[position] in "\"'":
            quote = text[position]
            if text.startswith(3 * quote, position):
                quote *= 3
                position += 2
        elif text[position] == "#":
            end = text.find("\n", position)
            position = len(text) if end < 0 else end
        position += 1
    return bool(quote)


def make_filters(shell: TerminalInteractiveShell) -> dict[str, Filter]:
    """Every condition that a key of this shell may depend on."""
    default = has_focus(DEFAULT_BUFFER)
    insert = vi_insert_mode | emacs_insert_mode
    ebivim = Condition(lambda: shell.emacs_bindings_in_vi_insert_mode)
    found: dict[str, Filter] = {
        "always": Always(),
        "never": Never(),
        "default_buffer_focused": default,
        "search_buffer_focused": has_focus(SEARCH_BUFFER),
        "has_selection": has_selection,
        "has_completions": has_completions,
        "has_suggestion": has_suggestion,
        "vi_mode": vi_mode,
        "vi_insert_mode": vi_insert_mode,
        "emacs_insert_mode": emacs_insert_mode,
        "insert_mode": insert,
        "focused_insert": insert & default,
        "ebivim": ebivim,
        "emacs_like_insert_mode": emacs_insert_mode | (vi_insert_mode & ebivim),
        "auto_match": Condition(lambda: shell.auto_match),
        "navigable_suggestions": Condition(
            lambda: shell.autosuggestions_provider == "NavigableAutoSuggestFromHistory"
        ),
        "readline_like_completions": Condition(
            lambda: shell.display_completions == "readlinelike"
        ),
        "extra_editor": Condition(lambda: shell.extra_open_editor_shortcuts),
        "autoindent": Condition(lambda: shell.autoindent),
        "supports_suspend": Condition(suspend_to_background_supported),
        "is_windows_os": Condition(lambda: sys.platform == "win32"),
        "pass_through": Always(),
    }
    found.update(_text_filters())
    return found


def _text_filters() -> dict[str, Filter]:
    return {
        "cursor_in_leading_ws": _on_text(
            lambda text: not text.current_line_before_cursor.strip()
        ),
        "behind_indentation": _before(r"[ ]+$"),
        "has_line_above": _on_text(lambda text: text.cursor_position_row > 0),
        "has_line_below": _on_text(
            lambda text: text.cursor_position_row < text.line_count - 1
        ),
        "is_cursor_at_the_end_of_line": _on_text(
            lambda text: text.is_cursor_at_the_end_of_line
        ),
        "not_inside_unclosed_string": _on_text(
            lambda text: not is_inside_string(text.text_before_cursor)
        ),
        "followed_by_closing_paren_or_end": _after(r"[,)}\]]|$"),
        "followed_by_closing_round_paren": _after(r"\)"),
        "followed_by_closing_bracket": _after(r"\]"),
        "followed_by_closing_brace": _after(r"\}"),
        "followed_by_double_quote": _after('"'),
        "followed_by_single_quote": _after("'"),
        "preceded_by_opening_round_paren": _before(r".*\($"),
        "preceded_by_opening_bracket": _before(r".*\[$"),
        "preceded_by_opening_brace": _before(r".*\{$"),
        "preceded_by_double_quote": _before('.*"$'),
        "preceded_by_single_quote": _before(".*'$"),
        "preceded_by_paired_double_quotes": _paired('"'),
        "preceded_by_paired_single_quotes": _paired("'"),
        "preceded_by_raw_str_prefix": _before(r""".*\b[rR][fFbB]?["']-*$"""),
        "preceded_by_two_double_quotes": _before(r'^.*""$'),
        "preceded_by_two_single_quotes": _before(r"^.*''$"),
    }


def evaluate(expression: str, filters: dict[str, Filter]) -> Filter:
    """The condition that an expression of names means; "" is always.

    Raises:
        ValueError: there is no such condition, or it is no such expression.
    """
    if not expression:
        return Always()
    names: dict[str, Any] = {"__builtins__": {}, **filters}
    try:
        found = eval(expression, names)
    except NameError as error:
        raise ValueError(f"no filter is named {error.name!r}") from error
    except Exception as error:
        raise ValueError(
            f"{expression!r} is no filter: use names, &, | and ~"
        ) from error
    if not isinstance(found, Filter):
        raise ValueError(f"{expression!r} is no filter: use names, &, | and ~")
    return found
