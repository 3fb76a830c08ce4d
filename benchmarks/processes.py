"""The processes of a measured system, and what they use: read from /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

# In the environment of a measuring process and of all that it starts, daemons included.
MARK = "IPCLUSTER_BENCHMARK"
PROC = Path("/proc")


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_zombie(pid: int) -> bool:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[
            0
        ] == "Z"
    except OSError:
        return True


def marked(mark: str) -> list[int]:
    """Processes that have the mark, and their descendants.

    The latter for those that write their title over their environment.
    """
    wanted = f"{MARK}={mark}".encode()
    found: set[int] = set()
    for pid in _pids():
        with contextlib.suppress(OSError):
            if wanted in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.add(pid)
    parents = {pid: _parent(pid) for pid in _pids()}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return sorted(pid for pid in found if not _is_zombie(pid))


def family() -> list[int]:
    """All processes of the system that this process measures; not this one."""
    return [pid for pid in marked(os.environ[MARK]) if pid != os.getpid()]


def end_marked(mark: str, patience: float) -> int:
    """Wait for the processes with the mark to end; kill those that do not: how many."""
    deadline = time.monotonic() + patience
    while (left := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def _fields(pid: int, file: str) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(OSError):
        for line in (PROC / str(pid) / file).read_text().splitlines():
            key, _, value = line.partition(":")
            yield key, value


def _kilobytes(pid: int, file: str, key: str) -> int:
    found = dict(_fields(pid, file)).get(key)
    return int(found.split()[0]) * 1024 if found else 0


def pss_bytes(pid: int) -> int:
    return _kilobytes(pid, "smaps_rollup", "Pss")


def rss_bytes(pid: int) -> int:
    return _kilobytes(pid, "status", "VmRSS")


def cpu_seconds(pid: int) -> float:
    """Time on a processor of all its threads, to the nanosecond."""
    total = 0
    for task in (PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9
