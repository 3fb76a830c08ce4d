"""The line editor: prompt_toolkit, set up as the shell's options say.

Options are asked when they are needed, so `%config` works at once. This module imports
the library, and is itself imported behind the first prompt (reader.py, early.py).
"""

from __future__ import annotations

import fcntl
import os
import sys
import termios
from array import array
from functools import partial
from importlib import import_module

from prompt_toolkit import PromptSession
from prompt_toolkit.cursor_shapes import CursorShape, ModalCursorShapeConfig
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout.processors import (
    ConditionalProcessor,
    HighlightMatchingBracketProcessor,
)
from prompt_toolkit.output import ColorDepth, create_output
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import DynamicStyle

from ipcluster.shell.terminal import looks
from ipcluster.shell.terminal.completing import ShellCompleter
from ipcluster.shell.terminal.finder import HistoryFinder
from ipcluster.shell.terminal.keys.auto_suggest import HistorySuggestions
from ipcluster.shell.terminal.keys.table import make_bindings
from ipcluster.shell.terminal.lexing import ShellLexer
from ipcluster.shell.terminal.looping import run_prompt
from ipcluster.shell.terminal.presses import keep_press
from ipcluster.shell.terminal.recalling import ShellHistory, put_into, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding import KeyPress
    from prompt_toolkit.output import Output

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

_STYLES = {
    "column": CompleteStyle.COLUMN,
    "multicolumn": CompleteStyle.MULTI_COLUMN,
    "readlinelike": CompleteStyle.READLINE_LIKE,
}
# A prompt that breaks so often without a key in between is not to be had.
_TRIES = 5
_MODES = {"emacs": EditingMode.EMACS, "vi": EditingMode.VI}


class KeptInput(Vt100Input):
    """The terminal's keys, and those that were read before this was made."""

    def take(self, data: bytes) -> list[KeyPress]:
        """The keys of bytes read elsewhere; half a key waits for its other half."""
        self.vt100_parser.feed(self.stdin_reader._stdin_decoder.decode(data))
        keys, self._buffer = self._buffer, []
        return keys

    def unread(self) -> bytes:
        """What came as keys, and was not read when the terminal was given back."""
        data = b""
        try:
            while count := _waiting(self.fileno()):
                data += os.read(self.fileno(), count)
        except OSError:  # no terminal, or one that has gone
            pass
        return data


def _waiting(fd: int) -> int:
    """Bytes that a terminal has for whoever reads."""
    room = array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, room)
    return room[0]


class ShellPrompt(PromptSession[str]):
    """A prompt of the library's, with a finder of old inputs below it."""

    finder: HistoryFinder


class LineEditor:
    """Reads cells."""

    def __init__(
        self,
        shell: TerminalInteractiveShell,
        keyboard: Input | None = None,
        screen: Output | None = None,
    ) -> None:
        self.shell = shell
        if keyboard is None:
            assert sys.__stdin__ is not None
            keyboard = KeptInput(sys.__stdin__)
        self.input = keyboard
        self.output = screen or create_output(sys.__stdout__)
        self.history = ShellHistory(shell)
        read(self.history)
        self.session = self._make_session()
        self.session.finder = HistoryFinder(shell, self.session)
        self._mode = ""
        self._shortcuts = list(shell.shortcuts)
        shell.line_editor = self

    def _make_session(self) -> ShellPrompt:
        shell = self.shell

        def option(name: str) -> Condition:
            return Condition(lambda: bool(getattr(shell, name)))

        brackets = ConditionalProcessor(
            HighlightMatchingBracketProcessor(chars="[](){}"),
            option("highlight_matching_brackets"),
        )
        session = ShellPrompt(
            looks.prompt_of(shell),
            multiline=True,
            prompt_continuation=looks.continuation_of(shell),
            style=DynamicStyle(lambda: looks.style_of(shell)),
            include_default_pygments_style=False,
            cursor=_Cursor(shell),
            input_processors=[brackets],
            lexer=ShellLexer(shell),
            completer=ShellCompleter(shell),
            complete_in_thread=False,  # it sees to that itself
            history=self.history,
            enable_history_search=option("enable_history_search"),
            search_ignore_case=True,
            auto_suggest=HistorySuggestions(shell),
            key_bindings=make_bindings(shell),
            mouse_support=option("mouse_support"),
            tempfile_suffix=".py",
            input=self.input,
            output=self.output,
        )
        # The library turns it off where Up looks for inputs; a menu takes Up first.
        session.default_buffer.complete_while_typing = option("complete_while_typing")
        # The size comes by a signal; looking twice a second wakes the machine.
        session.app.terminal_size_polling_interval = None
        return session

    def load_more(self) -> None:
        """Get ready what will be wanted soon; called in another thread."""
        lexer = self.session.lexer
        assert isinstance(lexer, ShellLexer)
        lexer.load()
        self.session.app.invalidate()  # what has been typed gets its colours
        import_module("ipcluster.engines.interpreter.completion.completer")

    def feed(self, data: bytes) -> None:
        """Take bytes that somebody else has read, as if they were typed now."""
        if isinstance(self.input, KeptInput):
            store_typeahead(self.input, self.input.take(data))

    def read(self, text: str) -> str:
        """One cell. `text` is there to begin with.

        Raises:
            EOFError: Ctrl-D on an empty line, or the terminal has gone.
        """
        self._adjust()
        for failures in range(_TRIES):
            try:
                cell = run_prompt(self.shell, self.session, partial(self._ask, text))
                self._look_behind()
                return cell
            except EOFError:
                raise
            except BaseException as error:
                if self.shell.exit_now or failures == _TRIES - 1:
                    raise
                # Of a task of the user's, or a signal from afar: we go on.
                text = self.session.default_buffer.text
                self._tell(error)
        raise AssertionError("the last failure is raised")

    def _look_behind(self) -> None:
        """See whether Ctrl-C was pressed behind Enter, when it was still a key.

        It is meant for the cell. As a terminal does, it takes what was typed before it.
        """
        if isinstance(self.input, KeptInput):
            self.feed(self.input.unread())
        keys = get_typeahead(self.input)
        last = max(
            (i for i, key in enumerate(keys) if key.key == Keys.ControlC), default=-1
        )
        store_typeahead(self.input, keys[last + 1 :])
        if last >= 0:
            keep_press()

    def _ask(self, text: str) -> Coroutine[Any, Any, str]:
        session = self.session
        return session.prompt_async(
            default=text,
            pre_run=lambda: put_into(self.history, session.default_buffer),
            set_exception_handler=False,
            handle_sigint=False,  # looping.py does
        )

    def _tell(self, error: BaseException) -> None:
        """Show what has broken the prompt's loop off."""
        if isinstance(error, KeyboardInterrupt):
            print("KeyboardInterrupt")
        else:
            self.shell.showtraceback((type(error), error, error.__traceback__))

    def _adjust(self) -> None:
        """What the library does not ask for each time."""
        shell, session = self.shell, self.session
        session.complete_style = _STYLES[shell.display_completions]
        session.reserve_space_for_menu = shell.space_for_menu
        session.rprompt = looks.text_option(shell, "right_prompt")
        session.bottom_toolbar = looks.text_option(shell, "bottom_toolbar")
        session.color_depth = ColorDepth.DEPTH_24_BIT if shell.true_color else None
        session.app.ttimeoutlen = shell.ttimeoutlen
        session.app.timeoutlen = shell.timeoutlen
        if shell.editing_mode != self._mode:  # a key may have changed it meanwhile
            self._mode = shell.editing_mode
            session.editing_mode = _MODES[self._mode]
        if shell.shortcuts != self._shortcuts:
            self._shortcuts = list(shell.shortcuts)
            session.key_bindings = make_bindings(shell)


class _Cursor(ModalCursorShapeConfig):
    """The cursor's shape tells the mode of vi, if it shall."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell

    def get_cursor_shape(self, application: Any) -> CursorShape:
        if self.shell.modal_cursor and self.shell.editing_mode == "vi":
            return super().get_cursor_shape(application)
        return CursorShape._NEVER_CHANGE
