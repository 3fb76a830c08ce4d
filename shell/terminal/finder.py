"""Ctrl-R: an old input, of all that were ever typed, found by pieces of it.

    (history) plot axis                    2 of 17
    fig, ax = plt.subplots(); ax.plot(x)
    plt.plot(x, axis=0)

Words may stand anywhere in it, in this order; capitals count if there are any. Down and
Up, or Ctrl-R again, choose; Enter takes it to the prompt; Esc and Ctrl-C leave all as
it was. The database is asked in a thread, for it may be long.
"""

from __future__ import annotations

from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.containers import ConditionalContainer, HSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.dimension import Dimension

from ipcluster.shell.terminal.looping import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from prompt_toolkit.formatted_text import StyleAndTextTuples

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# How many are looked for, and how many are on the screen.
_MOST = 500
_ROWS = 8


def pattern_of(words: str) -> str:
    """The glob for inputs that have these words, in this order."""
    parts = []
    for word in words.split():
        exact = word != word.lower()
        parts.append("".join(_letter(letter, exact) for letter in word))
    return f"*{'*'.join(parts)}*" if parts else "*"


def _letter(letter: str, exact: bool) -> str:
    if letter in "*?[":
        return f"[{letter}]"
    other = letter.upper()
    if exact or other == letter or len(other) != 1:
        return letter
    return f"[{letter}{other}]"


class HistoryFinder:
    """The lines below the prompt, while somebody looks for an input."""

    def __init__(self, shell: TerminalInteractiveShell, session: Any) -> None:
        self.shell = shell
        self.session = session
        self.found: list[str] = []
        self.chosen = 0
        self._before = Document()
        self._search: asyncio.Task[None] | None = None
        self.words = Buffer(
            name="FINDER", multiline=False, on_text_changed=self._on_words
        )
        self._control = BufferControl(self.words, key_bindings=self._keys())
        self.is_open = has_focus(self.words)
        session.layout.container.children.append(self._container())
        for window in session.layout.find_all_windows():
            if getattr(window.content, "buffer", None) is session.default_buffer:
                # The finder stands right below what is typed, not at the bottom.
                window.dont_extend_height = self.is_open

    def _container(self) -> ConditionalContainer:
        line = Window(
            self._control,
            height=1,
            get_line_prefix=lambda _line, _wraps: self._prefix(),
        )
        rows = Window(
            FormattedTextControl(self._rows),
            wrap_lines=False,
            height=lambda: Dimension(preferred=max(min(len(self.found), _ROWS), 1)),
        )
        return ConditionalContainer(
            HSplit([line, rows]), Condition(lambda: self.is_open())
        )

    # --- what is seen -----------------------------------------------------------------

    def _prefix(self) -> StyleAndTextTuples:
        count = f"{self.chosen + 1} of {len(self.found)}" if self.found else "none"
        if len(self.found) == _MOST:
            count += "+"
        return [
            ("class:finder.prompt", "(history) "),
            ("class:finder.count", f"{count}: "),
        ]

    def _rows(self) -> StyleAndTextTuples:
        first = max(0, min(self.chosen - _ROWS // 2, len(self.found) - _ROWS))
        shown: StyleAndTextTuples = []
        for number in range(first, min(first + _ROWS, len(self.found))):
            lines = self.found[number].strip("\n").split("\n")
            text = lines[0] + (f"  (+{len(lines) - 1} lines)" if lines[1:] else "")
            style = "chosen" if number == self.chosen else "row"
            shown.append((f"class:finder.{style}", f"{text}\n"))
        return shown

    # --- what is typed ----------------------------------------------------------------

    def start(self, buffer: Buffer) -> None:
        """Begin to look; what was typed is where to begin."""
        self._before = buffer.document
        text = buffer.document.text
        self.found, self.chosen = [], 0
        self.words.set_document(Document("" if "\n" in text else text))
        get_app().layout.focus(self._control)
        self._look()

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-r")
        @keys.add("down")
        @keys.add("c-n")
        def _older(_event: KeyPressEvent) -> None:
            self._choose(1)

        @keys.add("c-s")
        @keys.add("up")
        @keys.add("c-p")
        def _newer(_event: KeyPressEvent) -> None:
            self._choose(-1)

        @keys.add("enter")
        @keys.add("tab")
        def _accept(_event: KeyPressEvent) -> None:
            self._close()

        @keys.add("escape", eager=True)
        @keys.add("c-g")
        @keys.add("c-c")
        @keys.add("c-d")
        def _cancel(_event: KeyPressEvent) -> None:
            self.session.default_buffer.document = self._before
            self._close()

        return keys

    def _choose(self, step: int) -> None:
        """Another of those found; in the list, newer ones stand above."""
        if self.found:
            self.chosen = max(0, min(self.chosen + step, len(self.found) - 1))
            self._show_chosen()

    def _show_chosen(self) -> None:
        text = self.found[self.chosen] if self.found else self._before.text
        self.session.default_buffer.document = Document(text, len(text))

    def _close(self) -> None:
        if self._search is not None:
            self._search.cancel()
            self._search = None
        get_app().layout.focus(self.session.default_buffer)

    def _on_words(self, _buffer: Buffer) -> None:
        if self.is_open():
            self._look()

    def _look(self) -> None:
        if self._search is not None:
            self._search.cancel()
        self._search = get_app().create_background_task(self._find(self.words.text))

    async def _find(self, words: str) -> None:
        self.found = await in_thread(lambda: self._ask(words))
        self.chosen = 0
        if words or self.found:
            self._show_chosen()
        get_app().invalidate()

    def _ask(self, words: str) -> list[str]:
        """Inputs that match, the newest first, each once."""
        try:
            entries = self.shell.history_request(
                "search", pattern=pattern_of(words), n=_MOST, unique=True
            )
        except Exception:  # told by whoever keeps the history; typing goes on
            return []
        return list(dict.fromkeys(text for _, _, text in reversed(entries)))
