"""Lines that a program asks for: `input()`, the debugger, yes or no.

They are edited as cells are, with history and completion. Where that cannot be (no
terminal, another thread, the line editor has not been loaded) they are plain lines.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.frontend import Complete
    from ipcluster.shell.terminal.frontend import TerminalFrontEnd
    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

# By the name of their history: they keep what was typed.
_sessions: dict[str, Any] = {}


def can_edit(frontend: TerminalFrontEnd) -> bool:
    """Whether lines can be edited here and now."""
    import threading

    shell = frontend.shell
    return (
        shell is not None
        and shell.line_editor is not None
        and not shell.simple_prompt
        and frontend.has_terminal
        and sys.stdin is sys.__stdin__
        and sys.stdout is sys.__stdout__
        and threading.current_thread() is threading.main_thread()
    )


def read_line(
    shell: TerminalInteractiveShell,
    prompt: str,
    complete: Complete | None,
    history: str | None,
) -> str:
    """A line, edited with the keys of the prompt."""
    from prompt_toolkit.formatted_text import ANSI

    from ipcluster.shell.terminal.looping import run_prompt
    from ipcluster.shell.terminal.recalling import put_into

    session = _session(shell, history)
    session.completer = None if complete is None else _completer(complete)
    session.style = _style(shell)
    assert shell.line_editor is not None
    session.editing_mode = shell.line_editor.session.editing_mode
    sys.stdout.flush()
    return run_prompt(
        shell,
        session,
        lambda: session.prompt_async(
            ANSI(prompt),
            pre_run=lambda: put_into(session.history, session.default_buffer),
            set_exception_handler=False,
            handle_sigint=False,  # looping.py does
        ),
    )


def _style(shell: TerminalInteractiveShell) -> Any:
    from ipcluster.shell.terminal.looks import style_of

    return style_of(shell)


def _session(shell: TerminalInteractiveShell, history: str | None) -> Any:
    name = history or ""
    if name not in _sessions:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.shortcuts import CompleteStyle

        assert shell.line_editor is not None
        _sessions[name] = PromptSession(
            history=_history(shell, name),
            complete_style=CompleteStyle.MULTI_COLUMN,
            enable_history_search=True,
            complete_while_typing=False,
            enable_suspend=True,
            input=shell.line_editor.input,
            output=shell.line_editor.output,
        )
        _sessions[name].app.terminal_size_polling_interval = None
    return _sessions[name]


def _history(shell: TerminalInteractiveShell, name: str) -> Any:
    """Where lines of this name are kept: the debugger's in a file."""
    from prompt_toolkit.history import DummyHistory, FileHistory, InMemoryHistory

    if not name:
        return InMemoryHistory()
    if name == "none":
        return DummyHistory()
    if name == "debugger":
        path = os.path.expanduser(shell.debugger_history_file)
        if os.access(os.path.dirname(path) or ".", os.W_OK):
            return FileHistory(path)
    return InMemoryHistory()


def _completer(complete: Complete) -> Any:
    """A function that completes, as the library wants it."""
    from prompt_toolkit.completion import Completer, Completion

    class Words(Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Any:
            start, words = complete(document.text, document.cursor_position)
            for word in words:
                yield Completion(word, start_position=start - document.cursor_position)

    return Words()


def edited_input(shell: TerminalInteractiveShell, plain: Any) -> Any:
    """`input()` with the prompt's comforts; where they cannot be, Python's own."""

    def input(prompt: object = "", /) -> str:  # noqa: A001  (it stands for that one)
        if can_edit(shell.frontend):
            try:
                return read_line(shell, str(prompt), None, None)
            except (EOFError, KeyboardInterrupt) as end:
                # Nobody wants to see how a line was asked for.
                raise end.with_traceback(None) from None
        line: str = plain(prompt)
        return line

    input.__doc__ = plain.__doc__
    input.__module__ = "builtins"
    input.__qualname__ = "input"
    return input
