"""Magics that load extensions."""

from __future__ import annotations

from ipcluster.engines.interpreter.extensions import named
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)


@magics_class
class ExtensionMagics(Magics):
    """%load_ext and its kin."""

    @line_magic
    def load_ext(self, line: str) -> None:
        """Load an extension: a module with `load_ipython_extension(shell)`.

        %load_ext autoreload
        """
        name = named(line, "load_ext")
        answer = self.shell.extension_manager.load_extension(name)
        if answer == "already loaded":
            print(f"The {name} extension is already loaded. To reload it, use:")
            print(f"  %reload_ext {name}")
        elif answer == "no load function":
            print(f"{name} has no load_ipython_extension(shell), so it is no extension")

    @line_magic
    def unload_ext(self, line: str) -> None:
        """Let an extension take back what it has registered.

        It needs `unload_ipython_extension(shell)`; not every one has that.
        """
        name = named(line, "unload_ext")
        answer = self.shell.extension_manager.unload_extension(name)
        if answer == "not loaded":
            print(f"The {name} extension is not loaded")
        elif answer == "no unload function":
            print(f"The {name} extension has no way to be unloaded")

    @line_magic
    def reload_ext(self, line: str) -> None:
        """Unload an extension, read its file again, and load it."""
        name = named(line, "reload_ext")
        if self.shell.extension_manager.reload_extension(name) == "no load function":
            print(f"{name} has no load_ipython_extension(shell), so it is no extension")
