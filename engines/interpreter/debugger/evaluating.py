"""Python at the debugger's prompt: run where a frame stands, with its names.

A frame's names are seen in comprehensions, lambdas and functions that are typed, too:
such code is compiled as a function inside another one whose variables are the frame's
(closures, as PEP 667 and Python 3.13's pdb have them). What is assigned is written back
into the frame, on every Python. `await` works where the code that stands there could
not await.
"""

from __future__ import annotations

import ast
import sys
from types import CellType, CodeType, FunctionType

from ipcluster.engines.interpreter.compilation import IS_COROUTINE, TOP_LEVEL_AWAIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import FrameType
    from typing import Any

    Show = Callable[[Any], None]
    Run = Callable[[Coroutine[Any, Any, Any]], Any]

NAME = "<debugger>"
_SHOW = "__show_value__"

_SCOPES = (
    ast.Lambda,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def value_of(text: str, frame: FrameType, run: Run) -> Any:
    """The value of an expression in a frame.

    Raises:
        SyntaxError: it is no expression; and whatever it raises itself.
    """
    if not text.strip():
        raise SyntaxError("an expression is wanted")
    values: list[Any] = []
    source = text.strip()
    compile(source, NAME, "eval", TOP_LEVEL_AWAIT, dont_inherit=True)
    execute(source, frame, values.append, run)
    return values[0] if values else None


def execute(source: str, frame: FrameType, show: Show, run: Run) -> None:
    """Run statements in a frame; values of expressions go to `show`.

    Raises:
        SyntaxError: it is no Python; and whatever it raises itself.
    """
    tree = compile(
        source, NAME, "exec", ast.PyCF_ONLY_AST | TOP_LEVEL_AWAIT, dont_inherit=True
    )
    assert isinstance(tree, ast.Module)
    names: Any = frame.f_locals
    is_function = names is not frame.f_globals
    try:
        if is_function and any(isinstance(node, _SCOPES) for node in ast.walk(tree)):
            _execute_inside(tree, source, frame.f_globals, names, show, run)
        else:
            _execute_plainly(tree, frame.f_globals, names, show, run)
    finally:
        write_back(frame)


def _execute_plainly(
    tree: ast.Module, module: dict[str, Any], names: Any, show: Show, run: Run
) -> None:
    before = sys.displayhook
    sys.displayhook = show
    try:
        for node in tree.body:
            code: CodeType = compile(
                ast.Interactive([node]),
                NAME,
                "single",
                TOP_LEVEL_AWAIT,
                dont_inherit=True,
            )
            if code.co_flags & IS_COROUTINE:
                run(eval(code, module, names))
            else:
                exec(code, module, names)
    finally:
        sys.displayhook = before


# --- with the frame's names around it -------------------------------------------------


def _execute_inside(
    tree: ast.Module,
    source: str,
    module: dict[str, Any],
    names: Any,
    show: Show,
    run: Run,
) -> None:
    values = {
        name: value
        for name, value in dict(names).items()
        if name.isidentifier() and name != "__class__"
    }
    known = {*values, *_bound_in(source)}
    code = _inner_code(tree, sorted(known))
    cells = {}
    for name in code.co_freevars:
        cells[name] = CellType(values[name]) if name in values else CellType()
    if _SHOW in cells:
        cells[_SHOW].cell_contents = show
    function = FunctionType(code, module, closure=tuple(cells.values()))
    try:
        result = function()
        if code.co_flags & IS_COROUTINE:
            run(result)
    finally:
        for name in known & {*cells}:
            _keep(name, cells[name], names, values)


def _keep(name: str, cell: CellType, names: Any, before: dict[str, Any]) -> None:
    """Bring a variable's value back to where it came from."""
    try:
        value = cell.cell_contents
    except ValueError:  # it was deleted, or never assigned
        if name in before:
            del names[name]
        return
    if name not in before or value is not before[name]:
        names[name] = value


def _bound_in(source: str) -> list[str]:
    """Names that source text binds, not counting those of functions in it."""
    import symtable

    table = symtable.symtable(source, NAME, "exec")
    return [
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() and not symbol.is_declared_global()
    ]


def _inner_code(tree: ast.Module, names: list[str]) -> CodeType:
    """The code of a function with this body, to which `names` are another's."""
    targets = [*names, _SHOW]
    body: list[ast.stmt] = [ast.Nonlocal(targets)]
    for node in tree.body:
        if isinstance(node, ast.Expr):
            # As statements of a cell do: the value goes to who shows it.
            call = ast.Call(ast.Name(_SHOW, ast.Load()), [node.value], [])
            body.append(ast.copy_location(ast.Expr(call), node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            # The variable of an outer function takes no annotation.
            if node.value is not None:
                assign = ast.Assign([node.target], node.value)
                body.append(ast.copy_location(assign, node))
        else:
            body.append(node)
    kind = ast.AsyncFunctionDef if _awaits(tree) else ast.FunctionDef
    inner = _function(kind, "inner", body)
    assign = ast.Assign(
        [ast.Name(name, ast.Store()) for name in targets], ast.Constant(None)
    )
    outer = _function(ast.FunctionDef, "outer", [assign, inner])
    module = ast.fix_missing_locations(ast.Module([outer], []))
    whole: CodeType = compile(module, NAME, "exec", 0, dont_inherit=True)
    return _code_named("inner", _code_named("outer", whole))


def _function(kind: Any, name: str, body: list[ast.stmt]) -> Any:
    template: Any = ast.parse("def f(): pass").body[0]
    fields = dict(ast.iter_fields(template))
    fields.update(name=name, body=body)
    return kind(**fields, lineno=1, col_offset=0)


def _code_named(name: str, code: CodeType) -> CodeType:
    for const in code.co_consts:
        if isinstance(const, CodeType) and const.co_name == name:
            return const
    raise LookupError(name)


def _awaits(tree: ast.Module) -> bool:
    code = compile(tree, NAME, "exec", TOP_LEVEL_AWAIT, dont_inherit=True)
    return bool(code.co_flags & IS_COROUTINE)


def write_back(frame: FrameType) -> None:
    """Make what was put into a frame's `f_locals` its variables."""
    if sys.version_info >= (3, 13):  # they are the same there (PEP 667)
        return
    import ctypes

    try:
        function = ctypes.pythonapi.PyFrame_LocalsToFast
    except AttributeError:  # another implementation of Python
        return
    function(ctypes.py_object(frame), ctypes.c_int(1))
