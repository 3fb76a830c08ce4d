"""Files, modules and code that run: the part of `InteractiveShell` for extensions.

Programs are programs.py's; `%run` is in magics/run.py.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.cells import ExecutionResult
    from ipcluster.engines.interpreter.shell import InteractiveShell


class RunsPrograms:
    """Methods of `InteractiveShell` that run what is not a cell."""

    @property
    def _whole(self) -> InteractiveShell:
        """The shell that this is a part of."""
        return self  # type: ignore[return-value]  # every one of us is one

    async def run_code(
        self,
        code_obj: CodeType,
        result: ExecutionResult | None = None,
        *,
        async_: bool = False,
    ) -> bool:
        """Run compiled code in the user's namespace, and show its error.

        Returns:
            Whether it failed.
        """
        from ipcluster.engines.interpreter.cells import ExecutionInfo, ExecutionResult
        from ipcluster.engines.interpreter.runners import is_loop_running

        cells = self._whole.cells
        if result is None:
            result = cells.result or ExecutionResult(ExecutionInfo("", False, True))
        with self._whole.execution():
            if is_loop_running():
                return await cells.run_code_async(code_obj, result)
            return cells.run_code(code_obj, result)

    def new_main_mod(self, filename: str, modname: str) -> ModuleType:
        """A new module for a program to run in; the last one of each file is kept.

        What a program has defined may look for its module later on.
        """
        from ipcluster.engines.interpreter.programs import new_module

        return new_module(self._whole, filename, modname)

    def safe_execfile(
        self,
        fname: str,
        *where: dict[str, Any],
        exit_ignore: bool = False,
        raise_exceptions: bool = False,
        shell_futures: bool = False,
    ) -> None:
        """Run a `.py` file in a namespace, and show its error.

        Args:
            fname: the file.
            where: globals, and perhaps locals; by default the user's.
            exit_ignore: say nothing about a SystemExit either.
            raise_exceptions: raise the error instead.
            shell_futures: share `from __future__ import` with the prompt.
        """
        from ipcluster.engines.interpreter.programs import Program, run_file

        run_file(
            self._whole,
            Program(os.path.expanduser(fname), typed=False, futures=shell_futures),
            where,
            exit_ignore=exit_ignore,
            raise_exceptions=raise_exceptions,
        )

    def safe_execfile_ipy(
        self, fname: str, shell_futures: bool = False, raise_exceptions: bool = False
    ) -> None:
        """Run an `.ipy` file, or a notebook, in the user's namespace.

        Its error is shown, and with `raise_exceptions` raised instead.
        """
        from ipcluster.engines.interpreter.programs import Program, run_file

        run_file(
            self._whole,
            Program(os.path.expanduser(fname), typed=True, futures=shell_futures),
            (),
            exit_ignore=False,
            raise_exceptions=raise_exceptions,
        )

    def safe_run_module(self, mod_name: str, where: dict[str, Any]) -> None:
        """Run a module as `python -m` does, then put its names into `where`.

        Its error is shown.
        """
        from ipcluster.engines.interpreter.programs import run_module

        run_module(self._whole, mod_name, where)
