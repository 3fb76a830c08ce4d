"""The steps from typed text to Python.

    cleanup_transforms   prompts and indentation off           lists of lines
    line_transforms      cell magics                           lists of lines
    escapes              %, !, ?, =!, ...                      one scan of the cell
    token_transformers   of extensions                         tokens

A cell without a `%`, `!`, `?` or the like at one of the few places where they mean
something is Python: it is not scanned, and not tokenized.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.transforms.cleanup import (
    cell_magic,
    classic_prompt,
    ipython_prompt,
    leading_indent,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    Transform = Callable[[list[str]], list[str]]


class TransformerManager:
    """Turns cells into Python. Lines keep their line ends, and their numbers.

    `cleanup_transforms` run first, then `line_transforms`: both take and give lists of
    lines and may be changed by extensions, as may `token_transformers` (tokens.py). One
    with a true attribute `has_side_effects` is left out where a cell is only looked at.
    """

    def __init__(self, shell: InteractiveShell | None = None) -> None:
        self.shell = shell
        self.cleanup_transforms: list[Transform] = [
            leading_indent,
            classic_prompt,
            ipython_prompt,
        ]
        self.line_transforms: list[Transform] = [cell_magic]
        self.token_transformers: list[Any] = []
        # After all others, for `shell.transform_cell`.
        self.post_transforms: list[Transform] = []

    def transform_cell(self, cell: str) -> str:
        """The Python of a cell.

        Raises:
            SyntaxError: a transformer refuses it.
        """
        lines = lines_of(cell)
        for transforms in (self.cleanup_transforms, self.line_transforms):
            lines = run_all(transforms, lines)
        return "".join(self.do_token_transforms(lines))

    def do_token_transforms(
        self, lines: list[str], *, quietly: bool = False
    ) -> list[str]:
        """Lines with their escapes as calls, and what extensions made of their tokens.

        `quietly`: leave out those with side effects.
        """
        if has_escapes(lines):
            lines = lines_of(with_calls("".join(lines)))
        if self.token_transformers:
            from ipcluster.engines.interpreter.transforms.tokens import transform_tokens

            lines = transform_tokens(lines, self.token_transformers, quietly=quietly)
        return lines

    def after_all(self, cell: str) -> str:
        """A cell after the transformers that come after all others."""
        if not self.post_transforms:
            return cell
        return "".join(run_all(self.post_transforms, lines_of(cell)))

    def check_complete(self, cell: str) -> tuple[str, int | None]:
        """`("complete" | "incomplete" | "invalid", indent of the next line)`."""
        from ipcluster.engines.interpreter.transforms.completeness import check

        return check(self, cell)


def run_all(transforms: list[Transform], lines: list[str]) -> list[str]:
    """Lines after all transforms. One that fails is taken out: else no cell would run.

    Raises:
        SyntaxError, UsageError: one refuses the lines.
    """
    for transform in transforms[:]:
        try:
            lines = transform(lines)
        except (SyntaxError, UsageError):
            raise
        except Exception as error:
            print(
                f"The input transformer {transform!r} failed ({error!r}) "
                "and is taken out.",
                file=sys.stderr,
            )
            transforms.remove(transform)
    return lines


def run_quietly(transforms: list[Transform], lines: list[str]) -> list[str]:
    """Lines after the transforms that may run while somebody types.

    Raises:
        SyntaxError: one refuses the lines.
    """
    for transform in transforms:
        if getattr(transform, "has_side_effects", False):
            continue
        try:
            lines = transform(lines)
        except SyntaxError:
            raise
        except Exception:  # it will be told when the cell runs
            continue
    return lines


def lines_of(cell: str) -> list[str]:
    """The lines of a cell, each with a plain line end, the last one too."""
    if "\r" in cell:
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    lines = [line + "\n" for line in cell.split("\n")]
    if len(lines) > 1 and lines[-1] == "\n":  # the text had one already
        lines.pop()
    return lines


def has_escapes(lines: list[str]) -> bool:
    """Whether a line may be more than Python: rarely true, and cheap to ask."""
    for line in lines:
        begin = line.lstrip()
        if not begin:
            continue
        if begin[0] in "%!?,;/":
            return True
        if "?" in line and _ends_in_question(line):
            return True
        if "=" in line and ("!" in line or "%" in line) and _assigns_escape(line):
            return True
        if begin.endswith("\\\n") and begin[:-2].rstrip().endswith("="):
            return True  # what is assigned stands on the next line
    return False


def _ends_in_question(line: str) -> bool:
    return line.rstrip().endswith("?") or ("#" in line and "?" in line.split("#")[0])


def _assigns_escape(line: str) -> bool:
    return any(
        part.lstrip(" \t").startswith(("!", "%")) for part in line.split("=")[1:]
    )


def with_calls(text: str) -> str:
    """A cell's text with calls in the place of what is no Python."""
    from ipcluster.engines.interpreter.transforms import escapes, scanning

    parts: list[str] = []
    for line in scanning.Scanner(text).lines():
        made = None
        if line.kind not in (scanning.PYTHON, scanning.BLANK):
            made = escapes.call(line, text)
        parts.append(text[line.start : line.end] if made is None else made)
    return "".join(parts)
