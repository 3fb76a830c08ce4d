"""What a command printed, as a list or as a string, with ways to take it apart.

files = !ls -l
files.grep("^d").fields(8, 4).sort(1, nums=True)
files.n      one text with line ends;  .s  with spaces;  .p  as paths
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    # Both classes have an attribute `list`.
    Lines = list[str]
    Rows = list[list[str]]
    Paths = list[Path]


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class LSString(str):
    """A text with the attributes of `SList`."""

    __slots__ = ()

    def _as_list(self) -> Lines:
        return self.split("\n")

    @property
    def spstr(self) -> str:
        return self.replace("\n", " ")

    @property
    def nlstr(self) -> str:
        return str(self)

    @property
    def paths(self) -> Paths:
        return _paths(self.split("\n"))

    # These short names are what people type.
    l = property(_as_list)  # noqa: E741
    s = spstr
    n = nlstr
    p = paths
    list = property(_as_list)


class SList(list[str]):
    """The lines that a command printed.

    .l .list    a plain list of them: this one
    .n .nlstr   one text, with line ends
    .s .spstr   one text, with spaces: `!rm $files.s`
    .p .paths   `pathlib.Path` objects of those lines that are files
    """

    __slots__ = ()

    def _as_list(self) -> SList:
        return self

    @property
    def spstr(self) -> str:
        return " ".join(self)

    @property
    def nlstr(self) -> str:
        return "\n".join(self)

    @property
    def paths(self) -> Paths:
        return _paths(self)

    def grep(
        self,
        pattern: str | Callable[[str], object],
        prune: bool = False,
        field: int | None = None,
    ) -> SList:
        """The lines that match.

        Args:
            pattern: a regular expression, in which case is no matter, or a function.
            prune: the lines that do not match instead.
            field: look at this field only (fields are separated by spaces, from 0).
        """
        if callable(pattern):
            matches = pattern
        else:
            search = re.compile(pattern, re.IGNORECASE).search
            matches = search

        def looked_at(line: str) -> str:
            if field is None:
                return line
            parts = line.split()
            return parts[field] if -len(parts) <= field < len(parts) else ""

        return SList(
            line for line in self if bool(matches(looked_at(line))) is not prune
        )

    def fields(self, *fields: int) -> Lines | Rows:
        """These fields of each line, joined by spaces; without any, all as lists.

        A line that has none of them is left out.
        """
        rows = [line.split() for line in self]
        if not fields:
            return rows
        taken = SList()
        for row in rows:
            have = [row[one] for one in fields if -len(row) <= one < len(row)]
            if have:
                taken.append(" ".join(have))
        return taken

    def sort(  # type: ignore[override]  # a new list, as people know it
        self, field: int | None = None, nums: bool = False
    ) -> SList:
        """Sorted lines, by a field if one is given, as numbers with `nums`.

        With `nums` the first number in the text counts; without one it counts as 0.
        """

        def key(line: str) -> tuple[float, str]:
            text = line
            if field is not None:
                parts = line.split()
                text = parts[field] if -len(parts) <= field < len(parts) else ""
            if not nums:
                return 0, text
            number = _NUMBER.search(text)
            return (float(number[0]) if number else 0.0), ""

        return SList(sorted(self, key=key))

    l = property(_as_list)  # noqa: E741
    s = spstr
    n = nlstr
    p = paths
    list = property(_as_list)


def _paths(lines: Lines) -> Paths:
    import os
    from pathlib import Path

    return [Path(line) for line in lines if os.path.exists(line)]
