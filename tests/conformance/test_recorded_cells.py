"""The field's recorded cells: in this process, and on an engine in another one.

One suite, two transports: what a cell answers does not depend on where it runs.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp


def _drive() -> Any:
    path = Path(__file__).parent / "drive.py"
    spec = importlib.util.spec_from_file_location("conformance_drive", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance_drive"] = module
    spec.loader.exec_module(module)
    return module


drive = _drive()

IS_THERE = drive.CORPUS.is_dir()
KNOWN = drive.known()
CASES = [
    pytest.param(case, id=case["id"])
    for case in (drive.cases() if IS_THERE else [])
    if case["id"] not in KNOWN
]
# Startup files, and what only a process of its own has, are the front end's.
NOT_ON_ENGINES = {"proto/startup-file"}

pytestmark = pytest.mark.skipif(
    not IS_THERE, reason="no recorded cells beside the checkout (shared/reference)"
)


def need(case: dict[str, Any]) -> None:
    lacking = drive.what_lacks(case)
    if lacking:
        pytest.skip(f"{lacking} is not installed, and there is nothing to compare")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster whose engines come and go with the cases."""
    with ipp.Cluster(n=0) as rc, pytest.MonkeyPatch.context() as patch:
        ticket = rc.cluster.place.folder / "client.ticket"
        patch.setenv(drive.TICKET, str(ticket))
        yield


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_case(case: dict[str, Any]) -> None:
    need(case)

    assert drive.run_case(case) == []


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.id not in NOT_ON_ENGINES]
)
def test_a_recorded_case_on_an_engine(case: dict[str, Any]) -> None:
    need(case)

    assert drive.run_case(case, "engine") == []
