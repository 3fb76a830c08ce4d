"""Clusters for the tests of the client: one for each module that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ipcluster.client.client import Client
from ipcluster.client.directview import DirectView
from ipcluster.launchers.cluster import Cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Four engines."""
    with Cluster(n=4) as rc:
        yield rc.cluster


@pytest.fixture
def transport() -> str | None:
    """How clients come in; modules whose tests matter for each way say which."""
    return None


@pytest.fixture
def rc(cluster: Any, transport: str | None) -> Iterator[Client]:
    """A client of its own for each test, on engines with empty namespaces."""
    client = Client(cluster=cluster, transport=transport)
    client.wait_for_engines(4, timeout=10)
    client[:].clear(block=True)
    yield client
    client.close()


@pytest.fixture
def view(rc: Client) -> DirectView:
    return rc[:]
