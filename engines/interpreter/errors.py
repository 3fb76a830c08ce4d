"""What the interpreter raises on purpose, to be shown as one line."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeGuard, TypeVar

    T = TypeVar("T")


class UsageError(Exception):
    """A magic was called wrongly. Shown as its message alone, without a traceback."""


class TryNext(Exception):
    """A hook that cannot do what it was asked for: the next one is tried."""


class StdinNotAvailable(RuntimeError):
    """Something asked for input where nobody can type."""


class ExitRequested(BaseException):
    """`%exit` in the middle of a cell: the rest of it is not run."""


def is_a(value: object, kind: type[T]) -> TypeGuard[T]:
    """`isinstance` that does not ask the value, whose `__class__` may raise."""
    return issubclass(type(value), kind)
