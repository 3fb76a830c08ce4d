"""Completions in the line editor's menus.

What could stand at the cursor is the interpreter's to say. It is asked in a thread, so
a slow answer holds up no key; an answer that comes too late is dropped.
"""

from __future__ import annotations

import sys
from functools import partial

from prompt_toolkit.completion import CompleteEvent, Completer, Completion

from ipcluster.shell.terminal.looping import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Iterator
    from typing import Any

    from prompt_toolkit.document import Document

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


class ShellCompleter(Completer):
    """Asks the shell."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        return self._shown(document, self._ask(document))

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        if not complete_event.completion_requested and not _is_worth_it(document):
            return
        found = await in_thread(lambda: self._ask(document))
        for completion in self._shown(document, found):
            yield completion

    def _ask(self, document: Document) -> tuple[int, list[Any]]:
        """Where the completed word starts, and what it could be."""
        try:
            return self._asked(document)
        except Exception as error:  # a completer of the user's: typing goes on
            print(
                f"completion has failed: {type(error).__name__}: {error}",
                file=sys.stderr,
            )
            return 0, []

    def _asked(self, document: Document) -> tuple[int, list[Any]]:
        found = self.shell.complete_code(document.text, document.cursor_position)
        return found.start, _items(found)

    def _shown(
        self, document: Document, found: tuple[int, list[Any]]
    ) -> Iterator[Completion]:
        cursor = document.cursor_position
        start, items = found
        for item in items:
            text = _text(item)
            kind = getattr(item, "type", None)
            display = shortened(label(item), self.shell.min_elide)
            if kind == "function" and not text.endswith("("):
                display += "()"
            yield Completion(
                text,
                start_position=start - cursor,
                display=display,
                # A signature is only made for what is on the screen.
                display_meta=partial(_meta, item) if kind else None,
            )


def _items(found: Any) -> list[Any]:
    """Completions with what is known of each; or their texts alone."""
    return list(getattr(found, "items", None) or found.matches)


def _text(item: Any) -> str:
    return str(getattr(item, "text", item))


def _meta(item: Any) -> str:
    signature = getattr(item, "signature", "") or ""
    return f"{item.type} {signature}".rstrip()


def _is_worth_it(document: Document) -> bool:
    """Whether completions without Tab would say anything here."""
    before = document.char_before_cursor
    return before.isalnum() or before in ("_", ".", "%", "/")


def label(item: Any) -> str:
    """What is shown of a completion: the end of a path, or of a name with dots."""
    text, kind = _text(item), getattr(item, "type", None)
    if kind == "dict key":  # what is in it are no names, but text
        return text
    if kind == "path" and "/" not in text:  # a file's name with its ending
        return text
    return tail(text)


def tail(text: str) -> str:
    """What is behind the last slash, or the last dot between names."""
    if text.endswith("/"):
        return text.rstrip("/").rpartition("/")[2] + "/"
    if "/" in text:
        return text.rpartition("/")[2]
    head, dot, name = text.rpartition(".")
    if dot and name.isidentifier() and head.replace(".", "").replace("_", "").isalnum():
        return name
    return text


def shortened(text: str, longest: int) -> str:
    """A long text with its middle left out; the beginning and the end tell it apart."""
    if longest <= 0 or len(text) <= max(longest, 12):
        return text
    half = (max(longest, 12) - 1) // 2
    return f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}"
