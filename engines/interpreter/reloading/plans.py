"""What of a module has to run again after a change of its text.

nothing        only comments, or empty lines: functions get new line numbers
definitions    some functions, classes and imports have changed, and nothing that
               ran at import uses them: what the module holds otherwise stays
everything     the module runs from its beginning
"""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from symtable import SymbolTable
    from typing import TypeGuard

    Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Plan:
    """What to do with a module.

    Attributes:
        everything: run all of it.
        statements: else these, in their order.
        removed: definitions that are gone.
    """

    def __init__(
        self,
        *,
        everything: bool = False,
        statements: Iterable[ast.stmt] = (),
        removed: Iterable[str] = (),
    ) -> None:
        self.everything = everything
        self.statements = list(statements)
        self.removed = set(removed)


class Text:
    """A module's source.

    Raises:
        SyntaxError: it is no Python.
    """

    def __init__(self, source: str, path: str = "<module>") -> None:
        self.source = source
        self.path = path
        self.tree: ast.Module = ast.parse(source, path)
        self.definitions: dict[str, Definition] = {}
        self.imports: list[ast.stmt] = []
        self.others: list[ast.stmt] = []
        self.is_plain = True  # each definition has a name that nothing else binds
        for statement in self.tree.body:
            if _is_definition(statement):
                self.is_plain &= statement.name not in self.definitions
                self.definitions[statement.name] = statement
            elif isinstance(statement, _IMPORTS) and not _is_of_future(statement):
                self.imports.append(statement)
            else:
                self.others.append(statement)
        bound = {name for one in self.others for name in _names(one, ast.Store)}
        self.is_plain &= not bound & self.definitions.keys()


def plan(before: Text | None, after: Text) -> Plan:
    """What has to run, from what the text was; None: nobody knows what it was."""
    if before is None or not before.is_plain or not after.is_plain:
        return Plan(everything=True)
    if [ast.dump(one) for one in before.others] != [
        ast.dump(one) for one in after.others
    ]:
        return Plan(everything=True)
    old_imports = {ast.dump(one) for one in before.imports}
    imports = [one for one in after.imports if ast.dump(one) not in old_imports]
    changed = {
        name
        for name, statement in after.definitions.items()
        if name not in before.definitions
        or ast.dump(before.definitions[name]) != ast.dump(statement)
    }
    removed = before.definitions.keys() - after.definitions.keys()
    new_names = {name for one in imports for name in _imported(one)}
    affected = _affected(changed | removed | new_names, after)
    if any(_names(one, ast.Load) & affected for one in after.others):
        return Plan(everything=True)
    again = changed | {
        name
        for name, statement in after.definitions.items()
        if _names_at_definition(statement) & affected
    }
    wanted = [one for name, one in after.definitions.items() if name in again]
    return Plan(statements=[*imports, *wanted], removed=removed)


def _affected(changed: set[str], text: Text) -> set[str]:
    """These names, and the definitions that use one that is affected."""
    affected = set(changed)
    uses = {name: _names(one, ast.Load) for name, one in text.definitions.items()}
    while True:
        more = {name for name in uses.keys() - affected if uses[name] & affected}
        if not more:
            return affected
        affected |= more


def _is_definition(statement: ast.stmt) -> TypeGuard[Definition]:
    return isinstance(statement, _DEFINITIONS)


def _is_of_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _imported(statement: ast.stmt) -> list[str]:
    assert isinstance(statement, _IMPORTS)
    return [(one.asname or one.name).partition(".")[0] for one in statement.names]


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Names that are loaded, or bound, anywhere in a statement."""
    return {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, context)
    }


def _names_at_definition(statement: ast.stmt) -> set[str]:
    """Names that are used when a definition runs, and not only when it is called."""
    if isinstance(statement, ast.ClassDef):
        parts: list[ast.AST] = [
            *statement.decorator_list,
            *statement.bases,
            *statement.keywords,
        ]
        found = {
            name for inner in statement.body for name in _names_at_definition(inner)
        }
    elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*statement.args.defaults, *statement.args.kw_defaults]
        parts = [*statement.decorator_list, *(one for one in defaults if one)]
        found = set()
    else:
        parts, found = [statement], set()
    return found.union(*(_names(part, ast.Load) for part in parts))


# --- names that are bound -------------------------------------------------------------


def module_names(text: Text) -> set[str]:
    """The names that a module's statements bind, also by `global` in functions."""
    table = _table(text)
    found = _bound(table)
    waiting = list(table.get_children())
    while waiting:
        inner = waiting.pop()
        found |= {
            one.get_name()
            for one in inner.get_symbols()
            if one.is_declared_global() and one.is_assigned()
        }
        waiting += inner.get_children()
    return found


def body_names(text: Text, qualname: str) -> set[str] | None:
    """The names that a class's body binds; None: there is no such class."""
    tables = [_table(text)]
    for part in qualname.split("."):
        tables = [
            inner
            for table in tables
            for inner in table.get_children()
            if inner.get_name() == part and str(inner.get_type()).endswith("class")
        ]
    if not tables:
        return None
    return set().union(*map(_bound, tables))


def _table(text: Text) -> SymbolTable:
    from symtable import symtable

    return symtable(text.source, text.path, "exec")


def _bound(table: SymbolTable) -> set[str]:
    return {
        one.get_name()
        for one in table.get_symbols()
        if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
