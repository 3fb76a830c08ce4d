"""How an earlier input went on, in grey behind the cursor; and the keys that take it.

The newest input that goes on from the line that is being typed is offered. Keys accept
all of it, a word, a token or a letter; others choose an older one.
"""

from __future__ import annotations

import re

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyPressEvent

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

_TOKEN = re.compile(r"\s*(\w+|[^\w\s]+|$)")


class HistorySuggestions(AutoSuggest):
    """Offers the rest of an earlier line. `skipped` newer ones were passed over."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self.skipped = 0
        self._text = ""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        if self.shell.autosuggestions_provider is None:
            return None
        text = document.text.rpartition("\n")[2]
        if text != self._text:
            self._text, self.skipped = text, 0
        if not text.strip():
            return None
        for number, rest in enumerate(_rests(buffer.history, text)):
            if number == self.skipped:
                return Suggestion(rest)
        return None

    def choose(self, buffer: Buffer, step: int) -> None:
        """Another one: an older one with step 1, a newer one with -1; in a circle."""
        rests = list(_rests(buffer.history, self._text))
        if rests:
            self.skipped = (self.skipped + step) % len(rests)
            buffer.suggestion = Suggestion(rests[self.skipped])


def _rests(history: History, text: str) -> Iterator[str]:
    """What has followed this text, the newest first, each once."""
    seen = {""}
    for entry in reversed(history.get_strings()):
        if text not in entry:
            continue
        for line in reversed(entry.split("\n")):
            if line.startswith(text) and (rest := line[len(text) :]) not in seen:
                seen.add(rest)
                yield rest


def _hint(event: KeyPressEvent) -> str:
    suggestion = event.current_buffer.suggestion
    return "" if suggestion is None else suggestion.text


def _take(event: KeyPressEvent, text: str) -> None:
    """Take a part of it; the rest is offered on."""
    event.current_buffer.insert_text(text)
    _update(event.current_buffer)


def _update(buffer: Buffer) -> None:
    """Offer again, for the text as it is now."""
    if buffer.auto_suggest is not None:
        buffer.suggestion = buffer.auto_suggest.get_suggestion(buffer, buffer.document)


def accept(event: KeyPressEvent) -> None:
    """Take all of it."""
    if text := _hint(event):
        event.current_buffer.insert_text(text)
    else:
        get_by_name("forward-char").call(event)


def accept_or_jump_to_end(event: KeyPressEvent) -> None:
    """Take all of it at the end of the text; else go to the end of the line."""
    document = event.current_buffer.document
    if document.is_cursor_at_the_end and _hint(event):
        accept(event)
    else:
        get_by_name("end-of-line").call(event)


def accept_word(event: KeyPressEvent) -> None:
    """Take it up to the next space."""
    if text := _hint(event):
        found = re.match(r"\s*\S+", text)
        _take(event, found.group() if found else text)
    else:
        get_by_name("forward-word").call(event)


def accept_token(event: KeyPressEvent) -> None:
    """Take one word or sign of it."""
    if text := _hint(event):
        found = _TOKEN.match(text)
        _take(event, found.group() if found else text)
    else:
        get_by_name("forward-word").call(event)


def accept_character(event: KeyPressEvent) -> None:
    """Take one letter of it."""
    _take(event, _hint(event)[:1])


def accept_and_keep_cursor(event: KeyPressEvent) -> None:
    """Take all of it, and stay where we are."""
    buffer = event.current_buffer
    position = buffer.cursor_position
    buffer.insert_text(_hint(event))
    buffer.cursor_position = position


def accept_and_move_cursor_left(event: KeyPressEvent) -> None:
    """Take all of it, and go one to the left."""
    accept_and_keep_cursor(event)
    get_by_name("backward-char").call(event)


def discard(event: KeyPressEvent) -> None:
    """Away with it."""
    event.current_buffer.suggestion = None


def swap_autosuggestion_up(event: KeyPressEvent) -> None:
    """The next older one."""
    _choose(event, 1)


def swap_autosuggestion_down(event: KeyPressEvent) -> None:
    """The next newer one."""
    _choose(event, -1)


def _choose(event: KeyPressEvent, step: int) -> None:
    provider = event.current_buffer.auto_suggest
    chooser = getattr(provider, "get_auto_suggest", lambda: provider)()  # a dynamic one
    if isinstance(chooser, HistorySuggestions):
        chooser.choose(event.current_buffer, step)


def up_and_update_hint(event: KeyPressEvent) -> None:
    """A line up, and what could go on there."""
    event.current_buffer.auto_up(count=event.arg)
    _update(event.current_buffer)


def down_and_update_hint(event: KeyPressEvent) -> None:
    """A line down, and what could go on there."""
    event.current_buffer.auto_down(count=event.arg)
    _update(event.current_buffer)


def backspace_and_resume_hint(event: KeyPressEvent) -> None:
    """Delete a letter; what could go on from there is offered again."""
    get_by_name("backward-delete-char").call(event)
    _update(event.current_buffer)


def resume_hinting(event: KeyPressEvent) -> None:
    """Offer again what was discarded, at the end of the text; else go right."""
    buffer = event.current_buffer
    if buffer.document.is_cursor_at_the_end and buffer.text.strip():
        _update(buffer)
    get_by_name("forward-char").call(event)
