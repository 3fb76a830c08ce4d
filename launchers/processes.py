"""Finding the processes of a cluster, and ending them.

They are found by what `cluster.json` says, by descent, and by the cluster's folder in
their environment (`IPCLUSTER_PLACE`), which finds them when those who would know are
dead. Who a pid is, is checked by its start time (`wire/processes.py`) before anything
is signalled.

psutil is the one place where Linux, macOS and Windows differ.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Sequence

import psutil

from ipcluster.wire.processes import is_alive, process_started

MARKER = "IPCLUSTER_PLACE"

# Seconds for processes that were killed to be gone: the system is busy, or one is in
# the middle of a slow write.
_KILL_SECONDS = 5.0


def find_process(pid: int, started: float) -> psutil.Process | None:
    """The process with this pid, if it lives and is the one that began at `started`."""
    with contextlib.suppress(psutil.Error, ValueError):
        if is_alive(pid, started):
            return psutil.Process(pid)
    return None


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and all that descend from it."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return [process]


def marked(folder: str | os.PathLike[str]) -> list[psutil.Process]:
    """All processes of this user, but our own, started for the cluster in `folder`."""
    sought, own = os.fspath(folder), os.getpid()
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if (
                process.pid != own
                and _is_mine(process)
                and process.environ().get(MARKER) == sought
                and _lives(process)
            ):
                found.append(process)
    return found


def end(processes: Sequence[psutil.Process], grace: float) -> list[psutil.Process]:
    """Ask each to end; make those that have not after `grace` seconds.

    Returns:
        Those that had to be made to.
    """
    send(processes, signal.SIGTERM)
    stubborn = wait_ended(processes, grace)
    kill(stubborn)
    return stubborn


def kill(processes: Sequence[psutil.Process]) -> None:
    """End each, whatever it does."""
    send(processes, getattr(signal, "SIGKILL", signal.SIGTERM))
    wait_ended(processes, _KILL_SECONDS)


def send(processes: Iterable[psutil.Process], signum: int) -> None:
    """Signal each; one that has ended meanwhile is passed over.

    One that is stopped (Ctrl-Z, SIGSTOP) goes on, or it would never hear of it.
    """
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):
            process.send_signal(signum)
            if hasattr(signal, "SIGCONT"):
                process.send_signal(signal.SIGCONT)


def wait_ended(
    processes: Sequence[psutil.Process], seconds: float
) -> list[psutil.Process]:
    """Wait until all have ended, at most `seconds`; those that still live."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while living := [process for process in processes if _lives(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
        # They end in milliseconds or take seconds: look often first, then seldom.
        pause = min(pause * 1.5, 0.05)
    return living


def _lives(process: psutil.Process) -> bool:
    """Whether it runs. One that has ended and waits for its parent does not."""
    try:
        return process.is_running() and process_started(process.pid) is not None
    except psutil.Error:
        return False


def _is_mine(process: psutil.Process) -> bool:
    # The superuser may read every environment; those of others are still not ours.
    if hasattr(os, "getuid"):
        return bool(process.uids().real == os.getuid())
    return bool(process.username() == psutil.Process().username())
