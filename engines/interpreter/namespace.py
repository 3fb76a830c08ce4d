"""Where a session's names live: a module that is `__main__`, and what is ours in it.

`sys.modules["__main__"].__dict__` *is* the namespace, so that pickle finds classes that
were defined at the prompt. The names that the shell puts there itself (`In`, `_`,
`exit`, ...) are `hidden`: `%who` does not list them, unless the user has bound them
anew.
"""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_NOTHING = object()


class UserNamespace:
    """The names of a session.

    Args:
        names: an existing dict to live in, such as an engine's; None makes a module.
        module: the module whose `__dict__` the globals are, where it is another one
            than `names`: in an embedded shell `names` are a function's locals.
    """

    def __init__(
        self,
        names: dict[str, Any] | None = None,
        module: ModuleType | None = None,
    ) -> None:
        if module is None:
            module = ModuleType("__main__", "Names of an interactive session.")
            # multiprocessing looks at both to find out how to import `__main__`.
            module.__spec__ = None
            module.__dict__.setdefault("__builtins__", __builtins__)
            if names is not None:
                for name, value in module.__dict__.items():
                    names.setdefault(name, value)
        self.module: Any = module
        self.names: dict[str, Any] = module.__dict__ if names is None else names
        self._ours: dict[str, Any] = {}
        # Modules of programs that were run, the last of each file.
        self.programs: dict[str, ModuleType] = {}
        self._was_main: Any = _NOTHING

    @property
    def globals(self) -> dict[str, Any]:
        return self.module.__dict__  # type: ignore[no-any-return]  # a module's is a dict

    # --- ours and the user's ----------------------------------------------------------

    def put(self, name: str, value: Any) -> None:
        """A name of the shell's own."""
        self.names[name] = value
        self._ours[name] = value

    def forget(self, name: str) -> None:
        """Take a name of ours out again, unless the user has bound it anew."""
        ours = self._ours.pop(name, _NOTHING)
        if ours is not _NOTHING and self.names.get(name, _NOTHING) is ours:
            del self.names[name]

    def hide_all(self) -> None:
        """What is there now counts as ours: before the user's first input."""
        self._ours.update(self.names)

    def is_hidden(self, name: str) -> bool:
        """Whether a name is ours and still means what we made it mean."""
        ours = self._ours.get(name, _NOTHING)
        return ours is not _NOTHING and self.names.get(name) is ours

    @property
    def hidden(self) -> dict[str, Any]:
        return self._ours

    def of_user(self) -> Iterator[tuple[str, Any]]:
        """The names that the user has bound, in the order of their binding."""
        for name, value in list(self.names.items()):
            if not name.startswith("_") and not self.is_hidden(name):
                yield name, value

    def clear(self) -> None:
        """Forget what the user has bound; what is ours stays."""
        for name in [name for name in self.names if not self._is_kept(name)]:
            del self.names[name]

    def _is_kept(self, name: str) -> bool:
        return self.is_hidden(name) or (name.startswith("__") and name.endswith("__"))

    # --- being `__main__` -------------------------------------------------------------

    def become_main(self) -> None:
        """Be `sys.modules["__main__"]`, until `step_down`."""
        if self._was_main is _NOTHING:
            self._was_main = sys.modules.get("__main__")
            sys.modules["__main__"] = self.module

    def step_down(self) -> None:
        if self._was_main is not _NOTHING:
            if sys.modules.get("__main__") is self.module:
                sys.modules["__main__"] = self._was_main
            self._was_main = _NOTHING
