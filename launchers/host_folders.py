"""Folders for a host's copies of segments: an agent's, and its keeper's.

A lock on each tells, for as long as one of the two lives; what nobody locks is swept by
the next agent, or by `ipcluster clean`. A pid would not do: it may be that of another
container with the same shared memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# The pid of the agent follows, for people who look.
_NAMES = f"ipcluster-{os.getuid()}-agent-"


def places() -> list[Path]:
    """Where there can be such folders: shared memory first, then the disk."""
    found = Path("/dev/shm"), Path(tempfile.gettempdir())
    return [one for one in found if one.is_dir() and os.access(one, os.W_OK)]


def sweep(place: Path) -> int:
    """Remove what agents left that were killed with their keepers; how many."""
    removed = 0
    for folder in place.glob(f"{_NAMES}*"):
        with contextlib.suppress(OSError):
            fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
            finally:
                os.close(fd)
    return removed


@contextlib.contextmanager
def host_folders() -> Iterator[tuple[list[Path], list[int]]]:
    """Folders of our own, and the descriptors that hold their locks.

    Removed at the end.
    """
    made: list[Path] = []
    locks: list[int] = []
    try:
        for place in places():
            sweep(place)
            folder, lock = _make(place)
            made.append(folder)
            locks.append(lock)
        yield made, locks
    finally:
        for fd in locks:
            os.close(fd)
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def _make(place: Path) -> tuple[Path, int]:
    """A folder and its lock. One that is swept before we lock it is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_NAMES}{os.getpid()}-", dir=place))
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():  # or nobody sweeps it any more
            return folder, lock
        os.close(lock)
