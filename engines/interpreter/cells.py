"""Running a cell: from what was typed to what happened.

    transform -> record -> parse -> transform the tree -> run -> tell

A cell's number is used up by whatever is stored in the history, errors included. Only
the last expression's value is shown (`ast_node_interactivity` says otherwise), through
`sys.displayhook`, so libraries that replace it are heard.

Sync and async cells run in one `contextvars.Context`, so what a cell sets the next one
finds. Whatever the user's code raises ends here and is shown; nothing of it ends the
shell.
"""

from __future__ import annotations

import sys
import time
from _thread import _local

from ipcluster.engines.interpreter.compilation import IS_COROUTINE
from ipcluster.engines.interpreter.errors import ExitRequested, UsageError
from ipcluster.engines.interpreter.events import Input
from ipcluster.engines.interpreter.runners import is_loop_running, may_await

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import CodeType
    from typing import Any, TypeVar

    from ipcluster.engines.interpreter.shell import InteractiveShell

    T = TypeVar("T")


_MISSING = object()


class ExecutionInfo:
    """What a cell was run with."""

    def __init__(
        self,
        raw_cell: str,
        store_history: bool,
        silent: bool,
        shell_futures: bool = True,
        cell_id: str | None = None,
        transformed_cell: str | None = None,
        cell_meta: dict[str, Any] | None = None,
    ) -> None:
        self.raw_cell = raw_cell
        self.transformed_cell = transformed_cell
        self.store_history = store_history
        self.silent = silent
        self.shell_futures = shell_futures
        self.cell_id = cell_id
        self.cell_meta = cell_meta

    def __repr__(self) -> str:
        cell = self.raw_cell if len(self.raw_cell) <= 50 else f"{self.raw_cell[:50]}.."
        return (
            f"<{type(self).__name__} raw_cell={cell!r} "
            f"store_history={self.store_history} silent={self.silent}>"
        )


class ExecutionResult:
    """What came of a cell.

    `execution_count` is None for one that was not stored; `result` is the value of the
    last expression that was shown. `duration` is seconds, wall clock.
    """

    def __init__(self, info: ExecutionInfo) -> None:
        self.info = info
        self.execution_count: int | None = None
        self.error_before_exec: BaseException | None = None
        self.error_in_exec: BaseException | None = None
        self.result: Any = None
        self.duration = 0.0

    @property
    def success(self) -> bool:
        return self.error_before_exec is None and self.error_in_exec is None

    @property
    def error(self) -> BaseException | None:
        return self.error_before_exec or self.error_in_exec

    def raise_error(self) -> None:
        """Raise the error, if there was one."""
        if self.error is not None:
            raise self.error

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} execution_count={self.execution_count} "
            f"error={self.error!r} result={self.result!r}>"
        )


class _Running(_local):
    """What one thread runs; each thread of a shell has its own."""

    depth = 0
    result: ExecutionResult | None = None
    count: int | None = None
    context: Any = None
    is_inside = False


class CellRunner:
    """Runs the cells of one shell, in whatever thread they come.

    Cells of one thread share a context; two threads may run cells at once (a kernel's
    subshells), and each has a number of its own.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._running = _Running()
        self._numbers: set[int] = set()

    @property
    def result(self) -> ExecutionResult | None:
        """Of the cell that this thread runs now."""
        return self._running.result

    @property
    def depth(self) -> int:
        """How many cells this thread is in: 2 for a cell that a cell runs."""
        return self._running.depth

    @property
    def count(self) -> int:
        """The number of the cell that this thread runs, or the next one's."""
        count = self._running.count
        return self.shell.execution_count if count is None else count

    def run(
        self,
        raw_cell: str,
        *,
        store_history: bool = False,
        silent: bool = False,
        shell_futures: bool = True,
        cell_id: str | None = None,
        transformed_cell: str | None = None,
        cell_meta: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        info = ExecutionInfo(
            raw_cell,
            store_history and not silent,
            silent,
            shell_futures,
            cell_id,
            transformed_cell,
            cell_meta,
        )
        result = ExecutionResult(info)
        if not raw_cell or raw_cell.isspace():
            self.shell.last_execution_succeeded = True
            self.shell.last_execution_result = result
            return result
        running = self._running
        outer, running.result = running.result, result
        outer_count = running.count
        running.depth += 1
        began = time.perf_counter()
        try:
            self._run(info, result)
        except KeyboardInterrupt as error:  # between the steps of ours
            result.error_in_exec = error
            self.shell.showtraceback(running_compiled_code=True)
        finally:
            running.depth -= 1
            running.result = outer
            running.count = outer_count
            result.duration = time.perf_counter() - began
            self._finish(result)
        return result

    def _run(self, info: ExecutionInfo, result: ExecutionResult) -> None:
        shell = self.shell
        count = self._running.count = shell.execution_count
        if info.store_history:
            while count in self._numbers:  # another thread's cell has it
                count += 1
            self._running.count = result.execution_count = count
            self._numbers.add(count)
        try:
            if not info.silent:
                shell.emit(Input(info.raw_cell, count))
            shell.events.trigger("pre_execute")
            if not info.silent:
                shell.events.trigger("pre_run_cell", info)
            cell = info.transformed_cell
            failed: BaseException | None = None
            if cell is None:
                try:
                    cell = shell.transform_cell(info.raw_cell)
                except Exception as error:
                    failed, cell = error, info.raw_cell
                    failed_info = sys.exc_info()
            if info.store_history:
                shell.history_manager.store_inputs(count, cell, info.raw_cell)
            if not info.silent:
                shell.logger.log(cell, info.raw_cell)
            if failed is not None:
                result.error_before_exec = failed
                shell.show_error(*failed_info, syntax=isinstance(failed, SyntaxError))
            else:
                with shell.execution():
                    self._run_python(cell, info, result)
        finally:
            if info.store_history:
                self._numbers.discard(count)
                shell.execution_count = max(shell.execution_count, count + 1)

    def _finish(self, result: ExecutionResult) -> None:
        """Tell those who want to know that a cell is over."""
        shell = self.shell
        shell.last_execution_succeeded = result.success
        shell.last_execution_result = result
        shell.events.trigger("post_execute")
        if not result.info.silent:
            shell.events.trigger("post_run_cell", result)
        if result.info.store_history and result.execution_count is not None:
            shell.history_manager.end_cell(
                result.execution_count, result.duration, result.error
            )

    def _run_python(
        self, cell: str, info: ExecutionInfo, result: ExecutionResult
    ) -> None:
        shell = self.shell
        compiler = shell.compile if info.shell_futures else shell.compiler_class()
        name = compiler.remember(cell, self.count, info.raw_cell)
        try:
            tree = compiler.parse(cell, name)
            tree = shell.transform_ast(tree)
            if "_magic(" in cell and may_await(shell, cell):
                from ipcluster.engines.interpreter.magics.awaiting import with_awaits

                tree = with_awaits(shell, tree)
        except UsageError as error:  # an input rejected by a transformer
            result.error_before_exec = error
            shell.show_usage_error(error)
            return
        except Exception as error:
            result.error_before_exec = error
            shell.show_error(*sys.exc_info(), syntax=True)
            return
        interactivity = "none" if info.silent else shell.ast_node_interactivity
        self.run_nodes(tree.body, name, interactivity, compiler.compile, result)

    def run_nodes(
        self,
        nodes: list[ast.stmt],
        name: str,
        interactivity: str,
        compiled: Callable[[ast.AST, str, str], CodeType],
        result: ExecutionResult,
    ) -> bool:
        """Run a cell's statements; whether that failed, which has been shown then."""
        try:
            codes = [
                compiled(tree, name, mode)
                for tree, mode in _split(nodes, interactivity)
            ]
        except Exception as error:
            # `return` outside a function and the like: found by the compiler only.
            result.error_before_exec = error
            self.shell.show_error(*sys.exc_info(), syntax=True)
            return True
        if any(code.co_flags & IS_COROUTINE for code in codes):
            # All of it in one loop: what follows an `await` may count on it.
            return self.run_code(codes[0], result, *codes[1:])
        return any(self.run_code(code, result) for code in codes)

    def run_code(
        self, code: CodeType, result: ExecutionResult, *following: CodeType
    ) -> bool:
        """Run compiled code in the user's namespace; whether it failed.

        Code that awaits is run in a loop, and so is code with others that follow.
        """
        shell = self.shell
        names, module = shell.user_ns, shell.user_global_ns
        try:
            if code.co_flags & IS_COROUTINE or following:
                shell.loop_runner(self._awaited([code, *following]))
            else:
                self.in_context(exec, code, module, names)
        except BaseException as error:
            return self._failed(error, result)
        return False

    async def run_code_async(self, code: CodeType, result: ExecutionResult) -> bool:
        """`run_code` inside a running loop, where code that awaits is awaited."""
        if not code.co_flags & IS_COROUTINE:
            return self.run_code(code, result)
        try:
            await self._awaited([code])
        except BaseException as error:
            return self._failed(error, result)
        return False

    async def _awaited(self, codes: list[CodeType]) -> None:
        """Run one code after the other, inside a loop."""
        for code in codes:
            value = eval(code, self.shell.user_global_ns, self.shell.user_ns)
            if code.co_flags & IS_COROUTINE:
                await value

    def _failed(self, error: BaseException, result: ExecutionResult) -> bool:
        """Show what a cell has raised, and is being handled; whether it is an error."""
        shell = self.shell
        kind = type(error)  # `isinstance` would ask the error for its `__class__`
        if issubclass(kind, ExitRequested):
            return False
        result.error_in_exec = error
        if issubclass(kind, SystemExit):
            shell.on_system_exit(error)  # type: ignore[arg-type]  # it is one
        elif issubclass(kind, shell.custom_exceptions):
            shell.handle_custom(*sys.exc_info())
        else:
            shell.showtraceback(running_compiled_code=True)
        return True

    def in_context(self, function: Callable[..., T], *args: Any) -> T:
        """Call it in the context that all cells share."""
        running = self._running
        if running.is_inside or is_loop_running():  # a cell within a cell
            return function(*args)
        context = self.context
        running.is_inside = True
        try:
            return context.run(function, *args)  # type: ignore[no-any-return]  # what the function gives
        finally:
            running.is_inside = False

    @property
    def context(self) -> Any:
        """The `contextvars.Context` that cells run in; within a cell, a copy of it."""
        running = self._running
        if running.context is None:
            import contextvars

            running.context = contextvars.copy_context()
        return running.context.copy() if running.is_inside else running.context

    def adopt(self, context: Any) -> None:
        """Have the variables of a copy of the context that something has run in."""
        if context is self._running.context:
            return
        for variable, value in context.items():
            if variable.get(_MISSING) is not value:
                variable.set(value)


def _split(nodes: list[ast.stmt], interactivity: str) -> list[tuple[ast.AST, str]]:
    """The statements in runs that are executed, and those whose values are shown."""
    from _ast import Expr, Interactive, Module  # `ast` itself is not needed

    if not nodes:
        return []
    if interactivity == "last_expr_or_assign":
        shown = _name_assigned(nodes[-1])
        if shown is not None:
            nodes = [*nodes, shown]
        interactivity = "last_expr"
    if interactivity == "last_expr":
        interactivity = "last" if isinstance(nodes[-1], Expr) else "none"
    if interactivity == "all":
        return [(Interactive([node]), "single") for node in nodes]
    if interactivity == "last":
        parts: list[tuple[ast.AST, str]] = []
        if nodes[:-1]:
            parts.append((Module(nodes[:-1], []), "exec"))
        parts.append((Interactive(nodes[-1:]), "single"))
        return parts
    return [(Module(nodes, []), "exec")]


def _name_assigned(node: ast.stmt) -> ast.stmt | None:
    """An expression statement with the value that `node` assigned, if it did."""
    import ast

    if isinstance(node, ast.Assign) and isinstance(
        node.targets[-1], ast.Name | ast.Tuple
    ):
        target: ast.expr = node.targets[-1]
    elif isinstance(node, ast.AugAssign | ast.AnnAssign) and isinstance(
        node.target, ast.Name
    ):
        target = node.target
    else:
        return None
    loaded = ast.parse(ast.unparse(target), mode="eval").body
    return ast.fix_missing_locations(ast.copy_location(ast.Expr(loaded), node))
