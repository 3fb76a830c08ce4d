"""What every engine can do without being sent a function.

Operations, named in the place of a digest.

An operation is `operation(engine_namespace, *args, **kwargs)`; its name is in
`OPERATIONS`.
"""

from __future__ import annotations

import ast
import builtins
import sys
from typing import TYPE_CHECKING, Any

from ipcluster.wire import sources
from ipcluster.wire.importable import look_in
from ipcluster.wire.references import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_IS_COROUTINE = 0x80  # inspect.CO_COROUTINE


class Namespace:
    """The engine's user namespace: the `__dict__` of its `__main__` module."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.names: dict[str, Any] = module.__dict__
        self.executions = 0
        self.builtins = dict(builtins.__dict__)
        self.names["__builtins__"] = self.builtins
        self.engine: Any = None
        self.shell: Any = None  # the interpreter, once a conversation has begun
        self.comms: Any = None  # those of its libraries
        self.debugging: Any = None  # the debugger, once a front end has asked for it
        self._first = dict(self.names)

    def clear(self) -> None:
        self.names.clear()
        self.names.update(self._first)
        self.forget_values()

    def forget_values(self) -> None:
        """Drop the session's values that pushed functions brought with them."""
        self.builtins.clear()
        self.builtins.update(builtins.__dict__)


def push(namespace: Namespace, names: Mapping[str, Any]) -> None:
    namespace.names.update(resolve(dict(names), namespace.names))


def pull(namespace: Namespace, names: str | Sequence[str]) -> Any:
    if isinstance(names, str):
        return _value(namespace, names)
    return [_value(namespace, name) for name in names]


def _value(namespace: Namespace, name: str) -> Any:
    """A name's value; dotted and indexed expressions are evaluated."""
    if name.isidentifier():
        try:
            return namespace.names[name]
        except KeyError:
            raise NameError(f"name {name!r} is not defined") from None
    return eval(name, namespace.names)


def execute(
    namespace: Namespace,
    code: str,
    filename: str | None = None,
    folders: Sequence[str] = (),
) -> dict[str, Any]:
    """Run code in the namespace; modules may lie in `folders`, too.

    The last statement's value, if it is an expression, is shown by its repr.
    """
    look_in(folders)
    namespace.executions += 1
    count = namespace.executions
    if filename is None:
        filename = f"<execute {count}>"
    sources.put(filename, code.splitlines(True))
    value = _run(code, filename, namespace.names)
    shown = None
    if value is not None:
        namespace.names["_"] = value
        shown = repr(value)
    return {"execution_count": count, "result_repr": shown}


def _run(code: str, filename: str, names: dict[str, Any]) -> Any:
    """The value of the last statement, if it is an expression. Code may `await`."""

    def compiled(source: Any, mode: str, flags: int = 0) -> Any:
        # Not with what this file has imported from __future__.
        return compile(source, filename, mode, flags | _AWAIT, dont_inherit=True)

    # Not `ast.parse`: its own frame would be the first of a SyntaxError's traceback.
    tree = compiled(code, "exec", ast.PyCF_ONLY_AST)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    parts = [compiled(tree, "exec")]
    if last is not None:
        parts.append(compiled(last, "eval"))
    if any(part.co_flags & _IS_COROUTINE for part in parts):
        return _run_in_loop(parts, names)
    value = None
    for part in parts:
        value = eval(part, names)
    return value


def _run_in_loop(parts: list[Any], names: dict[str, Any]) -> Any:
    """Code that awaits, all of it in one loop: tasks that it makes go on."""
    import asyncio

    async def run() -> Any:
        value = None
        for part in parts:
            value = eval(part, names)
            if part.co_flags & _IS_COROUTINE:
                value = await value
        return value

    return asyncio.run(run())


def run_file(
    namespace: Namespace, source: str, filename: str, folders: Sequence[str] = ()
) -> dict[str, Any]:
    """Run the text of a file of the client's as `__main__`."""
    had = namespace.names.get("__file__")
    namespace.names["__file__"] = filename
    try:
        return execute(namespace, source, filename, folders)
    finally:
        if had is None:
            namespace.names.pop("__file__", None)
        else:
            namespace.names["__file__"] = had


def import_names(
    namespace: Namespace, statements: str, folders: Sequence[str] = ()
) -> None:
    look_in(folders)
    exec(compile(statements, "<import>", "exec", dont_inherit=True), namespace.names)


def clear(namespace: Namespace) -> None:
    namespace.clear()
    if namespace.shell is not None:
        namespace.shell.fill_namespace()


def modules(_namespace: Namespace) -> list[str]:
    """The names of loaded modules: what `sync_imports` and diagnosis want to know."""
    return sorted(sys.modules)


def _conversing(name: bytes) -> Callable[..., Any]:
    """An operation of the interpreter's, which is imported when one is called."""

    def operation(namespace: Namespace, *args: Any, **keywords: Any) -> Any:
        from ipcluster.engines.conversing import CONVERSATION

        return CONVERSATION[name](namespace, *args, **keywords)

    return operation


OPERATIONS: dict[bytes, Callable[..., Any]] = {
    b"push": push,
    b"pull": pull,
    b"execute": execute,
    b"run_file": run_file,
    b"import": import_names,
    b"clear": clear,
    b"modules": modules,
    b"cell": _conversing(b"cell"),
    b"complete": _conversing(b"complete"),
    b"inspect": _conversing(b"inspect"),
    b"is_complete": _conversing(b"is_complete"),
    b"history": _conversing(b"history"),
    b"comm": _conversing(b"comm"),
    b"comm_info": _conversing(b"comm_info"),
    b"debug": _conversing(b"debug"),
}
