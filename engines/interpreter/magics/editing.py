"""`%edit`: code in an editor, and then run."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Target:
    """What is edited: a file, and what becomes of it afterwards."""

    def __init__(
        self,
        path: str,
        *,
        line: int | None = None,
        is_users: bool = False,
        macro: str | None = None,
    ) -> None:
        self.path = path
        self.line = line
        self.is_users = is_users  # a file that was there before
        self.macro = macro


@magics_class
class EditMagics(Magics):
    """The editor."""

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self._last: _Target | None = None

    @line_magic
    def edit(self, line: str) -> str | None:
        """Edit code, and run it when the editor is closed.

            %edit [options] [what]

        `what` may be

            a file      edited and run; made if there is none
            ranges      inputs (`1-5 7`, see %history?) in a new file
            a function, class or module     where it is defined
            a macro     changed by what comes out
            a variable with text in it      edited as code; `_` is what came out before

        and without it there is an empty file. What was edited is the value of %edit, so
        `%edit _` goes on with it; a file of yours is not.

            -n LINE go to this line
            -p      what was edited last
            -r      inputs as they were typed
            -x      do not run it

        The editor is that of `TerminalInteractiveShell.editor` or $EDITOR.
        """
        options, what = self.parse_options(line, "prxn:")
        target = self._last if "p" in options else None
        if target is None:
            target = self._target(what.strip(), raw="r" in options)
        if "n" in options:
            if not options.n.isdigit():
                raise UsageError(
                    f"-n wants the number of a line; {options.n!r} is none"
                )
            target.line = int(options.n)
        self._last = target
        if not self._open(target):
            return None
        if target.macro is not None:
            self.shell.define_macro(target.macro, _read(target.path))
            return None
        if "x" not in options:
            self._run(target)
        return None if target.is_users else _read(target.path)

    @line_magic
    def ed(self, line: str) -> str | None:
        """The same as %edit."""
        edited: str | None = self.edit(line)
        return edited

    # --- what to edit -----------------------------------------------------------------

    def _target(self, what: str, raw: bool) -> _Target:
        shell = self.shell
        if not what:
            return _Target(shell.mktempfile())
        from ipcluster.engines.interpreter.history.ranges import first_wrong

        if first_wrong(what) is None:
            code = shell.extract_input_lines(what, raw=raw)
            if not code:
                raise UsageError(f"There is no input {what}.")
            return _Target(shell.mktempfile(code + "\n"))
        return self._of_value(what) or self._of_file(what)

    def _of_value(self, what: str) -> _Target | None:
        from ipcluster.engines.interpreter.history.macro import Macro
        from ipcluster.engines.interpreter.usercode import value_of

        value = value_of(self.shell, what)
        if isinstance(value, Macro):
            return _Target(self.shell.mktempfile(value.value), macro=what)
        if isinstance(value, str):
            return _Target(self.shell.mktempfile(value))
        return None if value is None else self._of_object(value, what)

    def _of_object(self, value: Any, what: str) -> _Target:
        """Where something is defined: in its file, or what the prompt had of it."""
        import inspect

        from ipcluster.engines.interpreter.usercode import source_of

        if not (
            inspect.isroutine(value)
            or inspect.isclass(value)
            or inspect.ismodule(value)
        ):
            value = type(value)
        value = inspect.unwrap(value) if callable(value) else value
        try:
            path = inspect.getsourcefile(value)
        except TypeError:
            path = None
        source = source_of(value)
        if path is not None and os.path.isfile(path):
            line = None
            if not inspect.ismodule(value) and source is not None:
                line = inspect.getsourcelines(value)[1]
            return _Target(path, line=line, is_users=True)
        if source is None:
            raise UsageError(f"There is no source of {what} to edit.")
        return _Target(self.shell.mktempfile(inspect.cleandoc("\n" + source) + "\n"))

    def _of_file(self, what: str) -> _Target:
        path = os.path.expanduser(what)
        if not os.path.exists(path) and os.path.exists(path + ".py"):
            path += ".py"
        if os.path.isdir(path):
            raise UsageError(f"{what} is a folder, not a file.")
        folder = os.path.dirname(path)
        if folder and not os.path.isdir(folder):
            raise UsageError(f"{what} is neither a name nor a file, nor can it be one.")
        return _Target(os.path.abspath(path), is_users=True)

    # --- editing and running ----------------------------------------------------------

    def _open(self, target: _Target) -> bool:
        """Whether it was edited, and the editor is closed."""
        shell = self.shell
        if shell.hooks.call("editor", target.path, target.line, True):
            return True
        if shell.frontend.edit(target.path, target.line, True):
            return True
        if shell.frontend.has_terminal:
            raise UsageError(
                "There is no editor: set $EDITOR, or TerminalInteractiveShell.editor."
            )
        from ipcluster.engines.interpreter.events import EditMagic

        # A front end elsewhere edits it in its own way, and does not tell when it is
        # done: nothing is run.
        shell.emit(EditMagic(target.path, target.line))
        return False

    def _run(self, target: _Target) -> None:
        shell = self.shell
        try:
            code = _read(target.path)
        except FileNotFoundError:
            print(f"Nothing was written to {target.path}.")
            return
        if not target.is_users or target.path.endswith(".ipy"):
            shell.run_cell(code, store_history=False)
            return
        try:
            compiled = compile(code, target.path, "exec", dont_inherit=True)
            exec(compiled, shell.user_global_ns, shell.user_ns)
        except SystemExit:
            print(f"{target.path} ended in SystemExit.")
        except Exception:
            shell.showtraceback()


def _read(path: str) -> str:
    from ipcluster.engines.interpreter.usercode import read_code

    try:
        return read_code(path, skip_encoding_cookie=False)
    except (UnicodeDecodeError, SyntaxError) as error:
        raise UsageError(f"{path} is no text: {error}") from None
