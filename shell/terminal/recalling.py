"""What was typed before, for Up and Down and for suggestions."""

from __future__ import annotations

import asyncio

from prompt_toolkit.history import History

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from prompt_toolkit.buffer import Buffer

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


def read(history: History) -> None:
    """Read all that it will give, if that has not been done yet."""
    if not history._loaded:
        history._loaded_strings = list(history.load_history_strings())
        history._loaded = True


def put_into(history: History, buffer: Buffer) -> None:
    """Let Up find old inputs at once, also for a key that was typed ahead.

    The library gives them to a buffer one at a time, after the first keys were handled.
    """
    read(history)
    document = buffer.document
    buffer._working_lines.extendleft(history._loaded_strings)
    buffer.working_index = len(history._loaded_strings)
    buffer.document = document
    done = asyncio.get_running_loop().create_future()
    done.set_result(None)
    buffer._load_history_task = done


class ShellHistory(History):
    """The shell's own history, as the library wants it: newest first.

    It is read while the line editor is loaded, behind the first prompt.
    """

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        super().__init__()
        self.shell = shell

    def load_history_strings(self) -> Iterable[str]:
        shell = self.shell
        try:
            entries = shell.history_request("tail", n=shell.history_load_length)
        except Exception:  # told by whoever keeps the history; typing goes on
            return
        last = ""
        for _, _, text in reversed(entries):
            if text != last and text.strip():
                last = text
                yield text

    def append_string(self, string: str) -> None:
        if string.strip() and self._loaded_strings[:1] != [string]:
            self._loaded_strings.insert(0, string)

    def store_string(self, string: str) -> None:
        """The interpreter keeps inputs, when it runs them."""
