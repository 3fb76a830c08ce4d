"""Prompt, read, run, until the person leaves."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

    class Reader(Protocol):
        """Where cells come from: the line editor, or plain lines."""

        def read(self, text: str) -> str:
            """One cell; `text` is there to begin with.

            Raises:
                EOFError: nothing more will come.
                KeyboardInterrupt: Ctrl-C, where it is no key of the editor's.
            """

        def is_over(self) -> bool:
            """Whether the end of the input can be taken back."""


class Session:
    """One conversation at a terminal."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self.frontend = shell.frontend
        self.reader = self._reader()

    def _reader(self) -> Reader:
        simple = self.shell.simple_prompt or os.environ.get("IPY_TEST_SIMPLE_PROMPT")
        if simple or not self.frontend.has_terminal:
            from ipcluster.shell.terminal.plain import PlainReader

            return PlainReader(self.shell)
        from ipcluster.shell.terminal.reader import PromptReader

        return PromptReader(self.shell)

    def run(self) -> None:
        """Until `exit`, Ctrl-D, or until the terminal is gone."""
        import builtins

        from ipcluster.shell.terminal.asking import edited_input
        from ipcluster.shell.terminal.hangup import Hangups
        from ipcluster.shell.terminal.presses import DroppedPresses, drop_presses

        shell = self.shell
        was, plain = self.frontend.is_conversation, builtins.input
        self.frontend.is_conversation = True
        builtins.input = edited = edited_input(shell, plain)
        try:
            with DroppedPresses(), Hangups(shell) as hangups:
                while not shell.exit_now:
                    try:
                        self._turn()
                    except KeyboardInterrupt:  # the second, while one was dropped
                        drop_presses()
                if hangups.status is not None:  # a cell has caught it
                    raise SystemExit(hangups.status)
        finally:
            self.frontend.is_conversation = was
            if builtins.input is edited:  # else the user's
                builtins.input = plain

    def _turn(self) -> None:
        """One prompt, one cell."""
        from ipcluster.shell.terminal.presses import (
            drop_presses,
            hear_presses,
            take_press,
        )

        shell = self.shell
        try:
            sys.stdout.write(shell.separate_in)
            self._name_window()
            take_press()  # it was for the last cell
            cell = self.reader.read(self._take_next_input())
            if not shell.takes_presses:
                hear_presses()
            shell.run_cell(cell, store_history=True)
        except KeyboardInterrupt:  # at the prompt, or when the cell was over
            drop_presses()
            print("\nKeyboardInterrupt")
        except EOFError:
            drop_presses()
            if self._may_leave():
                shell.exit_now = True
        finally:
            drop_presses()

    def _take_next_input(self) -> str:
        text, self.frontend.next_input = self.frontend.next_input, None
        return text or ""

    def _name_window(self) -> None:
        if not self.shell.term_title:
            return
        try:
            folder = os.getcwd()
        except OSError:  # it has been deleted
            return
        home = os.path.expanduser("~")
        if folder == home or folder.startswith(home + os.sep):
            folder = "~" + folder[len(home) :]
        try:
            title = self.shell.term_title_format.format(cwd=folder)
        except (KeyError, IndexError, ValueError):
            title = self.shell.term_title_format
        self.frontend.set_title(title)

    def _may_leave(self) -> bool:
        """Whether an end of the input is meant."""
        if self.reader.is_over() or not self.shell.confirm_exit:
            print()
            return True
        from ipcluster.shell.terminal.presses import drop_presses, hear_presses

        try:
            hear_presses()
            return self.frontend.confirm("Do you really want to exit", default=True)
        except KeyboardInterrupt:
            drop_presses()
            print()
            return False
