"""A place for a new cluster: who gets it, and what is said if nobody can."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipcluster.launchers.claim import claimed
from ipcluster.launchers.cluster import Cluster
from ipcluster.wire.errors import LaunchError


@pytest.fixture
def no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where no folder can be made, not even by root."""
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("IPCLUSTER_DIR", str(file))
    return file


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(no_folder: Path) -> None:
    place = Cluster(n=1, cluster_id="c").place

    with pytest.raises(LaunchError) as caught, claimed(place):
        pass

    said = str(caught.value)
    assert said.startswith(
        f"cannot start cluster 'c': [Errno 20] Not a directory: '{no_folder}"
    )
    assert said.endswith("; set IPCLUSTER_DIR to a folder that you may write in")


def test_a_cluster_started_from_python_says_it_too(no_folder: Path) -> None:
    with pytest.raises(LaunchError, match="set IPCLUSTER_DIR"):
        Cluster(n=1).start_cluster_sync()
