"""ClusterManager: all clusters of a user, by key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ipcluster.launchers.cluster import Cluster
from ipcluster.launchers.names import place_of
from ipcluster.wire.places import ClusterPlace, all_clusters, clusters_root


class ClusterManager:
    """Finds clusters by their files, makes new ones, and names each by a key.

    A cluster's key is its id; when two profiles have the same id, the later gets
    `<profile>:<id>`.
    """

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}

    @property
    def clusters(self) -> dict[str, Cluster]:
        """All that are known, by key."""
        return dict(self._clusters)

    def load_clusters(
        self,
        *,
        profile_dirs: Iterable[str] | None = None,
        profile_dir: str | None = None,
        profiles: Iterable[str] | None = None,
        profile: str | None = None,
        init_default_clusters: bool = False,
        **kwargs: Any,
    ) -> dict[str, Cluster]:
        """Look for clusters in these profiles, or in all; forget those that are gone.

        Args:
            profile_dirs: folders of profiles to look in.
            profile_dir: one more.
            profiles: names of profiles to look in.
            profile: one more.
            init_default_clusters: also make a `Cluster`, not started, for the default
                cluster of each profile that has none.
            **kwargs: for each `Cluster`.
        """
        folders = [place_of("", one, "").folder.parent for one in profile_dirs or ()]
        if profile_dir:
            folders.append(place_of("", profile_dir, "").folder.parent)
        names = [*(profiles or ()), *([profile] if profile else [])]
        folders += [place_of(name, "", "").folder.parent for name in names]
        if not folders:
            folders = sorted(clusters_root().glob("profile_*"))
        for key, cluster in list(self._clusters.items()):
            if cluster.controller is not None and not cluster.place.state_file.exists():
                del self._clusters[key]
        for folder in folders:
            self._load(folder, init_default_clusters, kwargs)
        return self.clusters

    def _load(self, profile_dir: Path, with_default: bool, kwargs: Any) -> None:
        places = [
            place
            for place in all_clusters(profile_dir.parent)
            if place.folder.parent == profile_dir and place.state_file.exists()
        ]
        known = {cluster.place.folder for cluster in self._clusters.values()}
        for place in places:
            if place.folder not in known:
                self._add(Cluster.from_file(place.state_file, **kwargs))
        default = place_of("", str(profile_dir), "")
        if with_default and default.folder not in known | {p.folder for p in places}:
            self.new_cluster(profile_dir=str(profile_dir), cluster_id="", **kwargs)

    def new_cluster(self, **kwargs: Any) -> tuple[str, Cluster]:
        """A new `Cluster`, not started, and its key."""
        cluster = Cluster(**kwargs)
        return self._add(cluster), cluster

    def get_cluster(self, cluster_id: str) -> Cluster:
        """The cluster with this key.

        Raises:
            KeyError: there is none.
        """
        try:
            return self._clusters[cluster_id]
        except KeyError:
            raise KeyError(f"no cluster {cluster_id!r}") from None

    def remove_cluster(self, cluster_id: str) -> None:
        """Forget the cluster with this key. It is not stopped.

        Raises:
            KeyError: there is none.
        """
        self.get_cluster(cluster_id)
        del self._clusters[cluster_id]

    def _add(self, cluster: Cluster) -> str:
        key = _key(cluster.place)
        if key in self._clusters:
            key = f"{cluster.profile}:{key}"
        number = 1
        while key in self._clusters:
            number += 1
            key = f"{cluster.profile}:{_key(cluster.place)}-{number}"
        self._clusters[key] = cluster
        return key


def _key(place: ClusterPlace) -> str:
    return place.name
