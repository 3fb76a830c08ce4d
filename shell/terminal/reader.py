"""Cells from the line editor; the first of them from before it was loaded."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipcluster.shell.terminal.early import EarlyPrompt
    from ipcluster.shell.terminal.editor import LineEditor
    from ipcluster.shell.terminal.plain import PlainReader
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell


class PromptReader:
    """Reads with prompt_toolkit, which it loads behind the first prompt."""

    def __init__(self, shell: TerminalInteractiveShell) -> None:
        self.shell = shell
        self._editor: LineEditor | PlainReader | None = None
        self._early: EarlyPrompt | None = None

    def read(self, text: str) -> str:
        if self._editor is None:
            self._editor = self._first()
        try:
            return self._editor.read(text)
        except (EOFError, KeyboardInterrupt):
            raise
        except Exception as error:  # it has said so, and tried again
            self._editor = self._without(error)
            return self._editor.read(text)
        finally:
            if self._early is not None:
                self._early.finish()
                self._early = None

    def _first(self) -> LineEditor | PlainReader:
        if "ipcluster.shell.terminal.editor" in sys.modules:
            # Another shell's prompt, or a startup file, has loaded it.
            editor = self.shell.line_editor or _make_editor(self.shell)
            editor.load_more()
            return editor
        from ipcluster.shell.terminal.early import EarlyPrompt
        from ipcluster.shell.terminal.prompts import tokens_of

        shell = self.shell
        self._early = early = EarlyPrompt(
            lambda: _make_editor(shell), lambda editor: editor.load_more()
        )
        prompt = shell.frontend.coloured(tokens_of(shell, "in_prompt_tokens"))
        keys = early.wait(prompt, shell.frontend.width)
        if early.failure is not None:
            plain = self._without(early.failure)
            plain.feed(keys)
            return plain
        loaded: LineEditor = early.loaded
        loaded.feed(keys)
        return loaded

    def _without(self, failure: BaseException) -> PlainReader:
        """What is left when the line editor cannot be had."""
        from ipcluster.shell.terminal.plain import PlainReader

        print(
            f"\nThere is no line editor: {type(failure).__name__}: {failure}\n"
            "Lines are read plainly, as with --simple-prompt.",
            file=sys.stderr,
        )
        return PlainReader(self.shell)

    def is_over(self) -> bool:
        """Ctrl-D may be a slip, unless the terminal has gone."""
        return not sys.stdin.isatty()


def _make_editor(shell: TerminalInteractiveShell) -> LineEditor:
    from ipcluster.shell.terminal.editor import LineEditor

    return LineEditor(shell)
