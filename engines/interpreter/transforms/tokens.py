"""Transformers of others that look at tokens: `token_transformers` of the manager.

One is a class with a priority. `find` gets the tokens of the cell, one list for each
statement, and answers with an instance if there is something for it; `transform` then
gives the changed lines. What comes first in the cell is changed first, then all is
looked at again.

    class Degrees(TokenTransformBase):
        @classmethod
        def find(cls, tokens_by_line):
            for line in tokens_by_line:
                for token in line:
                    if token.string == "°":
                        return cls(token.start)

        def transform(self, lines): ...

    get_ipython().input_transformer_manager.token_transformers.append(Degrees)
"""

from __future__ import annotations

import sys
import tokenize

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Self

    TokensByLine = list[list[tokenize.TokenInfo]]

# Changes to one cell. A transformer whose result it finds again would never end.
MOST_CHANGES = 500


class TokenTransformBase:
    """Something at a place in the cell; a subclass says what to find and do."""

    # Of two at the same place the lower goes first.
    priority = 10

    def __init__(self, start: tuple[int, int]) -> None:
        self.start_line = start[0] - 1  # as an index into the lines
        self.start_col = start[1]

    def sortby(self) -> tuple[int, int, int]:
        return self.start_line, self.start_col, self.priority

    @classmethod
    def find(cls, tokens_by_line: TokensByLine) -> Self | None:
        """An instance for the first place that this is about; None: there is none."""
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """The lines, changed at this place."""
        return lines


def make_tokens_by_line(lines: list[str]) -> TokensByLine:
    """The tokens of a cell, as far as it is Python: one list for each statement."""
    by_line: TokensByLine = [[]]
    depth = 0
    for token in _tokens(lines):
        by_line[-1].append(token)
        if token.string in ("(", "[", "{"):
            depth += 1
        elif token.string in (")", "]", "}"):
            depth = max(0, depth - 1)
        ended = token.type == tokenize.NEWLINE or (
            token.type == tokenize.NL and not depth
        )
        if ended:
            by_line.append([])
    if not by_line[-1]:
        by_line.pop()
    return by_line


def _tokens(lines: list[str]) -> Iterator[tokenize.TokenInfo]:
    """Tokens up to the place where the cell stops being Python."""
    try:
        yield from tokenize.generate_tokens(iter(lines).__next__)
    except (tokenize.TokenError, SyntaxError):
        return


def transform_tokens(
    lines: list[str], transformers: list[Any], *, quietly: bool = False
) -> list[str]:
    """Lines after all transformers that found something.

    With `quietly`, those with side effects are left out. One that fails is taken out.

    Raises:
        SyntaxError, UsageError: one refuses the cell.
        RuntimeError: they do not come to an end.
    """
    wanted = [
        one
        for one in transformers
        if not (quietly and getattr(one, "has_side_effects", False))
    ]
    for _ in range(MOST_CHANGES):
        try:
            changed = _change_one(lines, wanted)
        except _FailedError as failure:
            wanted.remove(failure.transformer)
            if not quietly:
                transformers.remove(failure.transformer)
                print(failure, file=sys.stderr)
            continue
        if changed is None:
            return lines
        lines = changed
    names = ", ".join(getattr(one, "__name__", repr(one)) for one in wanted)
    raise RuntimeError(f"{names}: still not done after {MOST_CHANGES} changes")


class _FailedError(Exception):
    """A transformer of somebody's has raised what it should not."""

    def __init__(self, transformer: Any, error: Exception) -> None:
        name = getattr(transformer, "__name__", repr(transformer))
        super().__init__(
            f"The token transformer {name} failed ({error!r}) and is taken out."
        )
        self.transformer = transformer


def _change_one(lines: list[str], transformers: list[Any]) -> list[str] | None:
    tokens_by_line = make_tokens_by_line(lines)
    places: list[tuple[Any, int, Any, Any]] = []
    for transformer in transformers:
        try:
            place = transformer.find(tokens_by_line)
            if place:
                places.append((place.sortby(), len(places), transformer, place))
        except Exception as error:
            raise _FailedError(transformer, error) from error
    failed: SyntaxError | None = None
    for _, _, transformer, place in sorted(places, key=lambda one: one[:2]):
        try:
            changed: list[str] = place.transform(lines)
        except SyntaxError as error:
            failed = failed or error
            continue
        except UsageError:
            raise
        except Exception as error:
            raise _FailedError(transformer, error) from error
        return None if changed == lines else changed
    if failed is not None:
        raise failed
    return None
