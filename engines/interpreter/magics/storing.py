"""`%store`: values that other sessions find again."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.configuration.options import Option
from ipcluster.engines.interpreter.errors import UsageError
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Where they are in `shell.db`; IPython's names.
VARIABLES = "autorestore/"
ALIASES = "stored_aliases"
FOLDERS = "dhist"


@magics_class
class StoreMagics(Magics):
    """Values, macros and aliases in the profile's folder."""

    autorestore = Option(False, "Get everything that is stored back at the start.")

    def __init__(self, shell: Any = None, **keywords: Any) -> None:
        super().__init__(shell, **keywords)
        if shell is not None and self.autorestore:
            self._restore_all()

    @line_magic
    def store(self, line: str) -> None:
        """Keep variables for other sessions.

            %store [options] [names]

            %store              what is stored
            %store x y          store the variables (macros, aliases) x and y as they
                                are now
            %store -r           get everything back, over what has these names
            %store -r x y       get these back
            %store -d x         forget x
            %store -z           forget all variables
            %store x > file     write x to a file: text as it is, else pretty-printed
            %store x >> file    add it to a file's end

        Functions and classes of the prompt can be stored too, with what they need. They
        come back in the same version of Python only.

        `c.StoreMagics.autorestore = True` gets everything back at each start.
        """
        options, words = self.parse_options(line, "drz", mode="list")
        if "d" in options:
            self._forget(words)
        elif "z" in options:
            self._forget_all()
        elif "r" in options:
            self._restore(words)
        elif not words:
            self._list()
        elif ">" in line:
            self._write(line)
        else:
            for name in words:
                self._store(name)

    # --- storing ----------------------------------------------------------------------

    def _store(self, name: str) -> None:
        from ipcluster.engines.interpreter.byvalue import NotKept

        db, names = self.shell.db, self.shell.user_ns
        if name not in names:
            command = self._alias(name)
            if command is None:
                raise UsageError(f"Unknown variable {name!r}")
            db[ALIASES] = {**db.get(ALIASES, {}), name: command}
            print(f"Alias stored: {name} ({command})")
            return
        value = names[name]
        try:
            db[VARIABLES + name] = value
        except (NotKept, KeyError) as error:
            raise UsageError(f"{name} cannot be stored: {error}") from None
        print(f"Stored {name!r} ({type(value).__name__})")

    def _alias(self, name: str) -> str | None:
        """The command of a shell alias; None: there is no such."""
        manager = getattr(self.shell, "alias_manager", None)
        try:
            return None if manager is None else str(manager.retrieve_alias(name))
        except ValueError:
            return None

    def _write(self, line: str) -> None:
        source, mark, name = line.partition(">")
        append = name.startswith(">")
        source, name = source.strip(), name.removeprefix(">").strip().strip("\"'")
        if not source or not name:
            raise UsageError(f"%store wants a value and a file: %store x {mark} file")
        try:
            value = self.shell.ev(source)
        except Exception as error:
            raise UsageError(f"{source}: {type(error).__name__}: {error}") from None
        text = value if isinstance(value, str) else _pretty(value)
        path = os.path.expanduser(name)
        try:
            with open(path, "a" if append else "w", encoding="utf-8") as file:
                file.write(text if text.endswith("\n") else text + "\n")
        except OSError as error:
            raise UsageError(f"{name} cannot be written: {error.strerror}") from None
        print(f"Writing '{source}' ({type(value).__name__}) to file '{path}'.")

    # --- forgetting -------------------------------------------------------------------

    def _forget(self, names: list[str]) -> None:
        if not names:
            raise UsageError("%store -d wants the names to forget.")
        db = self.shell.db
        for name in names:
            aliases = db.get(ALIASES, {})
            if VARIABLES + name in db:
                del db[VARIABLES + name]
            elif name in aliases:
                db[ALIASES] = {key: aliases[key] for key in aliases if key != name}
            else:
                raise UsageError(f"{name!r} is not stored")

    def _forget_all(self) -> None:
        for key in self.shell.db.keys(VARIABLES + "*"):
            del self.shell.db[key]

    # --- getting back -----------------------------------------------------------------

    def _restore(self, names: list[str]) -> None:
        if not names:
            self._restore_all()
            return
        db = self.shell.db
        aliases = db.get(ALIASES, {})
        for name in names:
            if VARIABLES + name in db:
                self._put(name)
            elif name in aliases:
                self._define_alias(name, aliases[name])
            else:
                print(f"no stored variable or alias {name}")

    def _restore_all(self) -> None:
        db = self.shell.db
        for key in db.keys(VARIABLES + "*"):
            self._put(key[len(VARIABLES) :])
        for name, command in dict(db.get(ALIASES, {})).items():
            self._define_alias(name, command)
        folders = db.get(FOLDERS)
        if isinstance(folders, list):
            self.shell.dir_history[:] = [str(one) for one in folders]

    def _put(self, name: str) -> None:
        try:
            self.shell.user_ns[name] = self.shell.db[VARIABLES + name]
        except KeyError:  # it has said why
            print(f"{name} was not got back; %store -d {name} forgets it.")

    def _define_alias(self, name: str, command: str) -> None:
        try:
            self.shell.alias_manager.define_alias(name, command)
        except (AttributeError, ValueError) as error:
            print(f"The alias {name} is not there: {error}")

    def _list(self) -> None:
        db = self.shell.db
        names = [key[len(VARIABLES) :] for key in db.keys(VARIABLES + "*")]
        width = max(map(len, names), default=0)
        print("Stored variables and their in-db values:")
        for name in names:
            text = _short(db[VARIABLES + name]) if VARIABLES + name in db else ""
            print(f"{name:<{width}} -> {text}")
        for name, command in sorted(dict(db.get(ALIASES, {})).items()):
            print(f"alias {name} -> {command}")


def _short(value: object) -> str:
    """How a value looks, in one line of 50 characters."""
    try:
        text = " ".join(repr(value).split())
    except Exception as error:
        return f"<its __repr__ raises {type(error).__name__}>"
    return text if len(text) <= 50 else text[:47] + "..."


def _pretty(value: object) -> str:
    from pprint import pformat

    return pformat(value)
