"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


class WholeFile:
    """A file for writing that takes its place when all is written.

        with WholeFile(path) as file:
            file.write(...)

    Until then, and if an error ends it, what was there before stays as it is.

    Args:
        path: the file.
        mode: what it may be used for, as far as the umask lets it.

    Raises:
        OSError: at the beginning or the end: it cannot be written.
    """

    def __init__(self, path: str, mode: int = 0o600) -> None:
        self._path = os.path.abspath(path)
        self._mode = mode
        folder, name = os.path.split(self._path)
        suffix = f"{os.getpid()}.{os.urandom(4).hex()}"
        self._temporary = os.path.join(folder, f".{name}.{suffix}")
        self._file: BinaryIO | None = None

    def __enter__(self) -> BinaryIO:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        fd = os.open(self._temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, self._mode)
        self._file = os.fdopen(fd, "w+b")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        assert self._file is not None
        try:
            with self._file as file:
                if kind is None:
                    file.flush()
                    os.fsync(file.fileno())
            if kind is None:
                os.replace(self._temporary, self._path)
                return
        except BaseException:
            self._remove()
            raise
        self._remove()

    def _remove(self) -> None:
        try:
            os.unlink(self._temporary)
        except OSError:
            pass


def write_whole(path: str, data: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there as a whole, or the old one is.

    Raises:
        OSError: it cannot be written; nothing is left of the attempt.
    """
    with WholeFile(path, mode) as file:
        file.write(data)
