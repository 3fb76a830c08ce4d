"""The line of marks under a line of source: which part of it was being executed.

    total = a.count + b.size / c.scale
                      ~~~~~~~^~~~~~~~~

The part is marked by `^`; where it is an operation, a call or an index, the operator
and the brackets are, and `~` what they work on. Nothing is marked where all of the line
was being executed: that says nothing.
"""

from __future__ import annotations

from ipcluster.engines.interpreter.compilation import ONLY_AST
from ipcluster.engines.interpreter.tracebacks.sources import character, width_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast

    from ipcluster.engines.interpreter.tracebacks.sources import Excerpt


def marks_under(excerpt: Excerpt) -> str | None:
    """The line of marks for the current line of an excerpt; None: there is none."""
    if excerpt.columns is None:
        return None
    line = excerpt.lines[excerpt.current - excerpt.first]
    start, end = excerpt.columns
    # A statement that goes on in the next line is marked to the end of this one.
    end = min(end, len(line.rstrip()))
    if end <= start:
        return None
    if not line[:start].strip() and not line[end:].split("#")[0].strip():
        return None
    return " " * width_of(line[:start]) + _marks(line[start:end])


def _marks(segment: str) -> str:
    strong = _anchors(segment)
    if strong is None:
        return "^" * width_of(segment)
    left, right = strong
    return (
        "~" * width_of(segment[:left])
        + "^" * max(1, width_of(segment[left:right]))
        + "~" * width_of(segment[right:])
    )


def _anchors(segment: str) -> tuple[int, int] | None:
    """Where the operator or the brackets of an expression stand in it."""
    if len(segment) > 200:
        return None
    try:
        # In brackets: a part of a larger expression may begin with a line's end.
        tree: ast.Module = compile(
            f"({segment})", "<segment>", "exec", ONLY_AST, dont_inherit=True
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    from _ast import BinOp, Call, Expr, Subscript

    statement = tree.body[0]
    if not isinstance(statement, Expr):
        return None
    node = statement.value
    if isinstance(node, BinOp):
        return _operator(segment, _end(node.left, segment), _start(node.right, segment))
    if isinstance(node, Subscript):
        return _bracket(segment, _end(node.value, segment), "[")
    if isinstance(node, Call):
        return _bracket(segment, _end(node.func, segment), "(")
    return None


def _start(node: ast.expr, segment: str) -> int:
    return (character(f"({segment})", node.col_offset) or 1) - 1


def _end(node: ast.expr, segment: str) -> int:
    return (character(f"({segment})", node.end_col_offset) or 1) - 1


def _operator(segment: str, left: int, right: int) -> tuple[int, int] | None:
    """The operator between two operands, which may stand in brackets."""
    between = segment[left:right]
    marks = between.strip(" ()\t\\")
    if not marks or len(marks) > 2:
        return None
    at = left + between.index(marks)
    return at, at + len(marks)


def _bracket(segment: str, after: int, opening: str) -> tuple[int, int] | None:
    at = segment.find(opening, after)
    return None if at < 0 else (at, len(segment))
