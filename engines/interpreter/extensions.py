"""Extensions: modules with `load_ipython_extension(shell)`.

They register magics, callbacks and formatters. What the field ships as extensions and
we have built in (`autoreload`, `storemagic`) may be loaded all the same: that is no
error, and does nothing.
"""

from __future__ import annotations

import sys

from ipcluster.engines.interpreter.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

# Name of an extension: a magic that is there without it.
BUILT_IN = {
    "autoreload": "autoreload",
    "storemagic": "store",
    "IPython.extensions.autoreload": "autoreload",
    "IPython.extensions.storemagic": "store",
}


class ExtensionManager:
    """The extensions of one shell. Each method says why nothing was done, or None."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.loaded: set[str] = set()

    def load_extension(self, module_str: str) -> str | None:
        """Import a module and let it register; None, or why it did not.

        Returns:
            "already loaded", or "no load function".

        Raises:
            ModuleNotFoundError: there is no such module.
        """
        if module_str in self.loaded:
            return "already loaded"
        if self._is_built_in(module_str):
            self.loaded.add(module_str)
            return None
        return self._load(_imported(module_str), module_str)

    def unload_extension(self, module_str: str) -> str | None:
        """Let a module take back what it registered; None, or why it did not."""
        if module_str not in self.loaded:
            return "not loaded"
        module = sys.modules.get(module_str)
        if module is None or not self._call(module, "unload_ipython_extension"):
            return "no unload function"
        self.loaded.discard(module_str)
        return None

    def reload_extension(self, module_str: str) -> str | None:
        """Load it anew, after a change of its file; what `load_extension` gives."""
        if self._is_built_in(module_str):
            return None
        if module_str in self.loaded and module_str in sys.modules:
            from importlib import reload

            self.unload_extension(module_str)
            self.loaded.discard(module_str)
            return self._load(reload(sys.modules[module_str]), module_str)
        return self.load_extension(module_str)

    def _load(self, module: ModuleType, name: str) -> str | None:
        if not self._call(module, "load_ipython_extension"):
            return "no load function"
        self.loaded.add(name)
        return None

    def _call(self, module: ModuleType, name: str) -> bool:
        function: Callable[[Any], object] | None = getattr(module, name, None)
        if function is None:
            return False
        function(self.shell)
        return True

    def _is_built_in(self, name: str) -> bool:
        magic = BUILT_IN.get(name)
        return magic is not None and self.shell.find_magic(magic) is not None


def _imported(name: str) -> ModuleType:
    from importlib import import_module

    return import_module(name)


def named(line: str, magic: str) -> str:
    """The module that a magic's line names.

    Raises:
        UsageError: it names none.
    """
    name = line.strip()
    if not name:
        raise UsageError(f"%{magic} wants the name of an extension's module")
    return name
