"""One cluster per place: whoever starts one claims it first.

A second start of a running cluster is refused, naming the one that runs; what a dead
one left behind is cleaned away; of two starts at the same moment one is told to wait.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ipcluster.launchers.ended import check_host, is_running, stop_cluster
from ipcluster.launchers.names import describe, options_for
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.places import ClusterPlace

try:
    import fcntl
except ImportError:  # a system without it: the check of pids alone has to do
    fcntl = None  # type: ignore[assignment]  # the module or nothing

_LOCK = "lock"

# Seconds: `ipcluster list` looks whether it is locked, which takes no time at all.
_LOCK_SECONDS = 0.3


@contextlib.contextmanager
def claimed(place: ClusterPlace) -> Iterator[None]:
    """The place for ourselves, all folders made, nothing of an earlier cluster in it.

    Hold it until the new controller has noted its pid there.

    Raises:
        LaunchError: the cluster runs, somebody is starting it right now, or its folder
            cannot be made.
        ClusterError: it belongs to another host.
    """
    try:
        place.make()
        lock = _lock(place)
    except OSError as error:
        raise LaunchError(
            f"cannot start {describe(place)}: {error}; set IPCLUSTER_DIR to a folder "
            "that you may write in"
        ) from error
    try:
        _refuse_running(place)
        if _has_leftovers(place.folder):
            stop_cluster(place)
            os.close(lock)
            lock = _lock(place)
        yield
    finally:
        os.close(lock)


def is_starting(place: ClusterPlace) -> bool:
    """Whether somebody has claimed the place and not yet a controller there."""
    if fcntl is None:
        return False
    try:
        with (place.folder / _LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _lock(place: ClusterPlace) -> int:
    path = place.folder / _LOCK
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            place.make()
            continue
        if _try_lock(handle, path):
            return handle
        os.close(handle)
        if time.monotonic() > deadline:
            raise LaunchError(
                f"{describe(place)} is being started by somebody else right now"
            )
        time.sleep(0.01)


def _try_lock(handle: int, path: Path) -> bool:
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its cluster may have been stopped, and the file with it, as we opened it.
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


def _refuse_running(place: ClusterPlace) -> None:
    check_host(place, place.read_state())
    state = is_running(place)
    if state is not None:
        raise LaunchError(
            f"{describe(place)} is already running (controller pid {state.pid}, "
            f"port {state.port}); stop it with `ipcluster stop{options_for(place)}` or "
            "start another one with --cluster-id NAME"
        )


def _has_leftovers(folder: Path) -> bool:
    """Whether there is more than what making the place and the claim puts there."""
    for child in folder.iterdir():
        if child.name == "log":
            if any(child.iterdir()):
                return True
        elif child.name not in (_LOCK, "run"):
            return True
    return False
