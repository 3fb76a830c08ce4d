"""Magics about folders: where we are, where we have been, and names for both."""

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

# Folders that are kept for `%store -r` to bring back.
KEPT = 100


@magics_class
class OSMagics(Magics):
    """Folders."""

    cd_force_quiet = Option(False, "%cd does not print where we are then.")

    @line_magic
    def pwd(self, line: str = "") -> str:
        """The folder we are in.

        In [1]: %pwd
        Out[1]: '/home/ann'
        """
        return _here()

    @line_magic
    def cd(self, line: str = "") -> None:
        """Go to another folder.

            %cd FOLDER          `~` and quotes mean what they mean to a shell
            %cd                 home
            %cd -               where we were before
            %cd -3              the folder with this number in %dhist
            %cd --foo           the latest folder in %dhist with foo in its name
            %cd -b NAME         a bookmark; without -b too if no folder has the name
            %cd -q ...          do not print where we are then

        A `!cd` would change the folder of its own shell only, and not ours. `_dh` holds
        all folders we have been in.
        """
        word, quiet, is_bookmark = _parts_of_cd(line)
        if is_bookmark:
            target = self._bookmark(word)
        elif word.startswith("-"):
            found = self._from_history(word)
            if found is None:
                return
            target = found
        else:
            target = os.path.expanduser(word or "~")
            marks = self._bookmarks()
            if not os.path.isdir(target) and word in marks:
                target = self._bookmark(word)
        try:
            os.chdir(target)
        except ValueError as error:  # null characters
            raise UsageError(f"%cd: {error}") from None
        except OSError as error:
            print(f"[Errno {error.errno}] {error.strerror}: {target!r}")
        else:
            self._arrived()
        if not (quiet or self.cd_force_quiet):
            print(_here())

    def _arrived(self) -> None:
        """We are somewhere else: remember it."""
        here = _here()
        history = self.shell.dir_history
        if not history or history[-1] != here:
            history.append(here)
            self.shell.db["dhist"] = history[-KEPT:]

    def _from_history(self, word: str) -> str | None:
        """The folder that `-`, `-3` or `--foo` stands for; None: none, and said so."""
        history = self.shell.dir_history
        if word == "-":
            if len(history) < 2:
                raise UsageError("%cd -: we have not been anywhere else")
            return str(history[-2])
        if word.startswith("--"):
            for folder in reversed(history):
                if word[2:] in str(folder):
                    return str(folder)
            raise UsageError(f"%cd {word}: no folder in %dhist has that in its name")
        number = word[1:]
        if not number.isdigit():
            raise UsageError(f"%cd {word}: see %cd? for what it can be")
        if int(number) >= len(history):
            print(f"%dhist has no folder {number}: it ends at {len(history) - 1}")
            return None
        return str(history[int(number)])

    # --- the stack --------------------------------------------------------------------

    @line_magic
    def pushd(self, line: str = "") -> list[str]:
        """Put the folder we are in on the stack, and go to another: `%pushd FOLDER`.

        `%popd` comes back. Without a folder we stay where we are.
        """
        here = _short(_here())
        if line.strip():
            self.cd(line)
        self.shell.dir_stack.insert(0, here)
        return list(self.shell.dir_stack)

    @line_magic
    def popd(self, line: str = "") -> None:
        """Go to the folder on top of the stack, and take it off."""
        stack = self.shell.dir_stack
        if not stack:
            raise UsageError("%popd: the stack of folders is empty")
        top = stack.pop(0)
        self.cd(f'"{top}"')
        print("popd ->", top)

    @line_magic
    def dirs(self, line: str = "") -> list[str]:
        """The stack of folders, the top first."""
        return list(self.shell.dir_stack)

    @line_magic
    def dhist(self, line: str = "") -> None:
        """Show the folders we have been in.

            %dhist              all
            %dhist N            the last N
            %dhist N1 N2        N1 up to, and without, N2

        `%cd -N` goes to one of them.
        """
        history = list(self.shell.dir_history)
        words = line.split()
        if len(words) > 2 or not all(word.isdigit() for word in words):
            raise UsageError("%dhist, %dhist N or %dhist N1 N2, with whole numbers")
        first, end = 0, len(history)
        if len(words) == 1:
            first = max(0, end - int(words[0]))
        elif words:
            first, end = int(words[0]), min(end, int(words[1]))
        print("Folders of this session (in _dh):")
        for number in range(first, end):
            print(f"{number}: {history[number]}")

    # --- bookmarks --------------------------------------------------------------------

    @line_magic
    def bookmark(self, line: str = "") -> None:
        """Names for folders, kept from session to session.

            %bookmark NAME           the folder we are in
            %bookmark NAME FOLDER    another
            %bookmark -l             list all
            %bookmark -d NAME        forget one
            %bookmark -r             forget all

        `%cd -b NAME` goes there; `%cd NAME` does, too, if there is no such folder.
        """
        options, words = self.parse_options(line, "drl", mode="list")
        if len(words) > 2:
            raise UsageError("%bookmark NAME FOLDER: quote a folder with spaces")
        marks = self._bookmarks()
        if "d" in options:
            if not words:
                raise UsageError("%bookmark -d NAME: which one?")
            if words[0] not in marks:
                raise UsageError(f"there is no bookmark {words[0]!r}; see %bookmark -l")
            del marks[words[0]]
        elif "r" in options:
            marks = {}
        elif "l" in options:
            print("Bookmarks:")
            width = max(map(len, marks), default=0)
            for name in sorted(marks):
                print(f"{name:<{width}} -> {marks[name]}")
            return
        elif not words:
            raise UsageError("%bookmark NAME: what shall it be called?")
        else:
            folder = os.path.expanduser(words[1]) if words[1:] else _here()
            marks[words[0]] = folder
        self.shell.db["bookmarks"] = marks

    def _bookmarks(self) -> dict[str, str]:
        marks: Any = self.shell.db.get("bookmarks", {})
        return dict(marks) if isinstance(marks, dict) else {}

    def _bookmark(self, name: str) -> str:
        marks = self._bookmarks()
        if name not in marks:
            raise UsageError(f"there is no bookmark {name!r}; see %bookmark -l")
        print(f"(bookmark:{name}) -> {marks[name]}")
        return marks[name]


def _here() -> str:
    """The folder we are in.

    Raises:
        UsageError: somebody has deleted it.
    """
    try:
        return os.getcwd()
    except OSError:
        raise UsageError(
            "the folder we are in has been deleted; %cd goes to another"
        ) from None


def _short(folder: str) -> str:
    """A folder with `~` for home."""
    home = os.path.expanduser("~")
    if folder == home or folder.startswith(home.rstrip(os.sep) + os.sep):
        return "~" + folder[len(home.rstrip(os.sep)) :]
    return folder


def _parts_of_cd(line: str) -> tuple[str, bool, bool]:
    """What `%cd` was given: folder, whether to be quiet, whether it is a bookmark."""
    quiet = is_bookmark = False
    rest = line.strip()
    while rest.startswith(("-q", "-b")) and (len(rest) == 2 or rest[2] in " qb"):
        quiet = quiet or rest[1] == "q"
        is_bookmark = is_bookmark or rest[1] == "b"
        rest = "-" + rest[2:] if rest[2:3] in ("q", "b") else rest[2:].lstrip()
    if len(rest) > 1 and rest[0] in "\"'" and rest[-1] == rest[0]:
        rest = rest[1:-1]
    return rest, quiet, is_bookmark
