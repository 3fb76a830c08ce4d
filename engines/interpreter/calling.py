"""Code and commands by name: the part of `InteractiveShell` that calls things."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ipcluster.engines.interpreter.frontend import FrontEnd
    from ipcluster.engines.interpreter.magics.registry import MagicsManager
    from ipcluster.engines.interpreter.namespace import UserNamespace
    from ipcluster.engines.interpreter.shell import InteractiveShell


class CallsThings:
    """Methods of `InteractiveShell` that run magics, commands, and pieces of code."""

    frontend: FrontEnd
    namespace: UserNamespace
    magics_manager: MagicsManager
    user_ns: dict[str, Any]
    user_global_ns: dict[str, Any]

    @property
    def _whole(self) -> InteractiveShell:
        """The shell that this is a part of."""
        return self  # type: ignore[return-value]  # every one of us is one

    # --- magics -----------------------------------------------------------------------

    def find_magic(self, magic_name: str, magic_kind: str = "line") -> Any:
        """The function behind a magic's name; None if there is none."""
        return self.magics_manager.find(magic_name, magic_kind)

    def find_line_magic(self, magic_name: str) -> Any:
        return self.find_magic(magic_name, "line")

    def find_cell_magic(self, magic_name: str) -> Any:
        return self.find_magic(magic_name, "cell")

    def run_line_magic(
        self,
        magic_name: str,
        line: str,
        _stack_depth: int = 1,
        *,
        _awaited: bool = False,
    ) -> Any:
        """Call a line magic; what it gives.

        `_stack_depth`: how many frames above is the one whose names `$name` means.
        `_awaited`: give a coroutine that gives it; see magics/awaiting.py.

        Raises:
            UsageError: there is no such magic, or it does not take this line.
        """
        function = self.find_magic(magic_name)
        if function is None:
            raise UsageError(self._missing(magic_name, "line"))
        keywords: dict[str, Any] = {}
        if getattr(function, "needs_local_scope", False):
            keywords["local_ns"] = self.get_local_scope(_stack_depth)
        if not getattr(function, "_ipython_magic_no_var_expand", False):
            line = self.var_expand(line, _stack_depth)
        return self._magic_result(function, function(line, **keywords), _awaited)

    def run_cell_magic(
        self, magic_name: str, line: str, cell: str, *, _awaited: bool = False
    ) -> Any:
        """Call a cell magic; what it gives.

        Raises:
            UsageError: there is no such magic, or it does not take this.
        """
        function = self.find_magic(magic_name, "cell")
        if function is None:
            raise UsageError(self._missing(magic_name, "cell"))
        keywords: dict[str, Any] = {}
        if getattr(function, "needs_local_scope", False):
            keywords["local_ns"] = self.get_local_scope(1)
        if not getattr(function, "_ipython_magic_no_var_expand", False):
            line = self.var_expand(line, 1)
        if not cell:
            hint = (
                f"; is %{magic_name} meant, with one %"
                if self.find_magic(magic_name, "line") is not None
                else ""
            )
            raise UsageError(f"%%{magic_name} wants lines below it{hint}")
        result = function(line, cell, **keywords)
        return self._magic_result(function, result, _awaited)

    def _magic_result(
        self, function: Callable[..., Any], result: Any, awaited: bool
    ) -> Any:
        if awaited:
            return self._awaited_result(function, result)
        if type(result).__name__ == "coroutine":
            from ipcluster.engines.interpreter.runners import settle

            result = settle(self._whole, result)
        return None if self._is_silenced(function) else result

    async def _awaited_result(self, function: Callable[..., Any], result: Any) -> Any:
        if type(result).__name__ == "coroutine":
            result = await result
        return None if self._is_silenced(function) else result

    def _is_silenced(self, function: Callable[..., Any]) -> bool:
        return bool(
            getattr(function, "_ipython_magic_output_can_be_silenced", False)
            and self.displayhook.quiet()
        )

    displayhook: Any

    def _missing(self, name: str, kind: str) -> str:
        if name.startswith("%"):  # below the first line it is no cell magic
            return f"%{name} has to be the first line of its cell"
        prefix, other = ("%", "cell") if kind == "line" else ("%%", "line")
        text = f"{kind.capitalize()} magic function `{prefix}{name}` not found"
        if name in self.magics_manager.magics[other]:
            marks = "%%" if other == "cell" else "%"
            return (
                f"{text} (But {other} magic `{marks}{name}` exists, "
                "did you mean that instead?)."
            )
        from difflib import get_close_matches

        near = get_close_matches(name, self.magics_manager.magics[kind].names(), 1)
        hint = f" Did you mean `{prefix}{near[0]}`?" if near else ""
        return f"{text}.{hint}"

    def register_magics(self, *classes: Any) -> None:
        """Make the magics of `Magics` classes, or of instances of them, callable."""
        self.magics_manager.register(*classes)

    def register_magic_function(
        self, func: Any, magic_kind: str = "line", magic_name: str | None = None
    ) -> None:
        """Make a function a magic: "line", "cell" or "line_cell"."""
        self.magics_manager.register_function(func, magic_kind, magic_name)

    # --- code -------------------------------------------------------------------------

    def ev(self, expr: str) -> Any:
        """The value of an expression in the user's namespace."""
        return eval(expr, self.user_global_ns, self.user_ns)

    def ex(self, cmd: str) -> None:
        """Execute code in the user's namespace."""
        exec(cmd, self.user_global_ns, self.user_ns)

    def push(
        self,
        variables: Mapping[str, Any] | str | list[str] | tuple[str, ...],
        interactive: bool = True,
    ) -> None:
        """Put variables into the user's namespace.

        `variables` is a mapping, or names of the caller's; with `interactive` off they
        count as the shell's own, and `%who` does not list them.
        """
        if isinstance(variables, str):
            variables = variables.split()
        if isinstance(variables, (list, tuple)):
            frame = sys._getframe(1)
            variables = {
                name: eval(name, frame.f_globals, frame.f_locals) for name in variables
            }
        for name, value in variables.items():
            if interactive:
                self.user_ns[name] = value
                self.namespace.hidden.pop(name, None)
            else:
                self.namespace.put(name, value)

    def get_local_scope(self, stack_depth: int) -> dict[str, Any]:
        """The locals `stack_depth` frames above the caller."""
        return sys._getframe(stack_depth + 1).f_locals

    def var_expand(self, cmd: str, depth: int = 0, formatter: Any = None) -> str:
        """Put in the values of `$name` and `{expression}`."""
        if "$" not in cmd and "{" not in cmd:
            return cmd
        from ipcluster.engines.interpreter.expansion import expand

        names = dict(self.user_ns)
        try:
            frame = sys._getframe(depth + 1)
            names.update(frame.f_locals)
        except ValueError:
            pass
        return expand(cmd, names, self.user_global_ns)

    # --- commands ---------------------------------------------------------------------

    def system(self, cmd: str) -> None:
        """Run a shell command for the person; its status is in `_exit_code`."""
        from ipcluster.engines.interpreter.system import run_command

        run_command(self._whole, self.var_expand(cmd, depth=1))

    system_raw = system
    system_piped = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """What a shell command prints: a list of lines; with `split` off, a string."""
        from ipcluster.engines.interpreter.system import get_output

        return get_output(self._whole, self.var_expand(cmd, depth + 1), split)
