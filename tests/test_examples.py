"""Every program in examples/, and the client in docs/protocol.md, runs to its end."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import ipcluster as ipp

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PROTOCOL = ROOT / "docs" / "protocol.md"

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


@pytest.mark.skipif(
    not PROTOCOL.exists(), reason="an sdist has no docs, a checkout has"
)
def test_client_of_the_protocol_page_runs(where: dict[str, str]) -> None:
    text = PROTOCOL.read_text(encoding="utf-8").partition("## A client in")[2]
    program = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[0]
    (ticket,) = Path(where["IPCLUSTER_DIR"]).rglob("client.ticket")

    done = subprocess.run(
        [sys.executable, "-c", program, ticket],
        env=where,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("hello from") == 4
    assert done.stdout.count("'result_repr': '42'") == 4
