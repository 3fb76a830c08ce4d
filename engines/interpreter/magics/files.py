"""Magics that write the text of a cell to a file."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    cell_magic,
    magics_class,
)


@magics_class
class FileMagics(Magics):
    """Files out of cells."""

    @cell_magic
    def writefile(self, line: str, cell: str) -> None:
        """Write the cell to a file.

            %%writefile [-a] FILE

        -a, --append: add it to what is in the file.

        `~` and quotes in the file's name mean what they mean to a shell.
        """
        options, name = self.parse_options(line, "a", "append")
        name = os.path.expanduser(name)
        if not name:
            raise UsageError("%%writefile [-a] FILE: which file?")
        appends = "a" in options or "append" in options
        done = "Writing"
        if os.path.exists(name):
            done = "Appending to" if appends else "Overwriting"
        try:
            with open(name, "a" if appends else "w", encoding="utf-8") as file:
                file.write(cell)
        except OSError as error:
            raise UsageError(f"{name}: {error.strerror}") from None
        print(done, name)

    @cell_magic
    def file(self, line: str, cell: str) -> None:
        """Write the cell to a file: see `%%writefile`."""
        self.writefile(line, cell)
