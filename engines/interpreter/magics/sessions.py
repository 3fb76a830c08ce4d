"""`%session`: a whole session in a file, and back."""

from __future__ import annotations

import os

from ipcluster.engines.interpreter.errors import StdinNotAvailable, UsageError
from ipcluster.engines.interpreter.magics.options import split
from ipcluster.engines.interpreter.magics.registry import (
    Magics,
    line_magic,
    magics_class,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ipcluster.engines.interpreter.saved.archive import Archive

SUFFIX = ".ipsession"
_COMMANDS = ("save", "restore", "list", "delete")


@magics_class
class SessionMagics(Magics):
    """Sessions that outlive their process."""

    @line_magic
    def session(self, line: str) -> None:
        """Keep this session, or go on with one that was kept.

            %session save NAME      its names, inputs and outputs, in a file
            %session restore NAME   put them into this session
            %session list [NAME]    what is kept, or what is in one of them
            %session delete NAME

        Kept is every name whose value can be: functions and classes of the prompt too,
        and what several names share is shared afterwards. What cannot be kept, such as
        an open file, is listed with the reason. `Out` and what cells have shown come
        back, and numbers go on where they were. Modules are imported again.

        Files lie in the profile's folder; a NAME with a `/` in it is a path. --force
        (or -f) replaces without asking: a file, or names that this session has.

        To restore runs what is in the file: use files that you trust.
        """
        words = split(line)
        given = [word for word in words if word in ("-f", "--force")]
        force = bool(given)
        command, *names = [word for word in words if word not in given] or [""]
        if command not in _COMMANDS or len(names) > 1:
            raise UsageError("%session save NAME, restore NAME, list or delete NAME.")
        if command == "list":
            self._list(names)
            return
        if not names:
            raise UsageError(f"%session {command} wants the name of a session.")
        path = self._path(names[0])
        if command == "save":
            self._save(path, force)
        elif command == "restore":
            self._restore(path, force)
        else:
            self._delete(path, force)

    # --- where they are ---------------------------------------------------------------

    @property
    def _folder(self) -> str | None:
        from ipcluster.engines.interpreter.configuration.profiles import path_in

        return path_in(self.shell.profile_dir, "sessions")

    def _path(self, name: str) -> str:
        if "/" in name or name.startswith("~"):
            path = os.path.abspath(os.path.expanduser(name))
            return path if path.endswith(SUFFIX) else path + SUFFIX
        folder = self._folder
        if folder is None:
            raise UsageError(
                f"This session has no profile to keep {name} in; a path will do: "
                f"./{name}"
            )
        if name.startswith("."):
            raise UsageError(f"{name!r} cannot be the name of a session.")
        return os.path.join(folder, name.removesuffix(SUFFIX) + SUFFIX)

    def _kept(self) -> list[str]:
        try:
            names = sorted(os.listdir(self._folder or ""))
        except OSError:
            return []
        return [name[: -len(SUFFIX)] for name in names if name.endswith(SUFFIX)]

    def _open(self, path: str) -> Archive:
        from ipcluster.engines.interpreter.saved.archive import Archive, BadArchive

        try:
            return Archive(path)
        except FileNotFoundError:
            names = ", ".join(self._kept()) or "none"
            raise UsageError(f"There is no {path}. Kept sessions: {names}.") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from None
        except BadArchive as error:
            raise UsageError(str(error)) from None

    def _is_wanted(self, question: str) -> bool:
        try:
            return bool(self.shell.frontend.confirm(question, default=False))
        except StdinNotAvailable:
            raise UsageError(
                f"{question} Nobody can be asked: --force goes on."
            ) from None

    # --- commands ---------------------------------------------------------------------

    def _save(self, path: str, force: bool) -> None:
        if (
            os.path.exists(path)
            and not force
            and not self._is_wanted(f"{_name(path)} is kept already. Replace it?")
        ):
            print("Nothing was saved.")
            return
        from ipcluster.engines.interpreter.saved.saving import save

        try:
            report = save(self.shell, path)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        print(
            f"Saved {_many(len(report.names), 'name')} and "
            f"{_many(report.inputs, 'input')} in {path} ({_size(report.size_bytes)})."
        )
        _show_failed("Not saved:", report.failed)

    def _restore(self, path: str, force: bool) -> None:
        from ipcluster.engines.interpreter.saved import restoring
        from ipcluster.engines.interpreter.saved.archive import BadArchive

        with self._open(path) as file:
            for line in restoring.mismatches(file):
                print(f"Note: {line}.")
            names, numbers = restoring.replaced(self.shell, file)
            if names or numbers:
                what = _replaced(names, numbers)
                if force:
                    print(f"Replaced: {what}.")
                elif not self._is_wanted(f"This session's {what} will be lost. Go on?"):
                    print("Nothing was restored.")
                    return
            try:
                report = restoring.restore(self.shell, file)
            except BadArchive as error:
                raise UsageError(str(error)) from None
            print(
                f"Restored {_many(len(report.names), 'name')}, "
                f"{_many(report.outputs, 'value')} of Out and "
                f"{_many(report.inputs, 'input')} of {_when(file)}."
            )
            if report.remade:
                print(f"Made anew from their sources: {', '.join(report.remade)}.")
            _show_failed("Not restored:", report.failed)
            _show_failed("Not saved then:", file.manifest["failed"])

    def _list(self, names: list[str]) -> None:
        if names:
            with self._open(self._path(names[0])) as file:
                _show(file)
            return
        kept = self._kept()
        if not kept:
            print("No session is kept; %session save NAME keeps this one.")
            return
        width = max(map(len, kept))
        for name in kept:
            try:
                with self._open(self._path(name)) as file:
                    size = _size(os.path.getsize(file.path))
                    print(f"{name:<{width}}  {_summary(file)}, {size}")
            except (UsageError, OSError) as error:
                print(f"{name:<{width}}  {error}")

    def _delete(self, path: str, force: bool) -> None:
        if not os.path.exists(path):
            self._open(path)
        if not force and not self._is_wanted(f"Delete {_name(path)}?"):
            print("Nothing was deleted.")
            return
        try:
            os.unlink(path)
        except OSError as error:
            raise UsageError(f"{path} cannot be deleted: {error.strerror}") from None
        print(f"Deleted {_name(path)}.")


# --- words ----------------------------------------------------------------------------


def _name(path: str) -> str:
    return os.path.basename(path).removesuffix(SUFFIX)


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _size(number: int) -> str:
    size = float(number)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


def _when(file: Archive) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.localtime(file.manifest["saved"]))


def _summary(file: Archive) -> str:
    manifest = file.manifest
    return (
        f"{_when(file)}  Python {manifest['python']}, "
        f"{_many(len(manifest['names']), 'name')}, {_many(manifest['inputs'], 'input')}"
    )


def _replaced(names: list[str], numbers: list[int]) -> str:
    words = [*names, *(f"Out[{number}]" for number in numbers)]
    if len(words) > 10:
        words = [*words[:10], f"{len(words) - 10} more"]
    return ", ".join(words)


def _show(file: Archive) -> None:
    print(_summary(file))
    names: list[dict[str, Any]] = file.manifest["names"]
    width = max((len(one["name"]) for one in names), default=0)
    for one in names:
        print(f"  {one['name']:<{width}}  {one['type']}  {one['text']}")
    _show_failed("Not saved:", file.manifest["failed"])


def _show_failed(title: str, failed: dict[str, str]) -> None:
    if failed:
        print(title)
        width = max(map(len, failed))
        for name, reason in failed.items():
            print(f"  {name:<{width}}  {reason}")
