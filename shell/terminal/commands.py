"""`ipshell profile`, `ipshell locate` and `ipshell history`."""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.configuration import profiles

USAGE = """usage: ipshell profile create [NAME] [--overwrite]
       ipshell profile list
       ipshell profile locate [NAME]
       ipshell locate [profile [NAME]]
       ipshell history trim [--keep=N] [--profile=NAME]
       ipshell history clear [-f] [--profile=NAME]
"""

# Inputs that `history trim` keeps.
_KEPT = 1000


class Wrong(ValueError):
    """A command line that says nothing sensible."""


def run_subcommand(words: list[str]) -> int:
    """Do it; an exit status."""
    options, words = _options(words)
    if "help" in options or "h" in options:
        print(USAGE, end="")
        return 0
    try:
        root = profiles.shell_root(options.pop("ipython-dir", ""))
        match words:
            case ["profile", "create", *names] if len(names) < 2:
                return _create(_named(names, options), root, "overwrite" in options)
            case ["profile", "list"]:
                return _list(root)
            case ["profile", "locate", *names] | ["locate", "profile", *names]:
                return _locate(profiles.find(_named(names, options), root).location)
            case ["locate"]:
                return _locate(root)
            case ["history", "trim"]:
                return _trim(_file(root, options), _number(options.get("keep")))
            case ["history", "clear"]:
                sure = "f" in options or "force" in options
                return _clear(_file(root, options), sure)
        raise Wrong(f"cannot make sense of: ipshell {' '.join(words)}")
    except (Wrong, profiles.ProfileError) as error:
        print(f"ipshell: {error}\n{USAGE}", end="", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"ipshell: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except Exception as error:
        if type(error).__module__ != "sqlite3":
            raise
        print(f"ipshell: the history cannot be written to: {error}", file=sys.stderr)
        return 1


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """`--name=value` and `--name value` for what takes one, and the other words."""
    found: dict[str, str] = {}
    rest = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("-"):
            rest.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        takes_value = name in ("keep", "profile", "ipython-dir")
        if takes_value and not equals and left:
            value = left.pop(0)
        found[name] = value
    return found, rest


def _named(names: list[str], options: dict[str, str]) -> str:
    given = names[0] if names else options.get("profile", "")
    return given or os.environ.get("IPCLUSTER_PROFILE") or "default"


def _number(text: str | None) -> int:
    if text is None:
        return _KEPT
    if not text.isdigit():
        raise Wrong(f"--keep wants a number, not {text!r}")
    return int(text)


def _create(name: str, root: str, overwrite: bool) -> int:
    import ipcluster.shell.terminal.shell  # noqa: F401  (its options are written, too)

    folder = profiles.find(name, root)
    for path in folder.create(overwrite=overwrite):
        print(path)
    print(f"profile {name}: {folder.location}")
    return 0


def _list(root: str) -> int:
    found = list(profiles.all_in(root))
    if not found:
        print(f"no profiles in {root}; `ipshell profile create` makes one")
    for profile in found:
        print(f"{profile.name:<16} {profile.location}")
    return 0


def _locate(path: str) -> int:
    print(path)
    if not os.path.isdir(path):
        print(f"{path} does not exist yet", file=sys.stderr)
    return 0


# --- the history ----------------------------------------------------------------------


def _file(root: str, options: dict[str, str]) -> str:
    path = profiles.find(_named([], options), root).history_file
    if not os.path.isfile(path):
        raise Wrong(f"there is no history in {path}")
    return path


def _trim(path: str, keep: int) -> int:
    """Forget all but the newest inputs."""
    from ipcluster.engines.interpreter.history import trimming

    gone = trimming.trim(path, keep)
    print(f"{gone} inputs forgotten, of those in {path}")
    return 0


def _clear(path: str, sure: bool) -> int:
    """Forget all inputs."""
    if not sure:
        try:
            answer = input(f"Forget all inputs in {path}? [y/N] ")
        except (EOFError, KeyboardInterrupt):
            answer = ""
            print()
        if answer.strip().lower() not in ("y", "yes"):
            print("nothing was done")
            return 1
    return _trim(path, 0)
