"""Every program in examples/ runs to its end on a cluster of four engines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipcluster as ipp

EXAMPLES = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.py"))

# Seconds for one program on a busy machine; the longest takes a few on a free one.
PATIENCE = 120

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def where() -> Iterator[dict[str, str]]:
    """The environment in which `ipp.Client()` finds a cluster of four engines."""
    # Its folder is the session's: each test has another one in its environment.
    environment = dict(os.environ)
    with ipp.Cluster(n=4) as rc:
        rc.wait_for_engines(4, timeout=60)
        yield environment


@pytest.mark.parametrize("program", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(program: Path, where: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env=where,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 0, done.stdout
    assert done.stdout.strip(), "it says nothing about what it found"
