"""Keeping what a cell shows: `%%capture`."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.events import Error
from ipcluster.engines.interpreter.magics.options import options_first
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    cell_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@magics_class
class CapturingMagics(Magics):
    """Magics that keep output."""

    @cell_magic
    def capture(self, line: str, cell: str) -> None:
        """Run the cell, and keep what it prints and displays instead of showing it.

            %%capture [--no-stdout] [--no-stderr] [--no-display] [variable]
            print("text")

        `variable.stdout` and `variable.stderr` are then what was printed,
        `variable.outputs` what was displayed, and `variable.show()` shows it all.
        Without a variable it is thrown away.

        --no-stdout: show what is printed.
        --no-stderr: show what is printed to standard error.
        --no-display: show what is displayed.

        An error in the cell is shown, in any case.
        """
        from ipcluster.engines.interpreter.display.capture import capture_output

        options, names = self.parse_options(
            options_first(line), "", "no-stdout", "no-stderr", "no-display", mode="list"
        )
        if len(names) > 1 or not all(name.isidentifier() for name in names):
            raise UsageError(
                f"%%capture takes the name of one variable; not {' '.join(names)!r}"
            )
        errors = _Errors(self.shell)
        with (
            errors,
            capture_output(
                stdout="no-stdout" not in options,
                stderr="no-stderr" not in options,
                display="no-display" not in options,
            ) as captured,
        ):
            result = self.shell.run_cell(cell)
        for name in names:
            self.shell.user_ns[name] = captured
        errors.show()
        if isinstance(result.error, UsageError) and captured.stderr:
            self.shell.show_usage_error(result.error)


class _Errors:
    """Holds the shell's errors back.

    A front end that prints them would print them into what is captured.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._emit: Any = None
        self._held: list[Error] = []

    def __enter__(self) -> None:
        self._emit = self._shell.emit
        self._shell.emit = self._sort

    def __exit__(self, *_error: object) -> None:
        self._shell.emit = self._emit

    def _sort(self, event: Any) -> None:
        if isinstance(event, Error):
            self._held.append(event)
        else:
            self._emit(event)

    def show(self) -> None:
        for event in self._held:
            self._shell.emit(event)
