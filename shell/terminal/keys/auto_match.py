"""Brackets and quotes in pairs."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPressEvent


def _put(event: KeyPressEvent, before: str, after: str) -> None:
    """Text on both sides of the cursor."""
    event.current_buffer.insert_text(before + after)
    event.current_buffer.cursor_left(len(after))


def parenthesis(event: KeyPressEvent) -> None:
    """Put in both."""
    _put(event, "(", ")")


def brackets(event: KeyPressEvent) -> None:
    """Put in both."""
    _put(event, "[", "]")


def braces(event: KeyPressEvent) -> None:
    """Put in both."""
    _put(event, "{", "}")


def double_quote(event: KeyPressEvent) -> None:
    """Put in both."""
    _put(event, '"', '"')


def single_quote(event: KeyPressEvent) -> None:
    """Put in both."""
    _put(event, "'", "'")


def docstring_double_quotes(event: KeyPressEvent) -> None:
    """The last of three: put in the three that close as well."""
    _put(event, '"', 3 * '"')


def docstring_single_quotes(event: KeyPressEvent) -> None:
    """The last of three: put in the three that close as well."""
    _put(event, "'", 3 * "'")


def _raw(event: KeyPressEvent, opening: str, closing: str) -> None:
    """A bracket that opens a raw string, with the dashes that are before it."""
    line = event.current_buffer.document.current_line_before_cursor
    found = re.search(r"-*$", line)
    dashes = found.group() if found else ""
    _put(event, opening, closing + dashes)


def raw_string_parenthesis(event: KeyPressEvent) -> None:
    """Put in both, and the dashes again behind them."""
    _raw(event, "(", ")")


def raw_string_bracket(event: KeyPressEvent) -> None:
    """Put in both, and the dashes again behind them."""
    _raw(event, "[", "]")


def raw_string_braces(event: KeyPressEvent) -> None:
    """Put in both, and the dashes again behind them."""
    _raw(event, "{", "}")


def skip_over(event: KeyPressEvent) -> None:
    """It is there already: go behind it."""
    event.current_buffer.cursor_right()


def delete_pair(event: KeyPressEvent) -> None:
    """Delete the bracket or quote on either side."""
    event.current_buffer.delete()
    event.current_buffer.delete_before_cursor()
