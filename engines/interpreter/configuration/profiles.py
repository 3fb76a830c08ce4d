"""Profiles: a folder each, with a person's settings and history for one kind of work.

    $IPCLUSTER_DIR (or ~/.ipcluster)/
        ipshell_config.py        for all profiles
        profile_<name>/
            ipshell_config.py    settings of this profile (ipshell_config.json, too)
            startup/             run when a shell starts, in the order of their names
            history.sqlite       every input
            log/  db/            logs; what `%store` keeps
            sessions/            what `%session save` keeps
            cluster_<id>/        a cluster of this profile: see wire/places.py

The names are the cluster's: a profile is one thing for the shell and for its engines. A
folder is made when something is put into it, or by `ipshell profile create`; a home
that cannot be written to is no reason not to start.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CONFIG_NAME = "ipshell_config"

_FOLDERS = ("startup", "log", "db")

_README = """Files in this folder are run when a shell of this profile starts, in the
order of their names: Python (.py), and Python with magics (.ipy).
"""


class ProfileError(ValueError):
    """There is no such profile, or its name could not be one."""


class ProfileDir:
    """The folder of a profile, and what lies where in it."""

    def __init__(self, location: str) -> None:
        self.location = os.path.abspath(os.path.expanduser(location))

    @property
    def name(self) -> str:
        base = os.path.basename(self.location)
        return base[len("profile_") :] if base.startswith("profile_") else base

    @property
    def startup_dir(self) -> str:
        return os.path.join(self.location, "startup")

    @property
    def log_dir(self) -> str:
        return os.path.join(self.location, "log")

    @property
    def db_dir(self) -> str:
        return os.path.join(self.location, "db")

    @property
    def history_file(self) -> str:
        return os.path.join(self.location, "history.sqlite")

    def exists(self) -> bool:
        return os.path.isdir(self.location)

    def ensure(self) -> bool:
        """Make the folder if need be; False: it cannot be written to."""
        try:
            os.makedirs(self.location, mode=0o700, exist_ok=True)
        except OSError:
            return False
        return os.access(self.location, os.W_OK | os.X_OK)

    def create(self, *, overwrite: bool = False) -> list[str]:
        """Make all of it, with a config file of comments; the files written.

        Raises:
            OSError: the folder cannot be written to.
        """
        os.makedirs(self.location, mode=0o700, exist_ok=True)
        for folder in _FOLDERS:
            os.makedirs(os.path.join(self.location, folder), exist_ok=True)
        written = []
        from ipcluster.engines.interpreter.configuration.defaults import config_file

        for path, text in (
            (os.path.join(self.location, f"{CONFIG_NAME}.py"), config_file),
            (os.path.join(self.startup_dir, "README"), lambda: _README),
        ):
            if overwrite or not os.path.exists(path):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text())
                written.append(path)
        return written

    def startup_files(self) -> list[str]:
        """What runs at start, in order."""
        try:
            names = os.listdir(self.startup_dir)
        except OSError:
            return []
        return [
            os.path.join(self.startup_dir, name)
            for name in sorted(names)
            if name.endswith((".py", ".ipy"))
        ]


def path_in(profile: Any, name: str) -> str | None:
    """Where a shell with this `profile_dir` keeps a thing; None: it keeps nothing.

    Of what a shell has as its `profile_dir`, only the `location` is asked for: programs
    that make shells of their own put there what they have.
    """
    return None if profile is None else os.path.join(str(profile.location), name)


def shell_root(given: str = "") -> str:
    """The folder of all profiles: the one given, $IPCLUSTER_DIR, or ~/.ipcluster."""
    named = given or os.environ.get("IPCLUSTER_DIR") or "~/.ipcluster"
    return os.path.abspath(os.path.expanduser(named))


def find(name: str, root: str) -> ProfileDir:
    """The folder of a profile, whether or not it exists.

    Raises:
        ProfileError: no file's name could be made of it.
    """
    fine = name.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()
    if not (fine and name.isascii() and name[0] not in "-." and len(name) <= 64):
        raise ProfileError(
            f"profile {name!r}: use 1 to 64 letters, digits, '_', '-' and '.', "
            "the first a letter, a digit or '_'"
        )
    return ProfileDir(os.path.join(root, f"profile_{name}"))


def all_in(root: str) -> Iterator[ProfileDir]:
    """Every profile with a folder, by name."""
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return
    for name in names:
        path = os.path.join(root, name)
        if name.startswith("profile_") and os.path.isdir(path):
            yield ProfileDir(path)
