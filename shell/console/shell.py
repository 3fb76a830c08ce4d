"""`ConsoleShell`: the shell of the terminal, whose cells run elsewhere.

It has the options of the terminal's shell, from the same config files, and is read and
drawn by the same line editor and front end. What is asked of an interpreter is asked of
the `Remote`. Events come back through a queue, which one thread takes from: while a
cell runs in `run_cell`, and at the prompt from the loop that the prompt waits on.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.cells import ExecutionInfo, ExecutionResult
from ipcluster.engines.interpreter.completion.results import Completions
from ipcluster.engines.interpreter.display.hook import DisplayHook
from ipcluster.shell.console.backlog import Backlog
from ipcluster.shell.console.remote import (
    Done,
    Ended,
    Note,
    Pressed,
    Remote,
    Screen,
    Text,
    Told,
)
from ipcluster.shell.terminal.frontend import TerminalFrontEnd
from ipcluster.shell.terminal.presses import take_press
from ipcluster.shell.terminal.prompts import Token
from ipcluster.shell.terminal.shell import TerminalInteractiveShell

if TYPE_CHECKING:
    from ipcluster.engines.interpreter.events import Event

# What leaves the console, as typed: also where the other side is busy, or dead.
LEAVE = frozenset({"exit", "quit", "exit()", "quit()"})
# Presses of Ctrl-C after which the console no longer waits for its cell.
PRESSES = 3
# Characters that are written at once: between two, Ctrl-C is seen.
PIECE = 1 << 12
# Characters that are shown after Ctrl-C: of a flood, all the rest is on its way.
AFTER_PRESS = 1 << 13
# What others' cells show at the prompt: so many events and texts at a time, or so many
# characters, and a pause of so many seconds.
TURN = 1000
TURN_CHARACTERS = 1 << 16
PAUSE = 0.05


class _Numbers(DisplayHook):
    """Values come with the number of their cell."""

    prompt_count = 0  # told: it does not run here


class ConsoleShell(TerminalInteractiveShell):
    """The shell of a person at a terminal, for an interpreter that is not here."""

    takes_presses = True

    def __init__(
        self,
        remote: Remote,
        frontend: TerminalFrontEnd | None = None,
        *,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(frontend or TerminalFrontEnd(), config=config)
        self.remote = remote
        self.displayhook = self._numbers = _Numbers(self)
        self.ended: str | None = None  # how the other side did
        self._told = Backlog()
        self._is_running = False
        self._is_planned = False
        self._presses = 0
        self._is_pressed = False
        self._after_press = 0  # characters that came since
        self._loop = self.loop.loop

    def open(self) -> str:
        """Connect; what the other side says of itself.

        Raises:
            NotReached: there is nothing to connect to.
        """
        beginning = self.remote.open(self._on_told)
        self.execution_count = beginning.count
        return beginning.banner + "".join(f"[{note}]\n" for note in beginning.notes)

    # --- what is told -----------------------------------------------------------------

    def _on_told(self, told: Told) -> None:
        """Something happened; called in any thread."""
        self._told.put(told)
        if not self._is_running and not self._is_planned:
            self._is_planned = True
            try:
                self._loop.call_soon_threadsafe(self.show_waiting)
            except RuntimeError:  # closed: the session is over
                return

    def show_waiting(self) -> None:
        """Show what has come while nothing runs here; a part of it, if that is much.

        The prompt gets its turns, and the screen the time to take what it was given.
        """
        self._is_planned = False
        characters = 0
        for _ in range(TURN):
            told = self._told.get_nowait()
            if told is None:
                break
            self._show(told)
            if isinstance(told.what, Text):
                characters += len(told.what.text)
                if characters > TURN_CHARACTERS:
                    break
        if told is not None:  # there may be more
            self._is_planned = True
            self._loop.call_later(PAUSE, self.show_waiting)
        if self.line_editor is not None:
            app = self.line_editor.session.app
            app.invalidate()  # the prompt's number
            if self.ended is not None and app.is_running and not app.is_done:
                app.exit(exception=EOFError())

    def _show(self, told: Told) -> None:
        match told.what:
            case Text(stream=stream, text=text):
                self._write(sys.stderr if stream == "stderr" else sys.stdout, text)
            case Note(text=text, count=count):
                if text:
                    print(f"[{text}]", flush=True)
                if count is not None:
                    self.execution_count = count
            case Ended(text=text):
                print(f"[{text}]", flush=True)
                self.ended = text
                self.exit_now = True
            case Done() | Pressed():
                pass  # of a cell that is not waited for any more
            case event:
                self._show_event(event, told.who)

    def _write(self, to: TextIO, text: str) -> None:
        """Write what a cell has printed; of a flood little, once Ctrl-C was pressed."""
        for at in range(0, len(text), PIECE):
            piece = text[at : at + PIECE]
            if self._is_pressed:
                self._after_press += len(piece)
                if self._after_press > AFTER_PRESS:
                    continue
            to.write(piece)
            to.flush()

    def _show_event(self, event: Event, who: str | None) -> None:
        match event:
            case e.Input(code=code, count=count):
                if who is not None:
                    self._show_input(code, count, who)
                self.execution_count = count + (who is not None)
            case e.InputWanted():
                self._ask(event)
            case e.ExitWanted(keep=keep):
                self.keepkernel_on_exit = keep
                self.exit_now = True
            case e.Result(count=count):
                self._numbers.prompt_count = count
                self.frontend.emit(event)
            case _:
                self.frontend.emit(event)

    def _show_input(self, code: str, count: int, who: str) -> None:
        """What somebody else has typed, below who they are."""
        head = f"{who} In [{count}]: "
        lines = code.rstrip("\n").split("\n")
        more = "...: ".rjust(len(head)) if len(head) < self.frontend.width // 2 else ""
        out = self.frontend.coloured([(Token.Prompt, f"\n{head}")])
        print(out + f"\n{more}".join(lines), flush=True)

    # --- a line for the cell ----------------------------------------------------------

    def _ask(self, wanted: e.InputWanted) -> None:
        """A question of the cell's: only in the midst of one of ours."""
        prompt = wanted.prompt
        complete = self.remote.complete_line if wanted.completes else None
        history = "debugger" if prompt.startswith(("ipdb", "(Pdb", "pdb")) else None
        try:
            with _interrupts_raise():
                text = self.frontend.read_line(
                    prompt,
                    password=wanted.password,
                    complete=complete,
                    history=history,
                )
        except EOFError:
            self.remote.answer(None)
        except KeyboardInterrupt:
            self.remote.interrupt()
        else:
            self.remote.answer(text)

    # --- cells ------------------------------------------------------------------------

    def run_cell(
        self,
        raw_cell: str,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        cell_id: str | None = None,
        **keywords: Any,
    ) -> ExecutionResult:
        """Run a cell over there, showing what it shows, until it has ended."""
        result = ExecutionResult(ExecutionInfo(raw_cell, store_history, silent))
        if raw_cell.strip() in LEAVE:
            self.exit_now = True
        elif raw_cell.strip() and not self.exit_now:
            self._presses = self._after_press = 0
            self._is_pressed = False
            self._is_running = True
            done = None
            try:
                with self._presses_are_told() as press:
                    self.remote.submit(raw_cell, self._screen())
                    if take_press():  # it came behind Enter, before the cell was there
                        press()
                    done = self._follow()
            except KeyboardInterrupt:  # before it was ours to take, or after
                print("KeyboardInterrupt")
            finally:
                self._is_running = self._is_pressed = False
            if done is not None and done.count is not None:
                self.execution_count = done.count + 1
                result.execution_count = done.count
            self.last_execution_succeeded = done is not None and done.succeeded
            self.show_waiting()
        return result

    def _follow(self) -> Done | None:
        """Show what comes until our cell has ended; None: it is not waited for."""
        while True:
            told = self._told.get()
            match told.what:
                case Done():
                    left_out = self._after_press - AFTER_PRESS
                    if left_out > 0:
                        print(f"[{left_out:,} characters after Ctrl-C left out]")
                    return told.what
                case Ended():
                    self._show(told)
                    return None
                case Pressed():
                    self._presses += 1
                    if self._presses < PRESSES:
                        self.remote.interrupt()
                        continue
                    self.remote.let_go()
                    print(
                        "[the cell does not end: it goes on, and is not waited for]",
                        flush=True,
                    )
                    return None
                case _:
                    self._show(told)

    def _screen(self) -> Screen:
        frontend = self.frontend
        return Screen(frontend.has_colours, frontend.width, frontend.height)

    @contextmanager
    def _presses_are_told(self) -> Iterator[Callable[[], None]]:
        """Ctrl-C comes through the queue: nothing is lost in the midst of showing.

        Gives what puts one there.
        """

        def press() -> None:
            self._is_pressed = True
            self._told.put_at_once(Told(Pressed()))

        try:
            before = signal.signal(signal.SIGINT, lambda _number, _frame: press())
        except ValueError:  # not the main thread, which alone hears of it
            yield press
            return
        try:
            yield press
        finally:
            signal.signal(signal.SIGINT, before)

    # --- questions --------------------------------------------------------------------

    def check_complete(self, code: str) -> tuple[str, str]:
        found = None
        if code.strip() and code.strip() not in LEAVE:
            found = self.remote.check_complete(code)
        return super().check_complete(code) if found is None else found

    def complete_code(self, code: str, cursor: int | None = None) -> Completions:
        at = len(code) if cursor is None else cursor
        return self.remote.complete(code, at) or Completions(at, at, [])

    def history_request(self, hist_access_type: str, **keywords: Any) -> list[Any]:
        if hist_access_type != "tail":
            return []
        return self.remote.history(int(keywords.get("n") or 10))

    def close(self) -> None:
        self._told.close()
        self.remote.close(keep=self.keepkernel_on_exit)
        super().close()


@contextmanager
def _interrupts_raise() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, as a plain `input()` needs it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
