"""Whose files have changed since they were imported.

The user's own modules are watched, wherever they lie; Python's and installed ones are
not, unless they are asked for by name. That makes looking cheap enough to be done
before each cell: some files' times, and not thousands.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.tracebacks.places import USERS, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    Stamp = tuple[int, int]
    """Modification time in nanoseconds, and size, of a file."""


class Watch:
    """Files of modules, as they were when they were last looked at.

    Attributes:
        sources: the text that each of the user's modules was made of, where it is
            known, by its path.
    """

    def __init__(self) -> None:
        self._known: dict[str, ModuleType] = {}
        self._stamps: dict[str, tuple[str, Stamp | None]] = {}
        self.sources: dict[str, str] = {}

    def look_around(self) -> None:
        """Take note of modules that have been imported since."""
        if len(sys.modules) == len(self._known) and sys.modules == self._known:
            return
        for name, module in list(sys.modules.items()):
            if name not in self._known and name not in ("__main__", "__mp_main__"):
                path = path_of(module)
                if path and kind_of(path) is USERS:
                    self.add(name, module)
        self._known = dict(sys.modules)

    def add(self, name: str, module: ModuleType) -> None:
        """Watch a module from now on."""
        path = path_of(module)
        if path is None or name in self._stamps:
            return
        stamp = stamp_of(path)
        if stamp is not None and _is_changed_since_import(module, stamp):
            stamp = None
        self._stamps[name] = path, stamp
        if stamp is not None:
            self.note_source(path)

    def forget(self, name: str) -> None:
        """Watch it no more."""
        self._stamps.pop(name, None)

    def note_source(self, path: str) -> None:
        """A module has this file's text."""
        text = read(path)
        if text is None:
            self.sources.pop(path, None)
        else:
            self.sources[path] = text

    def names(self) -> list[str]:
        """The modules that are watched, as they were imported first."""
        return [name for name in self._stamps if name in sys.modules]

    def has_changed(self, name: str, module: ModuleType) -> str | None:
        """The path, if the file has changed since this was asked last."""
        if name not in self._stamps:
            self.add(name, module)
        path, known = self._stamps.get(name, ("", None))
        stamp = stamp_of(path) if path else None
        if stamp is None or stamp == known:
            return None
        self._stamps[name] = path, stamp
        return path


def path_of(module: ModuleType | None) -> str | None:
    """The file with a module's source; None: it has none."""
    try:
        path = object.__getattribute__(module, "__dict__").get("__file__")
    except (AttributeError, TypeError):  # something else that somebody has put there
        return None
    if not isinstance(path, str) or not path.endswith(".py"):
        return None
    return os.path.abspath(path)


def stamp_of(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:  # it is being written anew, or gone
        return None
    return status.st_mtime_ns, status.st_size


def read(path: str) -> str | None:
    """The text of a source file; None if it cannot be read."""
    from importlib.util import decode_source

    try:
        with open(path, "rb") as file:
            return decode_source(file.read())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None


def _is_changed_since_import(module: ModuleType, stamp: Stamp) -> bool:
    """Whether the compiled file of a module says that it was made of another source.

    The header of a `.pyc` has the source's time in seconds and its size (PEP 552).
    """
    cached: Any = getattr(getattr(module, "__spec__", None), "cached", None)
    try:
        with open(cached, "rb") as file:
            header = file.read(16)
    except (OSError, TypeError):
        return False
    if len(header) < 16 or int.from_bytes(header[4:8], "little"):
        return False  # checked by a hash
    seconds = int.from_bytes(header[8:12], "little")
    size = int.from_bytes(header[12:16], "little")
    now = stamp[0] // 1_000_000_000 & 0xFFFFFFFF, stamp[1] & 0xFFFFFFFF
    return (seconds, size) != now
