"""Files and modules that run as programs: `%run`, and what extensions call for it.

    find("simulate")  -->  "/home/me/simulate.py"  -->  Program  -->  run in a namespace

A `.py` file is run as Python runs it, but for `await` at its top level, which is
allowed. `.ipy` files and the code cells of notebooks are typed text: magics and
commands work in them. Each cell of a notebook is compiled when its turn comes, as an
earlier one may change what it means.

What `from __future__ import` has turned on at the prompt is not on in a program.
"""

from __future__ import annotations

import builtins
import os
import sys
from types import ModuleType

from ipcluster.engines.interpreter.compilation import TOP_LEVEL_AWAIT
from ipcluster.engines.interpreter.runners import drive
from ipcluster.engines.interpreter.snippets import execute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from types import CodeType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

TYPED = (".ipy", ".ipynb")
SUFFIXES = (".py", *TYPED)

# What a module has without having done anything: not taken over to the prompt.
MODULE_NAMES = {
    *("__annotations__", "__builtins__", "__cached__", "__doc__", "__file__"),
    *("__loader__", "__name__", "__package__", "__spec__"),
}


class Program:
    """What is to be run.

    Args:
        path: the file, or a folder with a `__main__.py`.
        spec: of a module, as `python -m` has it.
        typed: whether it is text as typed at a prompt, which its suffix tells else.
        futures: share `from __future__ import` with the prompt.

    Attributes:
        folder: what goes to the front of `sys.path` while it runs; None: nothing.
        is_bad: whether the error that it raises is that it is no Python.
    """

    def __init__(
        self,
        path: str,
        spec: ModuleSpec | None = None,
        *,
        typed: bool | None = None,
        futures: bool = False,
    ) -> None:
        self.path = os.path.abspath(path)
        self.spec = spec
        self.folder: str | None = None
        if spec is None:
            is_folder = os.path.isdir(self.path)
            self.folder = self.path if is_folder else os.path.dirname(self.path)
            if is_folder:
                self.path = os.path.join(self.path, "__main__.py")
        if typed is None:
            typed = spec is None and self.path.lower().endswith(TYPED)
        self.is_typed = typed
        self.futures = futures
        self.is_bad = False

    def prepare(self, names: dict[str, Any], name: str) -> None:
        """Let names look like those of a module that is the program's."""
        names["__name__"] = name
        if self.spec is None:
            names["__file__"] = self.path
            return
        names.update(
            __file__=self.spec.origin,
            __cached__=self.spec.cached,
            __loader__=self.spec.loader,
            __package__=self.spec.parent,
            __spec__=self.spec,
        )

    async def run(
        self,
        shell: InteractiveShell,
        module: dict[str, Any],
        names: dict[str, Any] | None = None,
    ) -> None:
        """Run it among these globals (and locals); raises what it raises."""
        for code in self._codes(shell):
            await execute(shell, code, module, names)

    def _codes(self, shell: InteractiveShell) -> Iterator[CodeType]:
        if self.is_typed:
            yield from self._typed_codes(shell)
            return
        loader: Any = None if self.spec is None else self.spec.loader
        if loader is None:
            with open(self.path, "rb") as file:
                source: Any = file.read()
                yield self._compiled(shell, source, self.path)
        elif hasattr(loader, "get_data") and self.path.endswith(".py"):
            yield self._compiled(shell, loader.get_data(self.path), self.path)
        else:  # without source, or from somewhere else than a file
            assert self.spec is not None
            code = loader.get_code(self.spec.name)
            if code is None:
                raise ImportError(f"{self.spec.name} has no code to run")
            yield code

    def _typed_codes(self, shell: InteractiveShell) -> Iterator[CodeType]:
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        if not self.path.lower().endswith(".ipynb"):
            yield self._compiled(shell, text, self.path)
            return
        for number, cell in enumerate(cells_of(text, self.path), 1):
            yield self._compiled(shell, cell, f"{self.path}[{number}]")

    def _compiled(
        self, shell: InteractiveShell, source: Any, filename: str
    ) -> CodeType:
        """Code of Python, or of what was typed."""
        self.is_bad = True
        if self.is_typed:
            typed, source = source, shell.transform_cell(source)
            # Leading empty lines may be gone: lines are to keep their numbers.
            source = "\n" * (_blank_lines(typed) - _blank_lines(source)) + source
            if filename is not self.path:  # a cell of a notebook
                import linecache

                same = typed.rstrip("\n").count("\n") == source.rstrip("\n").count("\n")
                lines = (typed if same else source).splitlines(keepends=True)
                linecache.cache[filename] = (len(source), None, lines, filename)
        flags = shell.compile.flags if self.futures else TOP_LEVEL_AWAIT
        code: CodeType = compile(source, filename, "exec", flags, True)
        self.is_bad = False
        return code


def _blank_lines(text: str) -> int:
    return len(text) - len(text.lstrip("\n"))


def cells_of(text: str, path: str) -> list[str]:
    """The code cells of a notebook, of any version of the format.

    Raises:
        ValueError: it is no notebook.
    """
    import json

    try:
        book = json.loads(text)
        sheets = [book] if "cells" in book else book["worksheets"]
        return [
            "".join(cell.get("source", cell.get("input", "")))
            for sheet in sheets
            for cell in sheet["cells"]
            if cell["cell_type"] == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is no notebook: {error}") from None


# --- finding --------------------------------------------------------------------------


def find(name: str) -> str:
    """The path of a script: a file, a file but for its suffix, or a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    path = os.path.expanduser(name)
    for candidate in (path, *(path + suffix for suffix in SUFFIXES)):
        if os.path.isfile(candidate):
            return candidate
    if os.path.isfile(os.path.join(path, "__main__.py")):
        return path
    raise FileNotFoundError(f"there is no file {name!r}")


def find_module(name: str) -> Program:
    """The program of a module, as `python -m` finds it.

    Raises:
        ImportError: there is none, or it cannot be run.
    """
    from importlib.util import find_spec

    try:
        spec = find_spec(name)
    except ValueError:
        spec = None
    if spec is not None and spec.submodule_search_locations is not None:
        package, spec = name, find_spec(f"{name}.__main__")
        if spec is None:
            raise ImportError(f"{package!r} is a package, and has no __main__ to run")
    if spec is None:
        raise ModuleNotFoundError(f"there is no module {name!r}", name=name)
    if spec.loader is None or not spec.has_location or spec.origin is None:
        raise ImportError(f"{name!r} has no code to run")
    return Program(spec.origin, spec)


# --- the process while it runs --------------------------------------------------------


class OnPath:
    """A folder that modules are imported from meanwhile; None: none."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        if self.folder is not None:
            sys.path.insert(0, self.folder)

    def __exit__(self, *_error: object) -> None:
        if self.folder in sys.path:
            sys.path.remove(self.folder)


class Running:
    """What the process is like while a program runs; afterwards it is as it was."""

    def __init__(
        self, program: Program, module: ModuleType, name: str, argv: list[str]
    ) -> None:
        self.module = module
        self.argv = argv
        self._path = OnPath(program.folder)
        self._name = name  # that the module has meanwhile
        self._argv: list[str] = []
        self._module: ModuleType | None = None
        self._leave: dict[str, Any] = {}

    def __enter__(self) -> None:
        self._argv, self._module = sys.argv, sys.modules.get(self._name)
        sys.argv = self.argv
        sys.modules[self._name] = self.module
        self._path.__enter__()
        for name in ("exit", "quit"):
            if hasattr(builtins, name):
                self._leave[name] = getattr(builtins, name)
                setattr(builtins, name, leave)

    def __exit__(self, *_error: object) -> None:
        for name, function in self._leave.items():
            setattr(builtins, name, function)
        self._path.__exit__()
        if self._module is None:
            sys.modules.pop(self._name, None)
        else:
            sys.modules[self._name] = self._module
        sys.argv = self._argv


def leave(code: Any = None) -> None:
    """What `exit()` is in a program: the one that Python has closes `sys.stdin`, too.

    Raises:
        SystemExit: always.
    """
    raise SystemExit(code)


def show_error(
    shell: InteractiveShell,
    program: Program | None,
    error: BaseException,
    exit_ignore: bool,
) -> None:
    """Show what a program has raised, and is being handled.

    SystemExit is how many end, and is nothing to show unless it says that something
    went wrong; not even then with `exit_ignore`.

    Raises:
        KeyboardInterrupt: it was that. Whoever pressed Ctrl-C means all that runs.
    """
    kind = type(error)
    if issubclass(kind, KeyboardInterrupt):
        raise
    if issubclass(kind, SystemExit):
        if not exit_ignore and getattr(error, "code", None) not in (None, 0):
            shell.showtraceback(exception_only=True)
    else:
        is_bad = program is not None and program.is_bad
        shell.showtraceback(running_compiled_code=not is_bad)


# --- for extensions -------------------------------------------------------------------


def run_file(
    shell: InteractiveShell,
    program: Program,
    where: tuple[dict[str, Any], ...],
    *,
    exit_ignore: bool,
    raise_exceptions: bool,
) -> None:
    """What `shell.safe_execfile` does."""
    names = where or (shell.user_global_ns, shell.user_ns)
    try:
        with OnPath(program.folder):
            drive(program.run(shell, *names))
    except BaseException as error:
        if raise_exceptions:
            raise
        show_error(shell, program, error, exit_ignore)


def run_module(shell: InteractiveShell, name: str, where: dict[str, Any]) -> None:
    """What `shell.safe_run_module` does."""
    program = None
    try:
        program = find_module(name)
        module = new_module(shell, program.path, "__main__")
        program.prepare(vars(module), "__main__")
        with Running(program, module, "__main__", [program.path, *sys.argv[1:]]):
            drive(program.run(shell, vars(module)))
        take_over(module, where)
    except BaseException as error:
        show_error(shell, program, error, exit_ignore=False)


def new_module(shell: InteractiveShell, filename: str, name: str) -> ModuleType:
    """What `shell.new_main_mod` gives."""
    module = ModuleType(name, "A program that was run from an interactive session.")
    module.__file__ = filename = os.path.abspath(filename)
    builtin_names = shell.user_global_ns.get("__builtins__")
    if builtin_names is not None:  # an engine's are its own
        vars(module)["__builtins__"] = builtin_names
    shell.namespace.programs[filename] = module
    return module


def take_over(module: ModuleType, names: dict[str, Any]) -> None:
    """Put what a program has defined into a namespace."""
    names.update(
        (name, value)
        for name, value in vars(module).items()
        if name not in MODULE_NAMES
    )
