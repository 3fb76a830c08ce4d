"""`%ls`, `%cat`, `%cp` and such: aliases that are there from the start."""

from __future__ import annotations

from ipcluster.engines.interpreter.aliases import default_aliases
from ipcluster.engines.interpreter.magics.registry import (
    CELL,
    LINE,
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell


def _caller(name: str) -> Callable[..., Any]:
    @line_magic(name)  # type: ignore[untyped-decorator]  # what a name gives is one
    def call(self: Magics, line: str) -> None:
        self.shell.run_line_magic(name, line)

    return call  # type: ignore[no-any-return]  # what a decorator gives


class _Aliases(Magics):
    """Magics by name only: the aliases themselves are the alias manager's."""

    def __init__(self, shell: InteractiveShell | None = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        self.magics = {LINE: {}, CELL: {}}
        _ = self.shell.alias_manager  # it defines them


SystemAliases = magics_class(
    type(
        "SystemAliases",
        (_Aliases,),
        {name: _caller(name) for name, _ in default_aliases()},
    )
)
