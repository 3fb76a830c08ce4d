"""From the Python of a cell back to what was typed.

Transformers strip prompts and indentation, drop leading empty lines, join continued
lines and put calls in the place of `%magic` and `!command`. Lines that are the same
but for what stood before them keep their columns, shifted; of a line that was rewritten
those before the change stay.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Lines beyond which no alignment is looked for: pairing takes time.
LONGEST = 5000


class Typed:
    """What was typed, beside the lines of Python that were made of it."""

    def __init__(self, python: Sequence[str], typed: str) -> None:
        self.python = [line.rstrip("\r\n") for line in python]
        # Not `splitlines`: a form feed ends no line of Python.
        self.lines = typed.replace("\r\n", "\n").rstrip("\n").split("\n")
        self.differs = self.python != self.lines
        self._rows: list[int] | None = None

    def line(self, lineno: int) -> int:
        """The typed line that this line of Python came from; both count from 1."""
        rows = self._pairs()
        if not rows or not self.lines:
            return lineno
        return rows[min(max(lineno, 1), len(rows)) - 1] + 1

    def place(
        self, lineno: int, columns: tuple[int | None, ...]
    ) -> tuple[int, tuple[int | None, int | None]]:
        """A line and its columns, as typed; None where a column has no counterpart."""
        row = self.line(lineno)
        start, end = columns[0], columns[1]
        if not self.lines or not 0 < lineno <= len(self.python):
            return row, (start, end)
        python, typed = self.python[lineno - 1], self.lines[row - 1]
        shift = len(typed) - len(python)
        if shift >= 0 and typed.endswith(python):
            return row, tuple(None if one is None else one + shift for one in columns)  # type: ignore[return-value]  # two of them
        if shift < 0 and python.endswith(typed):
            return row, tuple(
                None if one is None else max(0, one + shift) for one in columns
            )  # type: ignore[return-value]  # two of them
        same = _same_beginning(python, typed)
        return row, tuple(
            one if one is not None and one < same else None for one in (start, end)
        )  # type: ignore[return-value]  # two of them

    def _pairs(self) -> list[int]:
        """For each line of Python the index of a typed one."""
        if self._rows is None:
            self._rows = self._align()
        return self._rows

    def _align(self) -> list[int]:
        python, typed = self.python, self.lines
        last = max(0, len(typed) - 1)
        if len(python) > LONGEST or len(typed) > LONGEST:
            return [min(row, last) for row in range(len(python))]
        from difflib import SequenceMatcher

        rows: list[int] = []
        match = SequenceMatcher(
            None, [_core(one) for one in python], [_core(one) for one in typed]
        )
        for tag, start, end, from_row, to_row in match.get_opcodes():
            if tag == "insert":  # typed lines that nothing was made of
                continue
            span = max(1, to_row - from_row)
            rows += [
                min(from_row + min(number, span - 1), last)
                for number in range(end - start)
            ]
        return rows


def _same_beginning(one: str, other: str) -> int:
    """How many characters two lines share at their beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _core(line: str) -> str:
    """A line without prompt and indentation."""
    text = line.strip()
    while text[:3] in (">>>", "..."):
        text = text[3:].lstrip()
    if text.startswith("In [") and "]:" in text:
        text = text.partition("]:")[2].lstrip()
    elif text.startswith("...:"):
        text = text[4:].lstrip()
    return text
