"""The interpreter of a kernel, under the names that libraries look for.

They ask for the class of the shell, by name or by `isinstance`; for `IPKernelApp` in
its config; and for its `kernel`, which knows the request that is handled. A kernel of
`shell/kernel` has all of that from its beginning, an engine from the moment when it has
a face for Jupyter's programs.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.configuration.options import Sections
from ipcluster.engines.interpreter.ecosystem.cellfiles import KernelCompiler
from ipcluster.engines.interpreter.shell import InteractiveShell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# The section of a notebook's config: snakeviz and tqdm look for it.
APP = "IPKernelApp"


class ZMQInteractiveShell(InteractiveShell):
    """The shell of a kernel: pandas, rich and tqdm know a notebook by this name."""

    compiler_class = KernelCompiler

    # The kernel that it belongs to, from the moment when it has been made.
    kernel: Any = None

    # Called when a cell's own code begins, and when no memory is left to show why a
    # cell has failed.
    on_begin: Callable[[], None] | None = None
    on_no_memory: Callable[[], None] | None = None

    def execution(self) -> Any:
        if self.on_begin is not None:
            self.on_begin()
        return super().execution()

    def showtraceback(self, *args: Any, **keywords: Any) -> None:
        is_full = isinstance(sys.exc_info()[1], MemoryError)
        if is_full and self.on_no_memory is not None:
            self.on_no_memory()
        super().showtraceback(*args, **keywords)

    def get_parent(self) -> dict[str, Any]:
        """The request that the caller works for; empty where there is none."""
        parent: dict[str, Any] = {} if self.kernel is None else self.kernel.get_parent()
        return parent

    @property
    def parent_header(self) -> dict[str, Any]:
        return self.get_parent()

    def set_parent(self, parent: dict[str, Any]) -> None:
        """What the caller does from now on belongs to this request."""
        if self.kernel is not None:
            self.kernel.set_parent(parent)


def become_notebook(shell: InteractiveShell, kernel: object, file: str) -> None:
    """Make a shell that runs already one of a kernel, with that connection file."""
    from ipcluster.engines.interpreter import ecosystem

    if type(shell) is not InteractiveShell:
        return
    shell.compile.__class__ = KernelCompiler  # it keeps the cells that were
    shell.__class__ = ZMQInteractiveShell
    own: Any = shell
    own.kernel = kernel
    own.config = Sections({**own.config, APP: {"connection_file": file}})
    ecosystem.install(shell)
