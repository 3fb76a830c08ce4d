"""Names that the cell being typed binds before its cursor.

    def f(table: pandas.DataFrame):
        rows = table.head()
        rows.|                          # known without running the cell

Only the last binding of a name before the cursor counts, and its value is looked at
when somebody asks for it.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.completion.attributes import (
    NOTHING,
    Instance,
    Unknown,
    attribute,
    class_attribute,
    class_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.completion.evaluation import Evaluator
    from ipcluster.engines.interpreter.completion.scanning import Place

    Thunk = Callable[[Evaluator], Any]

# Longer cells are not parsed while somebody types.
PARSED_AT_MOST = 50_000


class CellScope:
    """Bindings of a cell, in the order of its statements."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._bindings: dict[str, Thunk] | None = None
        self._asked: set[str] = set()

    def look_up(self, name: str, evaluator: Evaluator) -> Any:
        """What the cell binds to a name; NOTHING if it does not bind it.

        Raises:
            Unknown: it does, to something that only running it would tell.
        """
        if self._bindings is None:
            self._bindings = _bindings_of(self._place)
        thunk = self._bindings.get(name)
        if thunk is None or name in self._asked:  # `x = x + 1`: the session's x
            return NOTHING
        self._asked.add(name)
        try:
            return thunk(evaluator)
        finally:
            self._asked.discard(name)


class Defined:
    """A function that the cell defines, which does not exist yet."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.node = node


def _bindings_of(place: Place) -> dict[str, Thunk]:
    """The bindings of the lines before the cursor's statement."""
    tokens = place.tokens
    is_new = place.first >= len(tokens)
    end = place.cursor if is_new else tokens[place.first].start
    if not tokens[: place.first] or end > PARSED_AT_MOST:
        return {}
    from ipcluster.engines.interpreter.completion.parsing import parse

    text = _python_of(place, end)
    for candidate in _completed(text, place.code, end):
        try:
            tree = parse(candidate)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        collector = _Collector(candidate.count("\n") + 1)
        collector.body(tree.body)
        return collector.bindings
    return {}


def _python_of(place: Place, end: int) -> str:
    """The text up to `end`; lines of magics and commands are blank."""
    text = place.code[:end]
    for start, stop in place.opaque:
        if stop <= end:
            hidden = text[start:stop]
            blank = "".join("\n" if c == "\n" else " " for c in hidden)
            before = text[:start]
            own_line = not before.rpartition("\n")[2].strip()
            if own_line and len(blank) >= 4:
                blank = "pass" + blank[4:]
            elif not own_line:  # `x = !ls`
                blank = "0" + blank[1:]
            text = before + blank + text[stop:]
    return text


def _completed(text: str, code: str, end: int) -> list[str]:
    """`text`, and with a body for a block that has none yet."""
    last_line = code[code.rfind("\n", 0, end) + 1 : end]
    stripped = text.rstrip()
    if last_line.strip():  # `a = 1; b.`, `if x: y.`
        head = text[: len(text) - len(last_line)]
        return [text.rstrip(" \t;"), stripped + " pass", head]
    indent = last_line or "    "
    return [stripped, f"{stripped}\n{indent}pass", f"{stripped}\n{indent}    pass"]


class _Collector:
    """Walks statements, and functions that the cursor is in."""

    def __init__(self, lines: int) -> None:
        self.bindings: dict[str, Thunk] = {}
        self.lines = lines

    def body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        import ast

        match node:
            case ast.Assign():
                for target in node.targets:
                    self.target(target, node.value)
            case ast.AnnAssign(target=ast.Name(id=name)):
                self.bindings[name] = _annotated(node.annotation, node.value)
            case ast.For() | ast.AsyncFor():
                self.loop(node.target, node.iter)
            case ast.With() | ast.AsyncWith():
                for one in node.items:
                    if isinstance(one.optional_vars, ast.Name):
                        name = one.optional_vars.id
                        self.bindings[name] = _entered(one.context_expr)
            case ast.Import() | ast.ImportFrom():
                self.imported(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.function(node)
            case ast.ClassDef(name=name):
                self.bindings[name] = _unknown
                if (node.end_lineno or 0) >= self.lines:
                    self.body(node.body)
                return
            case ast.Try():
                for handler in node.handlers:
                    if handler.name and handler.type is not None:
                        self.bindings[handler.name] = _made_by(handler.type)
                    self.body(handler.body)
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(node, field, None)
            if isinstance(inner, list) and not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef
            ):
                self.body(inner)

    def target(self, target: ast.expr, value: ast.expr) -> None:
        import ast

        match target, value:
            case ast.Name(id=name), _:
                self.bindings[name] = _valued(value)
            case ((ast.Tuple() | ast.List()), (ast.Tuple() | ast.List())) if len(
                target.elts
            ) == len(value.elts):
                for one, part in zip(target.elts, value.elts, strict=True):
                    self.target(one, part)
            case ((ast.Tuple() | ast.List()), _):
                for one in target.elts:
                    if isinstance(one, ast.Name):
                        self.bindings[one.id] = _unknown

    def loop(self, target: ast.expr, iterable: ast.expr) -> None:
        import ast

        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self.bindings[node.id] = _unknown
        if isinstance(target, ast.Name):
            self.bindings[target.id] = _element(iterable)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        import ast

        for alias in node.names:
            if isinstance(node, ast.Import):
                name = alias.asname or alias.name.partition(".")[0]
                module = alias.name if alias.asname else name
                self.bindings[name] = _module(module, "")
            elif not node.level and node.module:
                name = alias.asname or alias.name
                self.bindings[name] = _module(node.module, alias.name)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bindings[node.name] = lambda _evaluator: Defined(node)
        if (node.end_lineno or 0) < self.lines:
            return
        spec = node.args
        for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
            if argument.annotation is None:
                self.bindings[argument.arg] = _unknown
            else:
                self.bindings[argument.arg] = _annotated(argument.annotation, None)
        for rest, kind in ((spec.vararg, tuple), (spec.kwarg, dict)):
            if rest is not None:
                self.bindings[rest.arg] = _instance(kind)
        self.body(node.body)


# --- what a binding's value is --------------------------------------------------------


def _unknown(_evaluator: Evaluator) -> Any:
    raise Unknown("bound by the cell")


def _instance(cls: type) -> Thunk:
    return lambda _evaluator: Instance(cls)


def _valued(node: ast.expr) -> Thunk:
    return lambda evaluator: evaluator.node(node)


def _annotated(annotation: ast.expr, value: ast.expr | None) -> Thunk:
    def thunk(evaluator: Evaluator) -> Any:
        from ipcluster.engines.interpreter.completion.annotations import (
            AnnotationReader,
        )

        try:
            return AnnotationReader(evaluator.name).of_node(annotation)
        except Unknown:
            if value is None:
                raise
            return evaluator.node(value)

    return thunk


def _made_by(node: ast.expr) -> Thunk:
    """An instance of a class, such as of the exception that is caught."""
    return _annotated(node, None)


def _element(iterable: ast.expr) -> Thunk:
    def thunk(evaluator: Evaluator) -> Any:
        from ipcluster.engines.interpreter.completion.annotations import element_of

        value = evaluator.node(iterable)
        if type(value) in (list, tuple, dict, str, range) and len(value):
            return next(iter(value))
        return element_of(value)

    return thunk


def _entered(node: ast.expr) -> Thunk:
    """What `with ... as name` binds: as `__enter__` says, or the manager itself."""

    def thunk(evaluator: Evaluator) -> Any:
        from ipcluster.engines.interpreter.completion.annotations import returned_by

        manager = evaluator.node(node)
        enter, _ = class_attribute(class_of(manager), "__enter__")
        if type(enter).__name__ == "function":
            return returned_by(enter, class_of(manager))
        if enter is NOTHING:
            raise Unknown("no context manager")
        return manager

    return thunk


def _module(module: str, name: str) -> Thunk:
    def thunk(_evaluator: Evaluator) -> Any:
        import sys

        found = sys.modules.get(module, NOTHING)
        if found is NOTHING:
            raise Unknown(module)
        return attribute(found, name) if name else found

    return thunk
