"""A `Cluster` as plain values, and as the file by which another process finds it.

The controller writes `cluster.json` when it listens: pids, port, host
(`wire/places.py`). To it we add, under keys of our own, what only launchers know: the
sets of engines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ipcluster.launchers.ended import is_running
from ipcluster.launchers.launcher import ControllerLauncher
from ipcluster.launchers.local import living_engines
from ipcluster.launchers.names import place_of
from ipcluster.wire import private_files

if TYPE_CHECKING:
    from ipcluster.launchers.cluster import Cluster

C = TypeVar("C", bound="Cluster")


def to_dict(cluster: Cluster) -> dict[str, Any]:
    """Plain values that `from_dict` understands."""
    controller = cluster.controller
    return {
        "cluster": {
            "profile": cluster.profile,
            "profile_dir": cluster.profile_dir,
            "cluster_id": cluster.cluster_id,
            "n": cluster.n,
        },
        "controller": None if controller is None else controller.to_dict(),
        "engines": {
            "class": cluster.engine_launcher_class.kind,
            "sets": cluster.engines.to_dict(),
        },
    }


def from_dict(kind: type[C], data: Mapping[str, Any], options: dict[str, Any]) -> C:
    """The cluster that `to_dict` described; it does not stop when we end."""
    names, engines = data["cluster"], data.get("engines") or {}
    made = kind(
        **{
            "n": names.get("n"),
            "profile_dir": names["profile_dir"],
            "cluster_id": names["cluster_id"],
            "engines": engines.get("class"),
            "shutdown_atexit": False,
            **options,
        }
    )
    if is_running(made.place):
        given = data.get("controller") or {}
        launcher = ControllerLauncher.kinds.get(
            str(given.get("class")), made.controller_launcher_class
        )
        made.controller = launcher.from_dict(given, made.place)
        made.engines.load(engines.get("sets", {}))
    return made


def from_file(
    kind: type[C],
    path: str | os.PathLike[str] | None,
    names: tuple[str, str, str],
    options: dict[str, Any],
) -> C:
    """The cluster of this file, or with these names (profile, its folder, id).

    Raises:
        FileNotFoundError: there is none.
    """
    if path is not None:
        folder = Path(path).absolute().parent
        cluster_id = folder.name.removeprefix("cluster_")
        place = place_of("", str(folder.parent), cluster_id)
    else:
        place = place_of(*names)
    try:
        data = json.loads(place.state_file.read_bytes())
    except FileNotFoundError as error:
        raise FileNotFoundError(f"no cluster at {place.folder}") from error
    data["cluster"] = {
        "n": data.get("n"),
        "profile_dir": str(place.folder.parent),
        "cluster_id": place.cluster_id,
    }
    made = from_dict(kind, data, options)
    if made.controller is not None:
        made.engines.adopt(living_engines(made.place))
    return made


def write(cluster: Cluster) -> None:
    """Add what `to_dict` says to what the controller has written."""
    path = cluster.place.state_file
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        known = {}
    ours = to_dict(cluster)
    data = {**known, "engines": ours["engines"], "controller": ours["controller"]}
    private_files.write_file(path, json.dumps(data, indent=2).encode() + b"\n")
