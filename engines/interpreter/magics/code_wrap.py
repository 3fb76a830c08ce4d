"""Templates around every cell: `%%code_wrap`."""

from __future__ import annotations

import ast

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_cell_magic,
    magics_class,
    no_var_expand,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

CODE, VALUE = "__code__", "__ret__"


@magics_class
class CodeWrapMagics(Magics):
    """`%%code_wrap`."""

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self.templates: dict[str, Template] = {}

    @no_var_expand
    @line_cell_magic
    def code_wrap(self, line: str, cell: str | None = None) -> None:
        """Put code around every later cell.

        Usage:
            %%code_wrap NAME
            template
            %code_wrap --remove NAME
            %code_wrap --list | --list-all

        In the template `__code__`, on a line of its own, stands for the cell, and
        `__ret__` for the value of the cell's last expression, which is shown if the
        template ends with it. Names that begin with two underscores are the template's
        own. Later templates go around earlier ones.

        --remove      take the template with this name away
        --list        the names of the templates
        --list-all    the templates

        Example:
            %%code_wrap timing
            import time
            __start = time.perf_counter()
            try:
                __code__
            finally:
                print(f"{time.perf_counter() - __start:.3f} s")
            __ret__
        """
        options, names = self.parse_options(
            line, "", "remove", "list", "list-all", mode="list"
        )
        if "list" in options or "list-all" in options:
            self._list(whole="list-all" in options)
        elif len(names) != 1:
            raise UsageError("%code_wrap wants the name of one template")
        elif "remove" in options:
            self._remove(names[0])
        elif cell is None:
            raise UsageError(
                f"%%code_wrap {names[0]}, with two %, wants a template below it"
            )
        else:
            self._add(names[0], cell)

    def _add(self, name: str, text: str) -> None:
        template = Template(self.shell, text)
        if name in self.templates:
            self._remove(name)
        self.templates[name] = template
        self.shell.ast_transformers.append(template)

    def _remove(self, name: str) -> None:
        template = self.templates.pop(name, None)
        if template is None:
            known = ", ".join(self.templates) or "there is none"
            raise UsageError(f"%code_wrap: no template {name!r}; {known}")
        if template in self.shell.ast_transformers:
            self.shell.ast_transformers.remove(template)

    def _list(self, *, whole: bool) -> None:
        for name, template in self.templates.items():
            if not whole:
                print(name)
                continue
            print(f"{name}:")
            for row in template.text.rstrip("\n").split("\n"):
                print(f"    {row}".rstrip())


class Template(ast.NodeTransformer):
    """Puts a cell into a template.

    Raises:
        UsageError: the template has no place for the cell.
        SyntaxError: it is no Python.
    """

    # For cells as they are typed: not for pieces of them that a magic runs.
    only_cells = True

    def __init__(self, shell: InteractiveShell, text: str) -> None:
        self.shell = shell
        self.text = text
        self._tree = ast.parse(shell.transform_cell(text))
        places = [node for node in ast.walk(self._tree) if _is_place(node)]
        if not places:
            raise UsageError(f"a template has {CODE} where the cell is to be")
        self._wants_value = VALUE in {
            node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)
        }

    def visit(self, node: ast.AST) -> Any:
        """The cell's tree within the template's."""
        from copy import deepcopy

        # A cell that a cell runs is within the template already.
        if not isinstance(node, ast.Module) or self.shell.cells.depth > 1:
            return node
        imports = [one for one in node.body if _is_of_future(one)]
        body = [one for one in node.body if not _is_of_future(one)]
        if self._wants_value:
            body = _keeping_value(body)
        tree = deepcopy(self._tree)
        if self._wants_value:  # there is none if the cell fails
            tree.body.insert(0, _assigned(ast.Constant(None)))
        ast.fix_missing_locations(tree)
        tree = _Filling(body, _first_line(node)).visit(tree)
        tree.body[0:0] = imports
        return tree


def _is_place(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Name)
        and node.value.id == CODE
    )


def _is_of_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _first_line(tree: ast.Module) -> int:
    return tree.body[0].lineno if tree.body else 1


def _keeping_value(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, the last expression's value under a name of ours."""
    value: ast.expr = ast.Constant(None)
    if body and isinstance(body[-1], ast.Expr):
        last = body[-1]
        body, value = body[:-1], last.value
    return [*body, ast.copy_location(_assigned(value), value)]


def _assigned(value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(_own(VALUE), ast.Store())], value)


def _own(name: str) -> str:
    """What a name of a template's becomes, so that it is in nobody's way."""
    return f"_code_wrap{name}"


class _Filling(ast.NodeTransformer):
    """Fills a copy of a template; its lines count as the cell's first."""

    def __init__(self, body: list[ast.stmt], line: int) -> None:
        self.body = body
        self.line = line

    def visit(self, node: ast.AST) -> Any:
        if _is_place(node):
            return self.body or ast.Pass(lineno=self.line, col_offset=0)
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = self.line  # type: ignore[attr-defined]  # nodes with one have both
            node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]  # the same
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.Name:
        name = node.id
        if name == VALUE or (name.startswith("__") and not name.endswith("__")):
            node.id = _own(name)
        return node
