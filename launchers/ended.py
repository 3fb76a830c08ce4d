"""The end of a cluster: no process and no file stays behind, whoever has died before.

    controller lives   it is told (SIGTERM) and ends engines, keeper and files itself
    controller dead    keeper and engines are found by pid, by descent and by the folder
                       in their environment; they are asked to end, then made to
    either             the three folders go

Doing it twice is harmless: the second time finds nothing.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipcluster.launchers.names import describe
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.places import ClusterPlace, State, all_clusters
from ipcluster.wire.processes import is_alive

if TYPE_CHECKING:
    import psutil

# Seconds for the controller to end its engines, which get 2 s for what they run, and
# itself. Then it is killed.
CONTROLLER_GRACE = 6.0

# Seconds for a keeper or engine that nobody leads any more.
ORPHAN_GRACE = 2.5

# An engine may fork while we look. More rounds than this: something forks for ever.
_ROUNDS = 20


@dataclass(frozen=True)
class Ended:
    """What `stop_cluster` found: whether a controller ran, what had to be done."""

    was_running: bool
    was_killed: bool = False
    leftovers: int = 0
    had_files: bool = False


def nothing_there(place: ClusterPlace) -> str:
    """That no such cluster runs, and where to look if others do."""
    said = f"no {describe(place)} is running"
    if any(is_running(other) for other in all_clusters(place.root)):
        said += "; `ipcluster list` shows those that are"
    return said


def stop_cluster(
    place: ClusterPlace,
    *,
    signum: int = signal.SIGTERM,
    grace: float = CONTROLLER_GRACE,
    keep_logs: bool = False,
) -> Ended:
    """End the cluster at `place`; returns once all its processes have ended.

    Raises:
        ClusterError: it runs on another host.
    """
    # Imported here: the `ipcluster` command needs none of it to start a cluster.
    from ipcluster.launchers import processes

    state = place.read_state()
    check_host(place, state)
    was_running = was_killed = False
    had_files = place.folder.is_dir()
    orphans: list[psutil.Process] = []
    if state is not None:
        keeper = processes.find_process(state.keeper_pid, state.keeper_started)
        orphans = processes.family(keeper) if keeper else []
        controller = processes.find_process(state.pid, state.pid_started)
        if controller is not None:
            was_running = True
            processes.send([controller], signum)
            if processes.wait_ended([controller], grace):
                was_killed = True
                processes.kill([controller])
    leftovers = _end_orphans(place, orphans)
    place.remove(keep_logs=keep_logs)
    return Ended(was_running, was_killed, leftovers, had_files)


def check_host(place: ClusterPlace, state: State | None) -> None:
    """Make sure that the cluster's processes, if any, are on this host.

    Raises:
        ClusterError: they are on another; nothing can be known of them from here.
    """
    if state is not None and state.host and state.host != socket.gethostname():
        raise ClusterError(
            f"{describe(place)} was started on host {state.host} (pid {state.pid}); "
            f"run this command there, or delete {place.folder} if that host is gone"
        )


def is_running(place: ClusterPlace) -> State | None:
    """The state of the cluster at `place` if its controller lives on this host."""
    state = place.read_state()
    if state is None or state.host not in ("", socket.gethostname()):
        return None
    return state if is_alive(state.pid, state.pid_started) else None


def log_tail(place: ClusterPlace, lines: int = 20) -> str:
    """The last lines that the controller and the keeper wrote."""
    parts = []
    for log in sorted(place.log_folder.glob("*.log")):
        with contextlib.suppress(OSError), log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 32_768))
            text = file.read().decode("utf-8", "replace").splitlines()[-lines:]
            parts += text
    return "\n".join(parts)


def _end_orphans(place: ClusterPlace, known: list[psutil.Process]) -> int:
    """End the `known` processes and all that are marked, also those born meanwhile."""
    from ipcluster.launchers import processes

    ended: set[int] = set()
    grace = ORPHAN_GRACE
    for _ in range(_ROUNDS):
        # Those that descend from the keeper end with it; after an orderly end of the
        # controller there are none and this is one look at the process table.
        marked = processes.marked(place.folder)
        living = processes.wait_ended([*known, *marked], 0.0)
        if not living:
            break
        ended.update(process.pid for process in living)
        processes.end(living, grace)
        known, grace = [], 0.2
    return len(ended)
