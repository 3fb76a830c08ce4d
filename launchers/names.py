"""How a cluster is named: by profile and id; in options, in code, in a sentence."""

from __future__ import annotations

import os
import random
import string
import time
from pathlib import Path

from ipcluster.wire.places import ClusterPlace, clusters_root


def place_of(profile: str, profile_dir: str, cluster_id: str | None) -> ClusterPlace:
    """The place with these names; `profile_dir` stands for both root and profile.

    Without a profile or with no id (None), what the environment says, or the default.

    Raises:
        ValueError: a name that cannot be one, or two that do not agree.
    """
    if cluster_id is None:
        cluster_id = os.environ.get("IPCLUSTER_ID") or ""
    if not profile_dir:
        named = profile or os.environ.get("IPCLUSTER_PROFILE") or "default"
        return ClusterPlace(named, cluster_id, clusters_root())
    folder = Path(profile_dir).expanduser().absolute()
    name = folder.name.removeprefix("profile_")
    if folder.name == name or profile not in ("", name):
        raise ValueError(
            f"profile_dir must be a folder called profile_{profile or '<name>'}, "
            f"not {profile_dir}"
        )
    return ClusterPlace(name, cluster_id, folder.parent)


def describe(place: ClusterPlace) -> str:
    """The cluster's name in a sentence; the default profile goes without saying."""
    name = f"cluster {place.name!r}"
    return (
        name if place.profile == "default" else f"{name} of profile {place.profile!r}"
    )


def options_for(place: ClusterPlace) -> str:
    """The options that name it to the `ipcluster` command, each after a space."""
    words = ""
    if place.profile != "default":
        words += f" --profile {place.profile}"
    if place.cluster_id:
        words += f" --cluster-id {place.cluster_id}"
    return words


def client_arguments(place: ClusterPlace) -> str:
    """What stands in the brackets of `Client()` to reach it."""
    words = []
    if place.profile != "default":
        words.append(f"profile={place.profile!r}")
    if place.cluster_id:
        words.append(f"cluster_id={place.cluster_id!r}")
    return ", ".join(words)


def own_names(place: ClusterPlace) -> dict[str, str]:
    """What makes `Client()` in a task connect to the task's own cluster."""
    return {"IPCLUSTER_PROFILE": place.profile, "IPCLUSTER_ID": place.name}


def new_name() -> str:
    """A name that no other cluster or engine set has: the time and six letters."""
    letters = random.choices(string.ascii_lowercase + string.digits, k=6)
    return f"{int(time.time())}-{''.join(letters)}"
