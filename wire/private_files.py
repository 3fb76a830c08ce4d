"""Files and folders that only their owner may touch.

Keys lie in them, and sockets that open without a key. So each is made for its owner
alone and looked at before it is used; what others could read or change is refused with
the command that puts it right. Where a system has no owners and modes (Windows), the
user's own folders are private already and nothing is checked.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import tempfile
from pathlib import Path

from ipcluster.wire.own_errors import SecurityError

_HAS_MODES = hasattr(os, "getuid")


def user_id() -> int:
    """The number of this user; 0 where users have none."""
    return os.getuid() if _HAS_MODES else 0


def make_folder(path: Path, *, private: bool = True) -> None:
    """Make `path` with mode 0700, or check the one that is there.

    With `private` false, one that others may enter but not change will do.

    Raises:
        SecurityError: it is there, and open to others.
    """
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if private:
            check_folder(path)
        else:
            check_above(path)


def check_folder(path: Path) -> None:
    """Make sure that `path` is a folder of mine that nobody else may enter.

    Raises:
        FileNotFoundError: there is none.
        SecurityError: it is not.
    """
    found = _look(path, follow=False)
    if not stat.S_ISDIR(found.st_mode):
        raise SecurityError(f"{path} is not a folder; remove it")
    if not _HAS_MODES:
        return
    if found.st_uid != os.getuid():
        raise SecurityError(f"{path} belongs to another user ({found.st_uid})")
    if stat.S_IMODE(found.st_mode) & 0o077:
        fix = f"chmod 700 {shlex.quote(str(path))}"
        raise SecurityError(f"others may enter {path}; run: {fix}")


def write_file(path: Path, data: bytes) -> None:
    """Put `data` at `path` with mode 0600: readers see the old or the new, whole.

    Raises:
        OSError: it names the path, also when the file system is full.
    """
    try:
        _write_file(path, data)
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _write_file(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):  # broken off after the last step
            os.unlink(temporary)
        raise


def read_file(path: Path) -> bytes:
    """The content of a file that only its owner (me or root) can read or change.

    Raises:
        FileNotFoundError: there is none.
        SecurityError: others could have read or changed it.
    """
    # Checked by its descriptor: between a look by name and the opening, it could be
    # exchanged. O_NONBLOCK: a FIFO put in its place would hold us up for ever.
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags)
    except PermissionError as error:
        raise SecurityError(f"{path} belongs to another user") from error
    with os.fdopen(handle, "rb") as file:
        _check_file(path, os.fstat(file.fileno()))
        check_above(path.parent)
        return file.read()


def _check_file(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise SecurityError(f"{path} is not a file")
    if not _HAS_MODES:
        return
    if found.st_uid not in (os.getuid(), 0):
        raise SecurityError(
            f"{path} belongs to another user ({found.st_uid}); copy it to a folder of "
            "yours if you trust it"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        fix = f"chmod 600 {shlex.quote(str(path))}"
        raise SecurityError(f"others can read {path}; run: {fix}")


def check_above(folder: Path) -> None:
    """Make sure that others cannot exchange what lies in `folder`.

    Raises:
        FileNotFoundError: there is none.
        SecurityError: they can.
    """
    found = _look(folder, follow=True)
    if not _HAS_MODES:
        return
    if found.st_uid not in (os.getuid(), 0):
        raise SecurityError(f"{folder} belongs to another user ({found.st_uid})")
    mode = stat.S_IMODE(found.st_mode)
    # In a sticky folder (/tmp) nobody can exchange what belongs to another.
    if mode & 0o022 and not mode & stat.S_ISVTX:
        fix = f"chmod go-w {shlex.quote(str(folder))}"
        raise SecurityError(f"others can change files in {folder}; run: {fix}")


def _look(path: Path, *, follow: bool) -> os.stat_result:
    try:
        return os.stat(path, follow_symlinks=follow)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SecurityError(f"cannot look at {path}: {error.strerror}") from error
