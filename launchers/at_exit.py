"""Clusters that stop when this Python ends.

The tether (`controller_process.py`) ends them in any case, also after kill -9. This
waits for it, so that a script's shell prompt comes back when its processes are gone.
"""

from __future__ import annotations

import atexit
import contextlib
import os

from ipcluster.launchers.launcher import ControllerLauncher
from ipcluster.wire.errors import ClusterError

_to_stop: dict[object, tuple[int, ControllerLauncher]] = {}


def add(owner: object, launcher: ControllerLauncher) -> None:
    """Stop this controller at the end, unless it is discarded before."""
    _to_stop[owner] = os.getpid(), launcher


def discard(owner: object) -> None:
    """It has been stopped. Twice is harmless."""
    _to_stop.pop(owner, None)


@atexit.register
def _stop_all() -> None:
    for pid, launcher in list(_to_stop.values()):
        # A forked child inherits this list, but not the clusters in it.
        if pid == os.getpid():
            with contextlib.suppress(ClusterError, OSError):
                launcher.stop_now()
    _to_stop.clear()
