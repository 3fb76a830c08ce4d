"""Magics that run commands of the system: those behind `!!`, and for whole cells."""

from __future__ import annotations

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    cell_magic,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@magics_class
class SystemMagics(Magics):
    """Commands of the system."""

    def _output(self, command: str, local_ns: Mapping[str, Any] | None) -> Any:
        """What a command prints, with the caller's variables put into it."""
        from ipcluster.engines.interpreter.expansion import expand
        from ipcluster.engines.interpreter.system import get_output

        shell = self.shell
        names = {**shell.user_ns, **(local_ns or {})}
        return get_output(shell, expand(command, names, shell.user_global_ns), True)

    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def sx(
        self,
        line: str = "",
        cell: str | None = None,
        local_ns: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a command, and give what it prints: `!!command` is the same.

            %sx COMMAND         a list of lines
            names = %sx ls      so that it can be kept
            %%sx                all lines of the cell, in one shell

        The list has attributes: `.n` is one text with line ends, `.s` one with spaces,
        `.p` has the lines that are files as paths. `.grep(pattern, prune, field)`,
        `.fields(0, 3)` and `.sort(field, nums)` give new lists.

        `$name` and `{expression}` are filled in; `{expression!q}` with quotes for the
        shell around what needs them. `$$name` and `{{x}}` are left to the shell.
        """
        command = line if cell is None else f"{line}\n{cell}"
        return self._output(command.strip(), local_ns)

    @needs_local_scope
    @no_var_expand
    @line_cell_magic
    def system(
        self,
        line: str = "",
        cell: str | None = None,
        local_ns: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a command, and give what it prints: see `%sx`."""
        return self.sx(line, cell, local_ns)

    @needs_local_scope
    @no_var_expand
    @cell_magic("!")  # type: ignore[untyped-decorator]  # what a name gives is one
    def bang(
        self, line: str, cell: str, local_ns: Mapping[str, Any] | None = None
    ) -> Any:
        """Run the lines of the cell in one shell, and give what they print."""
        return self.sx(line, cell, local_ns)

    @needs_local_scope
    @no_var_expand
    @line_magic
    def sc(self, line: str = "", local_ns: Mapping[str, Any] | None = None) -> Any:
        """Run a command, and keep what it prints; `name = !command` is shorter.

            %sc [-l] [-v] NAME=COMMAND

        -l: keep a list of lines, not a text.
        -v: print it, too.
        """
        options, rest = self.parse_options(line, "lv", preserve_non_opts=True)
        name, found, command = rest.partition("=")
        if not found or not name.strip().isidentifier():
            raise UsageError("%sc [-l] [-v] NAME=COMMAND; or NAME = !COMMAND")
        lines = self._output(command.strip(), local_ns)
        kept = lines if "l" in options else lines.n
        if "v" in options:
            print(f"{name.strip()} == {kept!r}")
        self.shell.push({name.strip(): kept})
