r"""Syntax trees of text that somebody is still typing: nothing is said of its faults.

Python warns of `"\d"` while it parses; it will do so once more when the cell runs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast


def parse(source: str | bytes) -> ast.Module:
    """The tree of some statements.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python.
    """
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def parse_expression(source: str) -> ast.expr:
    """The tree of an expression; it may have line ends in it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no expression.
    """
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(f"({source}\n)", mode="eval").body
