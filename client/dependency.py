"""What a task waits for, runs beside, or needs of its engine.

Engines import this module when a function with a condition comes, so it imports
nothing that is heavy or that has to do with connections.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from ipcluster.wire.errors import UnmetDependency
from ipcluster.wire.importable import folder_of, import_from

F = TypeVar("F", bound=Callable[..., Any])


class Dependency(set[str]):
    """Tasks, by msg_id, that must have ended: all or any of them, well or badly.

    Args:
        dependencies: msg_ids and AsyncResults, one or several.
        all: whether all of them must have ended, or one is enough.
        success: whether those that succeeded count.
        failure: whether those that failed count.

    Raises:
        ValueError: neither success nor failure counts.
    """

    def __init__(
        self,
        dependencies: Any = (),
        all: bool = True,  # noqa: A002 - the name users know
        success: bool = True,
        failure: bool = False,
    ) -> None:
        if not (success or failure):
            raise ValueError("a dependency must count successes, failures, or both")
        super().__init__(msg_ids_of(dependencies))
        self.all = all
        self.success = success
        self.failure = failure

    def check(
        self, completed: Iterable[str], failed: Iterable[str] | None = None
    ) -> bool:
        """Whether it is met, given what has succeeded and what has failed."""
        if not self:
            return True
        met = self & self._counted(completed, failed or ())
        return met == self if self.all else bool(met)

    def unreachable(
        self, completed: Iterable[str], failed: Iterable[str] | None = None
    ) -> bool:
        """Whether it can never be met, given what has succeeded and failed."""
        against = set() if self.success else set(completed)
        if not self.failure:
            against |= set(failed or ())
        lost = self & against
        if not self or not lost:
            return False
        return True if self.all else lost == self

    def as_dict(self) -> dict[str, Any]:
        """The arguments that make an equal one."""
        return {
            "dependencies": sorted(self),
            "all": self.all,
            "success": self.success,
            "failure": self.failure,
        }

    def _counted(self, completed: Iterable[str], failed: Iterable[str]) -> set[str]:
        counted: set[str] = set()
        if self.success:
            counted |= set(completed)
        if self.failure:
            counted |= set(failed)
        return counted


def msg_ids_of(things: Any) -> set[str]:
    """The msg_ids that msg_ids and AsyncResults, one or many, stand for.

    Raises:
        TypeError: something else is among them.
    """
    if things is None:
        return set()
    if isinstance(things, str):
        return {things}
    if (ids := getattr(things, "msg_ids", None)) is not None:
        return set(ids)
    if isinstance(things, Iterable):
        return {one for thing in things for one in msg_ids_of(thing)}
    raise TypeError(f"a dependency is a msg_id or an AsyncResult, not {things!r}")


class dependent:
    """A function with a condition that its engine must meet."""

    def __init__(
        self,
        _wrapped_f: Callable[..., Any],
        _wrapped_df: Callable[..., Any],
        *dargs: Any,
        **dkwargs: Any,
    ) -> None:
        self.f = _wrapped_f
        self.df = _wrapped_df
        self.dargs = dargs
        self.dkwargs = dkwargs
        self.__name__ = getattr(_wrapped_f, "__name__", "dependent")
        self.__doc__ = getattr(_wrapped_f, "__doc__", None)

    def check_dependency(self) -> None:
        """Ask the condition.

        Raises:
            UnmetDependency: it says False.
        """
        if self.df(*self.dargs, **self.dkwargs) is False:
            name = getattr(self.df, "__name__", repr(self.df))
            raise UnmetDependency(f"{name} says that {self.__name__} cannot run here")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.check_dependency()
        return self.f(*args, **kwargs)


class depend:
    """Decorator: run the function only on engines where `f(*args, **kwargs)` allows it.

    On an engine where it returns False, or raises UnmetDependency, the task is given
    back and tried elsewhere.
    """

    def __init__(
        self, _wrapped_f: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        self.f = _wrapped_f
        self.args = args
        self.kwargs = kwargs

    def __call__(self, f: Callable[..., Any]) -> dependent:
        return dependent(f, self.f, *self.args, **self.kwargs)


def require(*objects: Any, **mapping: Any) -> depend:
    """Decorator: run the function only where these modules can be imported.

    Modules (or their names) are imported into the engine's namespace; functions and
    classes among `objects`, and everything in `mapping`, are put there under their
    names.

    Raises:
        TypeError: something without a name is among them.
    """
    modules: list[tuple[str, str]] = []
    for one in objects:
        if isinstance(one, str):
            modules.append((one, folder_of(one)))
        elif isinstance(one, ModuleType):
            modules.append((one.__name__, folder_of(one.__name__)))
        elif hasattr(one, "__name__"):
            mapping[one.__name__] = one
        else:
            raise TypeError(f"require modules, names of modules or functions: {one!r}")
    return depend(_has, *modules, **mapping)


def _has(*modules: tuple[str, str], **mapping: Any) -> bool:
    """On the engine: whether all modules are there; they and `mapping` are named.

    Raises:
        UnmetDependency: one is not.
    """
    names = vars(sys.modules["__main__"])
    for module, folder in modules:
        try:
            import_from(module, folder)
        except ImportError as error:
            raise UnmetDependency(str(error)) from error
        top = module.partition(".")[0]
        names[top] = sys.modules[top]
    names.update(mapping)
    return True


def interactive(f: F) -> F:
    """Decorator: let the function see the engine's names, as those of a session do."""
    if isinstance(f, FunctionType):
        f.__module__ = "__main__"
        return f
    if isinstance(f, functools.partial):
        interactive(f.func)
    return f
