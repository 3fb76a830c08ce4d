"""Sources of classes that were typed at a prompt, or defined by a script.

`inspect.getsource(cls)` looks for the file of the class's module, and `__main__` of a
session has none; so Python finds sources of functions there, but of no class. A class's
methods know their cell, and one without methods is looked for in the cells' texts, and
in modules of scripts that were `%run`. As libraries ask `inspect`, it is told of this
when it is imported.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.importing import forget, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType, ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

_shells: list[InteractiveShell] = []
_original: Any = None


def enable(shell: InteractiveShell) -> None:
    """Let `inspect` find the classes of a shell's cells."""
    if shell not in _shells:
        _shells.append(shell)
    if len(_shells) == 1:
        when_imported("inspect", _change)


def disable(shell: InteractiveShell) -> None:
    """The shell is closed; after the last one `inspect` is as it was."""
    if shell in _shells:
        _shells.remove(shell)
    if not _shells:
        forget("inspect", _change)
        _restore()


def _change(module: ModuleType) -> None:
    global _original
    if _original is not None or not _shells:
        return
    _original = module.getfile

    def getfile(object: Any) -> str:  # noqa: A002  (the name that callers may use)
        """The file, or the cell, in which an object was defined."""
        if isinstance(object, type):
            name = cell_of(object)
            if name is not None:
                return name
        return original(object)  # type: ignore[no-any-return]  # a text

    original = _original
    getfile.__wrapped__ = original  # type: ignore[attr-defined]  # as functools.wraps
    module.getfile = getfile  # type: ignore[attr-defined]  # what this is for


def _restore() -> None:
    global _original
    import sys

    module: Any = sys.modules.get("inspect")
    if _original is not None and module is not None:
        module.getfile = _original
    _original = None


def cell_of(cls: type) -> str | None:
    """The file name of the cell, or the script, that defined a class; None: none."""
    for shell in reversed(_shells):
        if cls.__module__ == shell.user_module.__name__:
            for function in _methods(cls):
                name = function.__code__.co_filename
                if shell.compile.is_cell(name):
                    return name
            found = _program_of(shell, cls) or _search(shell, cls)
            if found is not None:
                return found
    return None


def _methods(cls: type) -> Iterator[FunctionType]:
    """Functions that were defined in the body of a class."""
    start = f"{cls.__qualname__}."
    for member in list(vars(cls).values()):
        if isinstance(member, property):
            member = member.fget
        function = getattr(member, "__func__", member)
        if hasattr(function, "__code__") and function.__qualname__.startswith(start):
            yield function


def _program_of(shell: InteractiveShell, cls: type) -> str | None:
    """The script that was `%run` and has defined a class."""
    for path, module in shell.namespace.programs.items():
        found: Any = module
        for part in cls.__qualname__.split("."):
            found = vars(found).get(part)
            if not isinstance(found, type):
                break
        if found is cls:
            return path
    return None


def _search(shell: InteractiveShell, cls: type) -> str | None:
    """The latest cell that has such a class in it, at its line where that is known."""
    import ast
    import linecache

    from ipcluster.engines.interpreter.completion.parsing import parse

    line = vars(cls).get("__firstlineno__")  # since 3.13
    for name in reversed(shell.compile.cells()):
        text = "".join(linecache.getlines(name))
        if f"class {cls.__name__}" not in text:
            continue
        try:
            tree = parse(text)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                if line is None or line in (node.lineno, first):
                    return name
    return None
