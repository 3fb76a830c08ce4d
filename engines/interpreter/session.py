"""Opening a shell: from a front end to a shell that is ready for its first cell.

Whoever wants an interpreter in its process comes here: the prompt in a terminal, an
engine that is asked for a cell, a kernel, a test.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ipcluster.engines.interpreter.frontend import FrontEnd
    from ipcluster.engines.interpreter.namespace import UserNamespace
    from ipcluster.engines.interpreter.shell import InteractiveShell


def open_shell(
    frontend: FrontEnd,
    *,
    shell_class: type[InteractiveShell] | None = None,
    config: Mapping[str, Any] | None = None,
    namespace: UserNamespace | None = None,
) -> InteractiveShell:
    """A shell that is the current one; `shell.close()` ends it."""
    if shell_class is None:
        from ipcluster.engines.interpreter.shell import InteractiveShell

        shell_class = InteractiveShell
    if "" not in sys.path:
        # The user's own modules, as in every interactive Python.
        sys.path.insert(0, "")
    shell = shell_class(frontend, config=config, namespace=namespace)
    shell.activate()
    begin(shell)
    return shell


def begin(shell: InteractiveShell) -> None:
    """Do what the options ask for before the first cell: stored values, a log."""
    if "autorestore" in shell.config.get("StoreMagics", {}):
        shell.magics_manager.instance("StoreMagics")
    if shell.logappend or shell.logfile or shell.logstart:
        shell.init_logstart()
