"""Enter and its kin: is this cell complete, how far in does the next line begin?

What a cell means is the interpreter's to say (`shell.check_complete`); here is what the
person sees of it.
"""

from __future__ import annotations

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.keys import Keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.key_binding import KeyPressEvent

    from ipcluster.shell.terminal.shell import TerminalInteractiveShell

    Handler = Callable[[KeyPressEvent, TerminalInteractiveShell], object]

INDENT = 4


def with_shell(function: Handler) -> Handler:
    """The command wants the shell as well as the key."""
    function.wants_shell = True  # type: ignore[attr-defined]  # a mark
    return function


@with_shell
def handle_return_or_newline_or_execute(
    event: KeyPressEvent, shell: TerminalInteractiveShell
) -> None:
    """Run the cell if it is complete; else begin a line, indented as it ought to be."""
    buffer = event.current_buffer
    if buffer.complete_state:
        chosen = buffer.complete_state.current_completion
        if chosen is not None:
            buffer.apply_completion(chosen)
            return
        buffer.cancel_completion()
        if not shell.complete_while_typing:
            return
        # Nobody has asked for that menu: it takes no key.
    document = buffer.document
    rest = document.text_after_cursor
    text = document.text if document.line_count == 1 else document.text_before_cursor
    status, indent = shell.check_complete(text)
    burst = Burst(event, indent if status == "incomplete" else "")
    if rest.strip() and "\n" in rest.rstrip():  # in the midst of a cell
        _begin_line(buffer, indent if shell.autoindent else "")
    elif status == "incomplete" or burst.goes_on(document):
        _begin_line(buffer, "" if burst.is_pasted or not shell.autoindent else indent)
    else:
        buffer.validate_and_handle()


class Burst:
    """Keys that came in one go, behind this Enter: typed ahead, or pasted?

    Terminals that know bracketed paste say so themselves. With others a paste is a
    burst of keys: its lines bring their own indentation, and a blank line in a block
    is no end of it. Lines that somebody has typed ahead do not begin with spaces where
    they ought to be indented; the first such line tells for the rest of the burst.
    """

    # Of the burst that is being taken in. There is one keyboard.
    _has_indentation = False

    def __init__(self, event: KeyPressEvent, indent: str) -> None:
        waiting = (press.key for press in event.key_processor.input_queue)
        self.next = next((key for key in waiting if key not in _NO_KEYS), None)
        if self.next is None:
            Burst._has_indentation = False
        elif indent and self._is_indented:
            Burst._has_indentation = True

    @property
    def _is_indented(self) -> bool:
        return self.next in (" ", Keys.Tab)

    @property
    def is_pasted(self) -> bool:
        return self.next is not None and Burst._has_indentation

    def goes_on(self, document: Document) -> bool:
        """Whether this is a blank line within a pasted block."""
        return (
            self._is_indented
            and document.line_count > 1
            and not document.current_line.strip()
        )


# In the queue of keys, and not typed by anybody.
_NO_KEYS = (Keys.CPRResponse, "?")


def _begin_line(buffer: Buffer, indent: str) -> None:
    buffer.insert_text("\n" + indent)


# --- indentation ----------------------------------------------------------------------


def newline_autoindent(event: KeyPressEvent) -> None:
    """A line below the cursor's, as far in as this one ought to have it."""
    buffer = event.current_buffer
    if buffer.complete_state:
        buffer.cancel_completion()
    before = buffer.document.current_line_before_cursor
    indent = len(before) - len(before.lstrip())
    if before.rstrip().endswith(":"):
        indent += INDENT
    buffer.insert_text("\n" + " " * indent, move_cursor=False)


def indent_buffer(event: KeyPressEvent) -> None:
    """To the next column that is a multiple of four."""
    column = event.current_buffer.document.cursor_position_col
    event.current_buffer.insert_text(" " * (INDENT - column % INDENT))


def dedent_buffer(event: KeyPressEvent) -> None:
    """Take away one step of the line's indentation."""
    buffer = event.current_buffer
    before = buffer.document.current_line_before_cursor
    if before:
        buffer.delete_before_cursor((len(before) - 1) % INDENT + 1)


def smart_backspace(event: KeyPressEvent) -> None:
    """Behind the indentation, delete one step of it."""
    dedent_buffer(event)


def colon(event: KeyPressEvent) -> None:
    """A colon; behind `else` and its kin the line goes out one step."""
    buffer = event.current_buffer
    document = buffer.document
    buffer.insert_text(":")
    line = document.current_line_before_cursor
    word = line.strip()
    if (
        not (word in _ENDS_BLOCK or word.startswith(_ENDS_BLOCK_WITH))
        or not document.is_cursor_at_the_end_of_line
    ):
        return
    above = _line_above(document)
    indent = len(line) - len(line.lstrip())
    if not above or indent < INDENT or above.endswith(":"):
        return
    if len(above) - len(above.lstrip()) == indent:  # still as far in as the block
        position = buffer.cursor_position
        start = position - len(line) - 1
        buffer.document = Document(
            buffer.text[:start] + buffer.text[start + INDENT :], position - INDENT
        )


# What ends the block above it.
_ENDS_BLOCK = ("else", "finally", "except")
_ENDS_BLOCK_WITH = ("elif ", "except ", "except* ")


def _line_above(document: Document) -> str:
    """The nearest line above the cursor's that is not blank."""
    for line in reversed(document.lines[: document.cursor_position_row]):
        if line.strip():
            return line.rstrip()
    return ""


# --- running, leaving, and getting rid of things --------------------------------------


@with_shell
def reformat_and_execute(event: KeyPressEvent, shell: TerminalInteractiveShell) -> None:
    """Run the cell wherever the cursor is; reformatted, if `autoformatter` says so."""
    buffer = event.current_buffer
    if shell.autoformatter is not None:
        from ipcluster.shell.terminal.reformatting import reformatted

        text = reformatted(shell.autoformatter, buffer.text)
        buffer.document = Document(text, len(text))
    buffer.validate_and_handle()


def quit(event: KeyPressEvent) -> None:  # noqa: A001  (the name in people's configs)
    """End the process, whatever it does: the quit signal of the terminal."""
    import os
    import signal

    event.app.exit(exception=EOFError())
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGQUIT)


def previous_history_or_previous_completion(event: KeyPressEvent) -> None:
    """The completion before, or the input before."""
    event.current_buffer.auto_up()


def next_history_or_next_completion(event: KeyPressEvent) -> None:
    """The completion after, or the input after."""
    event.current_buffer.auto_down()


def dismiss_completion(event: KeyPressEvent) -> None:
    """Close the menu, and leave the text as it was."""
    if event.current_buffer.complete_state:
        event.current_buffer.cancel_completion()


def reset_buffer(event: KeyPressEvent) -> None:
    """Close the menu; without one, away with the text."""
    buffer = event.current_buffer
    if buffer.complete_state:
        buffer.cancel_completion()
    else:
        buffer.reset()


def reset_search_buffer(event: KeyPressEvent) -> None:
    """Away with the text to look for; without one, stop looking."""
    if event.current_buffer.document.text:
        event.current_buffer.reset()
    else:
        event.app.layout.focus("DEFAULT_BUFFER")


def suspend_to_bg(event: KeyPressEvent) -> None:
    """Stop the shell, as Ctrl-Z does with any program."""
    event.app.suspend_to_background()


@with_shell
def open_input_in_editor(event: KeyPressEvent, shell: TerminalInteractiveShell) -> None:
    """Edit the cell in the person's own editor."""
    from ipcluster.shell.terminal.editing import edit_text

    buffer = event.current_buffer
    before = buffer.document

    def edit() -> None:
        text = edit_text(shell.editor, before.text, before.cursor_position_row + 1)
        if text is not None:
            buffer.document = Document(text, len(text))

    run_in_terminal(edit)


@with_shell
def unfold_traceback(event: KeyPressEvent, shell: TerminalInteractiveShell) -> None:
    """Show the last traceback with the frames that were folded away."""
    unfold = getattr(shell.InteractiveTB, "unfolded", None)
    if unfold is None:
        return

    def show() -> None:
        lines = unfold()
        if lines:
            print(lines if isinstance(lines, str) else "\n".join(lines), end="\n\n")

    run_in_terminal(show)


@with_shell
def search_history(event: KeyPressEvent, shell: TerminalInteractiveShell) -> None:
    """Look for an input, of all that were ever typed."""
    assert shell.line_editor is not None
    shell.line_editor.session.finder.start(event.current_buffer)


def win_paste(event: KeyPressEvent) -> None:
    """Paste from the system's clipboard."""
    from ipcluster.shell.terminal.clipboards import read_clipboard

    text = read_clipboard()
    if text:
        event.current_buffer.insert_text(text)
