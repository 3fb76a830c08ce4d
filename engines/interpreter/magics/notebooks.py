"""`%notebook`: the session as a notebook file."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import StdinNotAvailable, UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.history.outputs import KeptOutput


@magics_class
class NotebookMagics(Magics):
    """Sessions as documents."""

    @line_magic
    def notebook(self, line: str) -> None:
        """Write this session to a notebook, with what it has shown.

            %notebook [-f] file

        Values, displays and errors are in it as they were shown; what was printed is
        not. `-f` replaces a file that is there without asking. The file gets `.ipynb`
        at its end if it has no ending.

        `%run file` runs a notebook's cells, and `%load file` gets them back.
        """
        options, name = self.parse_options(line, "fe")
        name = name.strip().strip("\"'")
        if not name:
            raise UsageError("%notebook wants the name of a file.")
        path = os.path.expanduser(name)
        if not os.path.splitext(path)[1]:
            path += ".ipynb"
        if os.path.exists(path) and "f" not in options and not self._may_replace(path):
            print("Operation cancelled.")
            return
        text = self._text()
        from ipcluster.engines.interpreter.wholefile import write_whole

        try:
            write_whole(path, text.encode("utf-8", "backslashreplace"), mode=0o666)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        print(f"This session is in {path}.")

    def _may_replace(self, path: str) -> bool:
        question = f"File {path!r} exists. Overwrite?"
        try:
            return bool(self.shell.frontend.confirm(question, default=False))
        except StdinNotAvailable:
            raise UsageError(
                f"File {path!r} exists, and nobody can be asked: -f replaces it."
            ) from None

    def _text(self) -> str:
        import json

        manager = self.shell.history_manager
        running = self.shell.cells.count
        cells = [
            _cell(number, text, manager.outputs[number])
            for _, number, text in manager.get_range()
            if number != running
        ]
        return json.dumps(_notebook(cells), indent=1, ensure_ascii=False) + "\n"


def _notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook; nbformat.readthedocs.io/en/latest/format_description.html."""
    import sys

    version = ".".join(map(str, sys.version_info[:3]))
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {
                "name": "python",
                "version": version,
                "mimetype": "text/x-python",
                "file_extension": ".py",
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, text: str, outputs: list[KeptOutput]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": number,
        "id": f"in-{number}",
        "metadata": {},
        "outputs": [_output(number, one) for one in outputs],
        "source": text.splitlines(keepends=True),
    }


def _output(number: int, output: KeptOutput) -> dict[str, Any]:
    if output.output_type == "error":
        return {
            "output_type": "error",
            "ename": output.bundle["ename"],
            "evalue": output.bundle["evalue"],
            "traceback": output.bundle["traceback"].split("\n"),
        }
    found: dict[str, Any] = {
        "output_type": output.output_type,
        "data": {kind: _content(value) for kind, value in output.bundle.items()},
        "metadata": output.metadata,
    }
    if output.output_type == "execute_result":
        found["execution_count"] = number
    return found


def _content(value: Any) -> Any:
    """A MIME bundle's value as a notebook has it: lines, base64, or JSON."""
    if isinstance(value, str):
        return value.splitlines(keepends=True)
    if isinstance(value, bytes):
        from base64 import b64encode

        return b64encode(value).decode()
    return value
