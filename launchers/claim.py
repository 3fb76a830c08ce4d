"""One cluster per place: whoever starts one claims it first.

A second start of a running cluster is refused, naming the one that runs; what a dead
one left behind is cleaned away; of two starts at the same moment one is told to wait.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ipcluster.launchers.ended import check_host, describe, is_running, options_for
from ipcluster.wire.errors import LaunchError
from ipcluster.wire.places import ClusterPlace

try:
    import fcntl
except ImportError:  # a system without it: the check of pids alone has to do
    fcntl = None  # type: ignore[assignment]  # the module or nothing

_LOCK = "lock"


@contextlib.contextmanager
def claimed(place: ClusterPlace) -> Iterator[None]:
    """The place for ourselves, all folders made, nothing of an earlier cluster in it.

    Hold it until the new controller has noted its pid there.

    Raises:
        LaunchError: the cluster runs, or somebody is starting it right now.
        ClusterError: it belongs to another host.
    """
    place.make()
    lock = _lock(place)
    try:
        _refuse_running(place)
        if _has_leftovers(place.folder):
            os.close(lock)
            _clean(place)
            place.make()
            lock = _lock(place)
        yield
    finally:
        os.close(lock)


def _lock(place: ClusterPlace) -> int:
    path = place.folder / _LOCK
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its cluster may have been stopped, and the file with it, as we opened it.
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        except FileNotFoundError:
            place.make()
        except OSError as error:
            os.close(handle)
            raise LaunchError(
                f"{describe(place)} is being started by somebody else right now"
            ) from error
        os.close(handle)


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


def _clean(place: ClusterPlace) -> None:
    from ipcluster.launchers.ended import stop_cluster

    stop_cluster(place)
