"""What a front end offers to the interpreter.

`FrontEnd` is the plainest one that works: no terminal, no pager, text to `sys.stdout`.
The prompt in a terminal, the engine's link and the kernel's sockets are subclasses,
each in its own floor. The interpreter asks for nothing else from outside.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ipcluster.engines.interpreter.events import Event

    Complete = Callable[[str, int], tuple[int, Sequence[str]]]
    """(text, cursor) to (where the completed word starts, what it could be)."""


class FrontEnd:
    """Shows events as plain text."""

    # Whether a person sits at a terminal that programs can draw on.
    has_terminal = False
    # Whether rich output (HTML, images) can be seen; else only text/plain is made.
    is_rich = False
    # What else a front end can show that is not rich: `("image/png",)`.
    mime_types: tuple[str, ...] = ()
    # Whether `input()` and `getpass()` ask the front end, rather than `sys.stdin`.
    takes_input = False
    # Whether text may have ANSI colours.
    has_colours = False
    # What a person does to see the frames of a traceback that are folded away.
    unfold_hint = "%tb --all"
    # What is said of a cell that raised SystemExit; none: the program ends with it.
    leaving_hint = "To leave the shell: 'exit', 'quit' or Ctrl-D."

    @property
    def width(self) -> int:
        """Columns of text."""
        return 80

    @property
    def height(self) -> int:
        """Lines of text."""
        return 24

    def emit(self, event: Event) -> None:
        """Show an event; called in the thread that runs the cell, or in any other."""
        from ipcluster.engines.interpreter import events as e

        match event:
            case e.Result() | e.Display() | e.Page():
                text = event.data.get("text/plain")
                if text:
                    print(text)
            case e.Error():
                print("\n".join(event.traceback), file=sys.stderr)

    def read_line(
        self,
        prompt: str,
        *,
        password: bool = False,
        complete: Complete | None = None,
        history: str | None = None,
    ) -> str:
        """A line from the person, without its line end.

        Args:
            prompt: shown before it.
            password: do not echo it.
            complete: what Tab offers, where there is a Tab.
            history: a name under which lines are remembered: `"debugger"`.

        Raises:
            EOFError: nobody will type.
        """
        if password:
            import getpass

            return getpass.getpass(prompt)
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def run_command(self, command: str, environment: dict[str, str] | None) -> int:
        """Run a shell command for the person; its exit status, -N for signal N.

        It has the terminal, where there is one; else what it prints goes to
        `sys.stdout` while it runs.
        """
        from ipcluster.engines.interpreter import system

        if self.has_terminal and system.owns_terminal():
            return system.terminal_command(command, environment)
        return system.stream_command(command, environment)

    def edit(self, filename: str, line: int | None, wait: bool) -> bool:
        """Open a file in an editor, and with `wait` return when it is closed.

        Returns:
            False where there is no editor to open.
        """
        return False

    def clipboard(self) -> str | None:
        """The text on the clipboard; None where there is no clipboard."""
        return None

    def confirm(self, question: str, default: bool | None = None) -> bool:
        """A yes or no from the person."""
        hint = {True: " [Y/n] ", False: " [y/N] ", None: " [y/n] "}[default]
        while True:
            try:
                answer = self.read_line(question + hint).strip().lower()
            except EOFError:
                return bool(default)
            if not answer and default is not None:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer[0] == "y"

    def connect_info(self) -> str:
        """How others connect to this interpreter: text; empty, if they cannot."""
        return ""

    def set_title(self, title: str) -> None:
        """Name the window, where there is one."""

    def tell(self, **_facts: Any) -> None:
        """Something that a front end may show: reserved for those that can."""
