"""The commands that change a cluster or end it: stop, clean, engines and the like."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ipcluster.launchers.claim import is_starting
from ipcluster.launchers.cores import usable_cores
from ipcluster.launchers.ended import Ended, is_running, nothing_there, stop_cluster
from ipcluster.launchers.names import describe, place_of
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.places import ClusterPlace, all_clusters

if TYPE_CHECKING:
    from ipcluster.launchers.door import ControllerDoor


def stop(options: argparse.Namespace) -> int:
    """`ipcluster stop`. Nothing there to stop is fine: exit status 0."""
    if not options.all:
        place = place_of(options.profile, options.profile_dir, options.cluster_id)
        ended = stop_cluster(place, signum=options.signal)
        print(_sentence(place, ended))
        return 0
    places = all_clusters()
    if not places:
        print("no cluster is running")
    return _each(places, lambda place: stop_cluster(place, signum=options.signal))


def clean(options: argparse.Namespace) -> int:
    """`ipcluster clean`: dead clusters' files and processes; with --force, all."""
    places = all_clusters()
    if not options.all:
        named = place_of(options.profile, options.profile_dir, options.cluster_id)
        places = [
            place
            for place in all_clusters(named.root)
            if place.profile == named.profile
            and (options.cluster_id is None or place.name == named.name)
        ]
    running = [place for place in places if is_running(place) or is_starting(place)]
    if not options.force:
        for place in running:
            print(f"{describe(place)} is running: left alone (--force stops it)")
        places = [place for place in places if place not in running]
    # Imported here: `ipcluster stop` has no use for it.
    from ipcluster.launchers import host_folders

    swept = sum([host_folders.sweep(place) for place in host_folders.places()])
    if swept:
        print(f"folders of agents that were killed: {swept} removed")
    elif not places and not running:
        print("nothing to clean")
    return _each(places, stop_cluster)


def _each(places: Iterable[ClusterPlace], end: Callable[[ClusterPlace], Ended]) -> int:
    """End each of these, also if one cannot be."""
    status = 0
    for place in places:
        try:
            print(_sentence(place, end(place)), flush=True)
        except (ClusterError, OSError) as error:
            print(f"ipcluster: {error}", file=sys.stderr)
            status = 1
    return status


def _sentence(place: ClusterPlace, ended: Ended) -> str:
    name = describe(place)
    if ended.was_killed:
        return f"{name} did not stop in time and was killed"
    if ended.was_running:
        return f"{name} stopped"
    if ended.leftovers:
        return (
            f"{name} was dead; {ended.leftovers} of its processes were left and have "
            "been ended"
        )
    if ended.had_files:
        return f"{name} was dead; its files are removed"
    return nothing_there(place)


def add_engines(options: argparse.Namespace) -> int:
    """`ipcluster engines`: more engines for a cluster that runs."""
    from ipcluster.launchers.door import ControllerDoor

    place = _running_place(options)
    n = usable_cores() if options.n is None else options.n
    if n == 0:
        return 0
    with ControllerDoor(place) as door:
        before = set(door.engines)
        door.ask("start_engines", n=n)
        new = door.new_engines(before, n, options.engine_timeout)
        return _report(place, "started", new, n, door)


def stop_engines(options: argparse.Namespace) -> int:
    """`ipcluster stop-engines`: all, or those that are named."""
    from ipcluster.launchers.door import ControllerDoor
    from ipcluster.launchers.local import end_engines

    place = _running_place(options)
    with ControllerDoor(place) as door:
        chosen = _chosen(options.targets, door)
        end_engines(door, chosen)
        gone = sorted(chosen - door.engines.keys())
        return _report(place, "stopped", gone, len(chosen), door)


def restart_engines(options: argparse.Namespace) -> int:
    """`ipcluster restart-engines`: new ones in the place of all or of those named."""
    from ipcluster.launchers.door import ControllerDoor
    from ipcluster.launchers.local import restart_engines as restart

    place = _running_place(options)
    with ControllerDoor(place) as door:
        chosen = _chosen(options.targets, door)
        new = restart(door, chosen, options.engine_timeout)
        done = f"started in place of {ids(chosen)}"
        return _report(place, done, new, len(chosen), door)


def _running_place(options: argparse.Namespace) -> ClusterPlace:
    place = place_of(options.profile, options.profile_dir, options.cluster_id)
    if not place.client_ticket.exists():
        raise ClusterError(
            f"no {describe(place)} is running; `ipcluster list` shows those that are"
        )
    return place


def _chosen(targets: frozenset[int] | None, door: ControllerDoor) -> frozenset[int]:
    there = frozenset(door.engines)
    if targets is None:
        return there
    if missing := targets - there:
        known = ids(there) or "none"
        raise ClusterError(f"no engine {ids(missing)}; there are: {known}")
    return targets


def _report(
    place: ClusterPlace,
    done: str,
    engines: Sequence[int],
    wanted: int,
    door: ControllerDoor,
) -> int:
    """Say what was done to which engines; exit status 1 if not to all."""
    if len(engines) < wanted:
        why = door.reason or f"look in {place.log_folder / 'keeper.log'}"
        print(
            f"ipcluster: {len(engines)} of {wanted} engines {done}; {why}",
            file=sys.stderr,
        )
        return 1
    what = f"engine{'s' if len(engines) > 1 else ''} {ids(engines)}"
    left = len(door.engines)
    print(f"{what if engines else 'no engine'} {done}; {left} in {describe(place)}")
    return 0


def ids(engines: Iterable[int]) -> str:
    """Engine ids as people write them: 0,2,4-7."""
    runs: list[list[int]] = []
    for engine in sorted(engines):
        if runs and runs[-1][-1] == engine - 1:
            runs[-1][1:] = [engine]
        else:
            runs.append([engine])
    return ",".join("-".join(map(str, run)) for run in runs)
