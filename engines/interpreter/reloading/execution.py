"""Running the new code of a module in its namespace, so that old objects live on.

While it runs, each `class` statement of the module's patches the class that was there
before and gives that: decorators, bases, registries and instances made at import deal
with the class that everybody has. Functions are patched when all has run. If the code
fails, the module is as it was.
"""

from __future__ import annotations

import builtins
from types import FunctionType

from ipcluster.engines.interpreter.reloading.classes import ClassPatcher, Unpatchable
from ipcluster.engines.interpreter.reloading.functions import FunctionPatcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

# Lists in lists that are looked through for functions; and how long they may be.
DEPTH = 3
LONGEST = 10_000


class Execution:
    """One run of new code of a module.

    Args:
        module: where it runs.
        body_names: as for `ClassPatcher`.

    Attributes:
        before: the module's namespace as it was.
        replaced: old and new of classes and functions that could not be patched.
        problems: why, by the name of each class.
    """

    def __init__(
        self, module: ModuleType, body_names: Callable[[str], set[str] | None]
    ) -> None:
        self.module = module
        self.names = vars(module)
        self.before = dict(self.names)
        self.replaced: list[tuple[Any, Any]] = []
        self.problems: dict[str, str] = {}
        self._classes = ClassPatcher(body_names)
        self._functions = FunctionPatcher(module)

    def run(self, work: Callable[[], object]) -> None:
        """Run it; what it raises is raised after all has been taken back."""
        original = builtins.__build_class__

        def build(body: Any, name: str, /, *bases: Any, **keywords: Any) -> Any:
            new = original(body, name, *bases, **keywords)
            is_ours = getattr(body, "__globals__", None) is self.names
            return self._patched(new) if is_ours else new

        builtins.__build_class__ = build
        try:
            work()
        except BaseException:
            self._classes.take_back()
            self.names.clear()
            self.names.update(self.before)
            raise
        finally:
            builtins.__build_class__ = original
        self._finish()

    def _patched(self, new: Any) -> Any:
        """The class that was there before, patched; the new one if that cannot be."""
        if not isinstance(new, type):
            return new
        old = self._class_before(new.__qualname__)
        if old is None or old is new:
            return new
        try:
            self._classes.patch(old, new)
        except Unpatchable as problem:
            self.problems[new.__qualname__] = str(problem)
            return new
        return old

    def _class_before(self, qualname: str) -> type | None:
        """The class of this qualified name that the module had; None for local ones."""
        found: Any = None
        names: Any = self.before
        for part in qualname.split("."):
            found = names.get(part)
            if not isinstance(found, type) or found.__module__ != self.module.__name__:
                return None
            names = vars(found)
        return found if found.__qualname__ == qualname else None

    # --- when all has run -------------------------------------------------------------

    def _finish(self) -> None:
        for old, new in self._classes.pairs:
            self._functions.patch(old, new)
        self._classes.finish()
        kept: dict[int, Any] = {}
        for name, new in list(self.names.items()):
            old = self.before.get(name)
            if old is new or old is None or not self._is_own(old, new):
                continue
            if isinstance(new, type):
                again = self._patched(new)
                patched = again is old
                if patched:
                    self.problems.pop(new.__qualname__, None)
            else:
                patched = self._functions.patch(old, new)
            if patched:
                kept[id(new)] = old
                self.names[name] = old
            else:
                self.replaced.append((old, new))
        self._replace_within(kept)
        self.problems = {
            name: why
            for name, why in self.problems.items()
            if "." in name or name in {one.__qualname__ for _, one in self.replaced}
        }

    def _is_own(self, old: Any, new: Any) -> bool:
        """Whether one is what has become of the other, a definition of the module's."""
        if type(old) is not type(new) and not isinstance(new, type):
            return False
        if isinstance(new, type):
            return (
                isinstance(old, type)
                and new.__module__ == self.module.__name__ == old.__module__
                and new.__qualname__ == old.__qualname__
            )
        if isinstance(new, FunctionType) or hasattr(type(new), "cache_clear"):
            return bool(new.__qualname__ == old.__qualname__)
        return False

    def _replace_within(self, kept: dict[int, Any]) -> None:
        """Put what has been kept into containers that have got its successor."""
        if not kept:
            return
        for name, value in list(self.names.items()):
            if not name.startswith("__"):
                self.names[name] = _with_kept(value, kept, DEPTH)


def _with_kept(value: Any, kept: dict[int, Any], depth: int) -> Any:
    """The value, or what is kept in its place; containers are changed in place."""
    if id(value) in kept:
        return kept[id(value)]
    kind = type(value)
    if not depth or kind not in (dict, list, set, tuple) or len(value) > LONGEST:
        return value
    if kind is dict:
        for key, one in list(value.items()):
            value[key] = _with_kept(one, kept, depth - 1)
    elif kind is list:
        value[:] = [_with_kept(one, kept, depth - 1) for one in value]
    elif kind is set:
        for one in [one for one in value if id(one) in kept]:
            value.discard(one)
            value.add(kept[id(one)])
    else:
        inner = [_with_kept(one, kept, depth - 1) for one in value]
        if any(one is not two for one, two in zip(inner, value, strict=True)):
            return tuple(inner)
    return value
