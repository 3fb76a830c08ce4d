"""Errors of another process: where a kernel is the face of an engine, all are."""

from __future__ import annotations


class RaisedElsewhere(Exception):
    """What a cell has raised in another process: by its name, and its text."""

    def __init__(self, ename: str, evalue: str) -> None:
        super().__init__(evalue)
        self.ename = ename
