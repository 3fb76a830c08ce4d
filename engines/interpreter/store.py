"""`shell.db`: values by name, on disk below the profile's folder.

    db["bookmarks"] = {...}          <profile>/db/bookmarks
    db["autorestore/x"] = 5          <profile>/db/autorestore/x

One file per value, replaced as a whole, so sessions that run at once never see half of
one and the last to write wins. The files are pickles, where IPython has them, and it
reads ours unless they have functions or classes of the prompt in them. Without a
profile, values last as long as the session.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, MutableMapping

from ipcluster.engines.interpreter.configuration.profiles import path_in
from ipcluster.engines.interpreter.wholefile import write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.shell import InteractiveShell

    _Mapping = MutableMapping[str, Any]
else:
    _Mapping = MutableMapping

# Characters that stand for themselves in a file's name.
_PLAIN = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+@"
)


class ProfileStore(_Mapping):
    """A dict on disk; keys are text, with `/` between folder and name."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self._memory: dict[str, bytes] = {}
        self._told: set[str] = set()

    @property
    def root(self) -> str | None:
        """The folder of the files; None: values are kept in memory."""
        return path_in(self.shell.profile_dir, "db")

    def __getitem__(self, key: str) -> Any:
        """A copy of the value.

        Raises:
            KeyError: there is none, or it cannot be read, which is said once.
        """
        data = self._read(key)
        try:
            return _loads(data, self.shell.user_global_ns)
        except Exception as error:
            self._tell(f"The stored value {key!r} cannot be read: {error}")
            raise KeyError(key) from error

    def __setitem__(self, key: str, value: Any) -> None:
        """Keep a value.

        Raises:
            byvalue.NotKept: it cannot be kept; says why.
        """
        path = self._path(key)
        data = _dumps(value, key.rpartition("/")[2])
        if path is not None:
            try:
                write_whole(path, data)
                self._memory.pop(key, None)
                return
            except OSError as error:
                self._tell(
                    f"Nothing can be stored in {self.root} ({error.strerror}): "
                    "values last as long as this session."
                )
        self._memory[key] = data

    def __delitem__(self, key: str) -> None:
        self._read(key)  # a KeyError if there is none
        self._memory.pop(key, None)
        path = self._path(key)
        if path is not None:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        path = self._path(key)
        return key in self._memory or (path is not None and os.path.isfile(path))

    def keys(self, globpat: str | None = None) -> Any:
        """All keys, or those that a glob matches: `db.keys("autorestore/*")`."""
        if globpat is None:
            return super().keys()
        from fnmatch import fnmatchcase

        return [key for key in self._all() if fnmatchcase(key, globpat)]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self.root or 'memory'}>"

    # --- files ------------------------------------------------------------------------

    def _all(self) -> list[str]:
        found = {*self._memory}
        root = self.root
        if root is not None:
            for folder, folders, names in os.walk(root):
                folders[:] = [name for name in folders if not name.startswith(".")]
                inner = os.path.relpath(folder, root)
                for name in names:
                    if not name.startswith("."):
                        path = name if inner == "." else f"{inner}/{name}"
                        found.add("/".join(map(_from_file, path.split(os.sep))))
        return sorted(found)

    def _path(self, key: str) -> str | None:
        parts = [_to_file(part) for part in key.split("/")]
        if not all(parts):
            raise KeyError(key)
        root = self.root
        return None if root is None else os.path.join(root, *parts)

    def _read(self, key: str) -> bytes:
        path = self._path(key)
        if key in self._memory or path is None:
            return self._memory[key]
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            raise KeyError(key) from None

    def _tell(self, message: str) -> None:
        if message not in self._told:
            self._told.add(message)
            print(message, file=sys.stderr)


def _dumps(value: object, name: str) -> bytes:
    """A plain pickle where that does; what the prompt defined goes by value."""
    import pickle

    try:
        data = pickle.dumps(value, 4)
    except Exception:
        data = b"__main__"
    if b"__main__" not in data:
        return data
    from ipcluster.engines.interpreter.byvalue import dumps

    return dumps(value, name)


def _loads(data: bytes, names: dict[str, Any]) -> Any:
    if b"ipcluster" not in data:
        import pickle

        return pickle.loads(data)
    from ipcluster.engines.interpreter.byvalue import loads

    return loads(data, names)


def _to_file(part: str) -> str:
    """A part of a key as the name of a file: `%2e` and so on for what is special."""
    escaped = "".join(
        letter
        if letter in _PLAIN
        else "".join(f"%{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
        for letter in part
    )
    return "%2e" + escaped[1:] if escaped.startswith(".") else escaped


def _from_file(name: str) -> str:
    if "%" not in name:
        return name
    from urllib.parse import unquote

    return unquote(name, errors="surrogatepass")
