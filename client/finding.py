"""Which cluster a Client means: from what it was given to a ticket."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ipcluster.wire import tickets
from ipcluster.wire.errors import TicketError
from ipcluster.wire.places import ClusterPlace, all_clusters, clusters_root, most_recent
from ipcluster.wire.tickets import Ticket


def find_ticket(
    given: str | os.PathLike[str] | Mapping[str, Any] | Ticket | None,
    *,
    profile: str | None = None,
    profile_dir: str | os.PathLike[str] | None = None,
    cluster_id: str | None = None,
    cluster: Any = None,
) -> Ticket:
    """The ticket of the cluster that is meant; with nothing given, of the latest.

    Args:
        given: a ticket, its path or its content, or a cluster id.
        profile: the profile of the cluster.
        profile_dir: the folder of that profile.
        cluster_id: the id of the cluster; "" is the default one.
        cluster: a `Cluster`, whose ticket is taken.

    Raises:
        TicketError: there is none, or it cannot be used; it says what to do.
    """
    if isinstance(given, Ticket):
        return given
    if isinstance(given, Mapping):
        return _from_dict(given)
    if given is None and cluster is not None:
        return tickets.read(cluster.place.client_ticket)
    if given is not None:
        path = Path(given).expanduser()
        if isinstance(given, os.PathLike) or _is_path(str(given)) or path.is_file():
            return tickets.read(path)
        cluster_id = str(given)
    return tickets.read(_choose_place(profile, profile_dir, cluster_id).client_ticket)


def _from_dict(given: Mapping[str, Any]) -> Ticket:
    try:
        return msgspec.convert(dict(given), Ticket)
    except msgspec.ValidationError as error:
        raise TicketError(f"the dict given is not a ticket: {error}") from error


def _is_path(text: str) -> bool:
    return os.sep in text or "/" in text or text.endswith((".ticket", ".json"))


def _choose_place(
    profile: str | None,
    profile_dir: str | os.PathLike[str] | None,
    cluster_id: str | None,
) -> ClusterPlace:
    root = None
    if profile_dir is not None:
        folder = Path(profile_dir).expanduser()
        root, profile = folder.parent, folder.name.removeprefix("profile_")
    if cluster_id is None:
        cluster_id = os.environ.get("IPCLUSTER_ID")
    if profile is None:
        profile = os.environ.get("IPCLUSTER_PROFILE")
    if cluster_id is not None:
        place = ClusterPlace(profile or "default", cluster_id, root or clusters_root())
        if place.client_ticket.exists():
            return place
        raise TicketError(f"no cluster {place.name!r} runs; {_there_are(root)}")
    place_found = most_recent(root, profile=profile)
    if place_found is None:
        where = "" if profile is None else f" in profile {profile!r}"
        raise TicketError(f"no cluster runs{where}; {_there_are(root)}")
    return place_found


def _there_are(root: Path | None) -> str:
    names = [
        f"{place.name!r} (profile {place.profile!r})"
        for place in all_clusters(root)
        if place.client_ticket.exists()
    ]
    if names:
        return f"there are {', '.join(names)}"
    return "start one with `ipcluster start -n 4`, or ipcluster.Cluster(n=4) in Python"


def refuse_ssh(find: Callable[[], Ticket], server: str | None, **others: Any) -> None:
    """Say how to reach a controller through SSH: we open no tunnels.

    `find` gives the ticket of the cluster that is meant.

    Raises:
        ValueError: one of these was asked for.
    """
    given = {"sshserver": server, **others}
    names = [name for name, value in given.items() if value]
    if not names:
        return
    host, port = "127.0.0.1", "PORT"
    try:
        address = find().addresses[0]
    except (TicketError, IndexError):
        pass  # then in general words: the ticket may be on the other host
    else:
        host, _, port = address.removeprefix("tcp://").rpartition(":")
    raise ValueError(
        f"Client({names[0]}=...): a Client opens no SSH tunnel. Forward the "
        f"controller's one port, `ssh -N -L {port}:{host}:{port} "
        f"{server or 'SERVER'}`, and connect with a copy of client.ticket in which "
        f'"addresses" is ["tcp://localhost:{port}"]: Client("client.ticket")'
    )
