"""The interpreter of a kernel, under the names that libraries look for."""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.shell import InteractiveShell
from ipcluster.shell.kernel.cellfiles import KernelCompiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.shell.kernel.kernel import Kernel


class RaisedElsewhere(Exception):
    """What a cell has raised in another process: by its name, and its text."""

    def __init__(self, ename: str, evalue: str) -> None:
        super().__init__(evalue)
        self.ename = ename


class ZMQInteractiveShell(InteractiveShell):
    """The shell of a kernel: pandas, rich and tqdm know a notebook by this name."""

    compiler_class = KernelCompiler

    # The kernel that it belongs to, from the moment when it has been made.
    kernel: Kernel | None = None

    def execution(self) -> Any:
        """As any shell's; an interrupt that came just before hits what runs in it."""
        if self.kernel is not None:
            self.kernel.interrupts.begin()
        return super().execution()

    def showtraceback(self, *args: Any, **keywords: Any) -> None:
        """As any shell's; also when there is no memory left to do it with."""
        if self.kernel is not None and isinstance(sys.exc_info()[1], MemoryError):
            self.kernel.make_room()
        super().showtraceback(*args, **keywords)

    def get_parent(self) -> dict[str, Any]:
        """The request that the caller works for; empty where there is none."""
        return {} if self.kernel is None else self.kernel.get_parent()

    @property
    def parent_header(self) -> dict[str, Any]:
        return self.get_parent()

    def set_parent(self, parent: dict[str, Any]) -> None:
        """What the caller does from now on belongs to this request."""
        if self.kernel is not None:
            self.kernel.set_parent(parent)
