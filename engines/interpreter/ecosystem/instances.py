"""`InteractiveShell.instance()` and what belongs to it: one shell that runs."""

from __future__ import annotations

from ipcluster.engines.interpreter.ecosystem.standing import get_ipython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class _Current:
    """`_instance` of a class: the running shell, if it is one of that class."""

    def __get__(self, instance: object, owner: type) -> Any:
        shell = get_ipython()
        return shell if isinstance(shell, owner) else None


class OneInstance:
    """Class methods of `InteractiveShell`, as a singleton of the field has them."""

    _instance = _Current()

    @classmethod
    def instance(cls, *args: Any, **keywords: Any) -> Self:
        """The running shell; where none of this class runs, a new one."""
        shell = cls._instance
        if shell is None:
            shell = cls(*args, **keywords)
            shell.activate()  # type: ignore[attr-defined]  # every shell can
        return shell  # type: ignore[no-any-return]  # of this class

    @classmethod
    def initialized(cls) -> bool:
        """Whether a shell of this class runs."""
        return cls._instance is not None

    @classmethod
    def clear_instance(cls) -> None:
        """Let the running shell give way, if it is of this class."""
        shell = cls._instance
        if shell is not None:
            shell.deactivate()
