"""Magics about errors: how they are shown, and looking at them in the debugger."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any


@magics_class
class ErrorMagics(Magics):
    """Tracebacks and the debugger."""

    @line_magic
    def xmode(self, line: str) -> None:
        """Choose how errors are shown.

        Usage: %xmode [mode] [options]

        Modes, in any case of letters; without one, and without options, the next:

        Context    the source around each place, the names of arguments (the default)
        Verbose    the values of arguments, and of the names in what was executed
        Plain      like Python's own tracebacks
        Minimal    the message alone
        Docs       where it began, and the message: for documents
        Doctest    as doctests have it

        Options:

        --fold, --no-fold    frames of libraries take one line, or as much as yours
        --hide, --show       frames that set __tracebackhide__ are left out, or not
        --links, --no-links  files are links, for terminals that open them on a click
        --context N          lines of source around each place

        Examples:
            %xmode verbose
            %xmode --no-fold
            %xmode --context 11

        `%tb --all` shows the last error whole, whatever is chosen here.
        """
        from getopt import GetoptError, gnu_getopt

        names = ["fold", "no-fold", "show", "hide", "links", "no-links", "context="]
        try:
            options, modes = gnu_getopt(line.split(), "", names)
        except GetoptError as error:
            raise UsageError(f"%xmode: {error.msg}") from None
        if len(modes) > 1:
            raise UsageError(f"%xmode takes one mode, not {' '.join(modes)}")
        for name, value in options:
            self._set_look(name, value)
        if modes or not options:
            self._set_mode(modes[0] if modes else None)

    def _set_mode(self, mode: str | None) -> None:
        try:
            self.shell.InteractiveTB.set_mode(mode)
        except ValueError as error:
            raise UsageError(f"%xmode: {error}") from None
        print("Exception reporting mode:", self.shell.xmode)

    def _set_look(self, name: str, value: str) -> None:
        shell = self.shell
        if name in ("--fold", "--no-fold"):
            shell.xmode_fold = name == "--fold"
            print("Frames of libraries:", "folded" if shell.xmode_fold else "shown")
        elif name in ("--show", "--hide"):
            shell.InteractiveTB.skip_hidden = name == "--hide"
            hides = shell.InteractiveTB.skip_hidden
            print("Hidden frames:", "left out" if hides else "shown")
        elif name in ("--links", "--no-links"):
            shell.xmode_links = name == "--links"
            print("Files are links:", "yes" if shell.xmode_links else "no")
        elif value.isdecimal() and int(value):
            shell.xmode_context = int(value)
            print("Lines around each place:", shell.xmode_context)
        else:
            raise UsageError(f"%xmode --context takes a number of lines, not {value!r}")

    @line_magic
    def tb(self, line: str) -> None:
        """Show the last error again.

        Usage: %tb [--all] [mode]

        --all    with all of its frames: those of libraries, hidden ones, the shell's

        A mode (see %xmode) is for this time only.

        Examples:
            %tb --all
            %tb Verbose
        """
        words = line.split()
        whole = "--all" in words
        modes = [word for word in words if word != "--all"]
        if len(modes) > 1:
            raise UsageError("%tb takes --all and one mode, and nothing else")
        shell = self.shell
        etype, evalue, _ = shell.last_error()
        if evalue is None:
            print("No traceback available to show.", file=sys.stderr)
            return
        try:
            if modes or whole:
                mode = modes[0] if modes else None
                lines = shell.InteractiveTB.last(mode, whole=whole)
            else:
                lines = shell.rendered(*shell.last_error())
        except ValueError as error:
            raise UsageError(f"%tb: {error}") from None
        shell._showtraceback(etype, evalue, lines)

    @line_magic
    def pdb(self, line: str) -> None:
        """Start the debugger at each error, or no more.

        Usage: %pdb [on | off | 1 | 0]

        Without an argument it is turned on if it was off, and the other way round.
        `%debug` looks at the last error without this.
        """
        wanted = line.strip().lower()
        answers = {"": not self.shell.call_pdb}
        answers |= {"on": True, "1": True, "off": False, "0": False}
        if wanted not in answers:
            raise UsageError(f"%pdb is on or off, 1 or 0; not {line.strip()}")
        self.shell.call_pdb = answers[wanted]
        state = "ON" if self.shell.call_pdb else "OFF"
        print("Automatic pdb calling has been turned", state)

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def debug(
        self, line: str = "", cell: str | None = None, local_ns: Any = None
    ) -> Any:
        """Look at the last error in the debugger, or run code in it.

        Usage:
            %debug                                      the last error, post mortem
            %debug [--breakpoint FILE:LINE] statement   a statement, from its start
            %%debug [--breakpoint FILE:LINE]            a cell, from its first line

        --breakpoint FILE:LINE, -b FILE:LINE    stop there, too; `c` goes on to it

        At its prompt, `h` lists the commands and `h command` tells of one; anything
        else is Python that sees the names of the frame, `%magic`s and `!commands`.

        Examples:
            %debug
            %debug simulate(100)
            %debug -b model.py:120 simulate(100)
        """
        place, statement = _split_breakpoint(line)
        if cell is not None:
            statement = f"{statement}\n{cell}" if statement else cell
        if not statement.strip():
            if place is not None:
                raise UsageError("%debug --breakpoint wants a statement to run")
            self._post_mortem()
            return None
        from ipcluster.engines.interpreter.debugger import run_under_debugger

        shell = self.shell
        source = shell.transform_cell(statement)
        code = self._compiled(source, statement)
        names = shell.user_ns if local_ns is None else local_ns
        return run_under_debugger(shell, code, shell.user_global_ns, names, place)

    def _post_mortem(self) -> None:
        from ipcluster.engines.interpreter.debugger import post_mortem

        post_mortem(self.shell)

    def _compiled(self, source: str, typed: str) -> CodeType:
        """Code whose source the debugger can show; of an expression, its value."""
        compiler = self.shell.compile
        name = compiler.remember(source, self.shell.execution_count, typed)
        try:
            code: CodeType = compiler.compile(source.strip(), name, "eval")
        except SyntaxError:
            code = compiler.compile(source, name, "exec")
        return code

    @line_magic
    def colors(self, line: str) -> None:
        """Choose the colours of prompts, sources and tracebacks.

        Usage: %colors [theme]

        Themes: nocolor, linux (a dark background), neutral (any background), lightbg,
        pride, gruvbox-dark. Without one, tells which is on.

        Example:
            %colors lightbg
        """
        from ipcluster.engines.interpreter.colours import THEMES, theme_name

        if not line.strip():
            print(f"{self.shell.colors}; there are {', '.join(THEMES)}")
            return
        try:
            self.shell.colors = theme_name(line.strip())
        except ValueError as error:
            raise UsageError(f"%colors: {error}") from None


def _split_breakpoint(line: str) -> tuple[str | None, str]:
    """The breakpoint, if there is one, and the statement exactly as it was typed."""
    text = line.strip()
    for name in ("--breakpoint", "-b"):
        if text == name or text.startswith((name + " ", name + "=")):
            rest = text[len(name) :].lstrip(" =")
            place, _, statement = rest.partition(" ")
            if not place:
                raise UsageError(f"%debug {name} wants FILE:LINE behind it")
            return place, statement.strip()
    return None, text
