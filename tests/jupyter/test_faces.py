"""Jupyter's programs on an engine of a cluster: by a kernel spec that names it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.shell.kernel.install import install

NAME = "ipshell-test-engine"


@pytest.fixture(scope="module")
def rc() -> Iterator[Any]:
    with ipp.Cluster(n=2) as client:
        yield client


@pytest.fixture
def spec(folders: Path, rc: Any) -> str:
    """The name of a kernel spec of engine 1."""
    ticket = str(rc.cluster.place.client_ticket)
    install(prefix=str(folders), name=NAME, face=["--cluster", ticket, "--engine", "1"])
    return NAME


def test_a_client_of_jupyters_runs_cells_beside_tasks(rc: Any, spec: str) -> None:
    manager = pytest.importorskip("jupyter_client.manager")
    shown: list[str] = []

    def note(message: Any) -> None:
        if message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])

    with contextlib.ExitStack() as stack:
        kernel, client = manager.start_new_kernel(kernel_name=spec)
        stack.callback(kernel.shutdown_kernel)
        stack.callback(client.stop_channels)
        rc[1].push({"pushed": 20}, block=True)

        reply = client.execute_interactive(
            "back = pushed + 1; back * 2", timeout=60, output_hook=note
        )
        found = client.complete("pushe", reply=True, timeout=60)

    assert reply["content"]["status"] == "ok"
    assert shown == ["42"]
    assert found["content"]["matches"] == ["pushed"]
    assert rc[1]["back"] == 21


def test_a_notebook_is_executed_on_the_engine_and_seen_by_others(
    rc: Any, spec: str
) -> None:
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    seen: list[list[Any]] = []
    talk = rc[1].converse(watch=lambda _who, event: seen.append(event))
    texts = ["kept = 5; print('text')", "kept * 2", "1 / 0", "'it goes on'"]
    cells = [nbformat.v4.new_code_cell(text) for text in texts]
    notebook = nbformat.v4.new_notebook(cells=cells)

    nbclient.NotebookClient(
        notebook, kernel_name=spec, allow_errors=True, timeout=60
    ).execute()

    talk.run_cell("").get(timeout=20)
    talk.close()
    outputs = [cell.outputs for cell in notebook.cells]
    assert outputs[0][0].text == "text\n"
    assert outputs[1][0].data == {"text/plain": "10"}
    assert outputs[2][0].ename == "ZeroDivisionError"
    assert outputs[3][0].data == {"text/plain": "'it goes on'"}
    assert rc[1]["kept"] == 5
    typed = [event[1] for event in seen if event[0] == "input"]
    assert typed == texts
