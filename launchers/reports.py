"""The commands that only look: `ipcluster list` and `ipcluster status`."""

from __future__ import annotations

import argparse
import json
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ipcluster.launchers.claim import is_starting
from ipcluster.launchers.ended import is_running, nothing_there
from ipcluster.launchers.names import client_arguments, describe, options_for, place_of
from ipcluster.wire.errors import ClusterError
from ipcluster.wire.places import ClusterPlace, all_clusters

if TYPE_CHECKING:
    from ipcluster.launchers.door import ControllerDoor

# Seconds that a list waits for one controller. One that is stopped answers never.
_PATIENCE = 1.0


def list_clusters(options: argparse.Namespace) -> int:
    """`ipcluster list`."""
    wanted = None
    if options.profile or options.profile_dir:
        wanted = place_of(options.profile, options.profile_dir, None)
    found = [
        survey(place)
        for place in all_clusters(wanted.root if wanted else None)
        if wanted is None or place.profile == wanted.profile
        if options.cluster_id is None or place.name == (options.cluster_id or "default")
    ]
    if options.form == "json":
        print(json.dumps(found, indent=2))
    elif found:
        print(table(found))
    else:
        print("no clusters; start one with `ipcluster start`")
    return 0


def survey(place: ClusterPlace) -> dict[str, Any]:
    """What is known of one cluster, as plain values."""
    state = place.read_state()
    known: dict[str, Any] = {
        "profile": place.profile,
        "cluster_id": place.cluster_id,
        "state": _state_of(place),
        "engines": state.n if state else 0,
        "pid": state.pid if state else None,
        "host": state.host if state else None,
        "port": state.port if state else None,
        "started": state.started if state else None,
        "how": state.how if state else None,
        "folder": str(place.folder),
    }
    if known["state"] == "running":
        from ipcluster.launchers.door import ControllerDoor

        try:
            with ControllerDoor(place, _PATIENCE) as door:
                known["engines"] = len(door.engines)
        except ClusterError as error:
            known.update(state="no answer", reason=str(error))
    return known


def _state_of(place: ClusterPlace) -> str:
    if is_running(place):
        return "running"
    if is_starting(place):
        return "starting"
    state = place.read_state()
    if state is not None and state.host not in ("", socket.gethostname()):
        return "elsewhere"
    return "dead"


def table(found: Sequence[dict[str, Any]]) -> str:
    """The list as a person reads it."""
    rows = [
        ("PROFILE", "CLUSTER ID", "STATE", "ENGINES", "PID", "HOST", "UP FOR", "HOW")
    ]
    for one in found:
        up = ""
        if one["state"] in ("running", "no answer"):
            up = duration(time.time() - one["started"])
        rows.append(
            (
                one["profile"],
                one["cluster_id"] or "default",
                one["state"],
                str(one["engines"]) if one["state"] != "dead" else "",
                str(one["pid"] or ""),
                one["host"] or "",
                up,
                one["how"] or "",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    if any(one["state"] == "dead" for one in found):
        lines.append("`ipcluster clean --all` removes what dead ones left behind")
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """A length of time in its two largest units."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86_400, whole // 3_600 % 24, whole // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def status(options: argparse.Namespace) -> int:
    """`ipcluster status`: exit status 0 if the cluster runs and answers, else 1."""
    place = place_of(options.profile, options.profile_dir, options.cluster_id)
    known = survey(place) if place.folder.is_dir() else None
    if known is not None and known["state"] == "running":
        from ipcluster.launchers.door import ControllerDoor

        with ControllerDoor(place) as door:
            known.update(_details(door))
    if options.form == "json":
        print(json.dumps(known, indent=2))
    else:
        print(_status_text(place, known))
    return 0 if known is not None and known["state"] == "running" else 1


def _details(door: ControllerDoor) -> dict[str, Any]:
    """What only the controller knows."""
    info = door.ask("cluster_info")
    answer = door.ask("queue_status")
    queues = dict(answer["engines"])
    engines = [
        {
            "id": one.engine,
            "pid": one.pid,
            "host": one.host,
            "started": one.started,
            **_numbers(queues.get(one.engine)),
        }
        for one in sorted(door.engines.values(), key=lambda one: one.engine)
    ]
    return {
        "engines": len(engines),
        "engine_list": engines,
        "unassigned": answer["unassigned"],
        # Without ourselves.
        "clients": max(0, sum(c["connected"] for c in info.get("clients", ())) - 1),
        "left": info.get("left", []),
    }


def _numbers(queue: object) -> dict[str, int]:
    names = ("queue", "tasks", "completed")
    if not isinstance(queue, dict):
        return {}
    return {name: queue[name] for name in names if isinstance(queue.get(name), int)}


def _status_text(place: ClusterPlace, known: dict[str, Any] | None) -> str:
    if known is None:
        return nothing_there(place)
    if known["state"] != "running":
        hint = f": {known['reason']}" if "reason" in known else ""
        if known["state"] == "dead":
            hint = f"; clean up with `ipcluster stop{options_for(place)}`"
        return f"{describe(place)}: {known['state']}{hint}"
    lines = [
        f"{describe(place)}: running for {duration(time.time() - known['started'])}",
        f"controller pid {known['pid']} on {known['host']}, port {known['port']}",
        f"files in {known['folder']}",
        f"connect with ipcluster.Client({client_arguments(place)})",
        f"{known['clients']} clients connected, "
        f"{known['unassigned']} tasks wait for an engine",
    ]
    if known["engine_list"]:
        lines.append("")
        lines += _engine_lines(known["engine_list"])
    else:
        lines.append("no engines; add some with `ipcluster engines -n N`")
    lines += [f"engine {engine} left: {cause}" for engine, cause in known["left"]]
    return "\n".join(lines)


def _engine_lines(engines: Sequence[dict[str, Any]]) -> list[str]:
    rows = [("ENGINE", "PID", "HOST", "UP FOR", "QUEUED", "TASKS", "COMPLETED")]
    rows += [
        (
            str(one["id"]),
            str(one["pid"]),
            one["host"],
            duration(time.time() - one["started"]),
            str(one.get("queue", "")),
            str(one.get("tasks", "")),
            str(one.get("completed", "")),
        )
        for one in engines
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
