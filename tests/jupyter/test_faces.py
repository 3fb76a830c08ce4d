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


WIDGETS = {
    "slider": (
        "import ipywidgets as w\n"
        "slider = w.IntSlider(3, 0, 10)\n"
        "moves = []\n"
        "slider.observe(lambda change: moves.append(change.new), 'value')\n"
        "slider"
    ),
    "output": (
        "out = w.Output()\ndisplay(out)\n"
        "with out:\n    print('captured'); display(slider.value)"
    ),
    "interact": "w.interact(lambda n: print(n * n), n=(0, 10));",
    "bar": "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
}
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def test_widgets_of_the_engine_are_moved_by_a_client(rc: Any, spec: str) -> None:
    pytest.importorskip("ipywidgets")
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    sources = [*WIDGETS.values(), "slider.value, moves"]
    cells = [nbformat.v4.new_code_cell(text) for text in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)

    class Moving(nbclient.NotebookClient):  # type: ignore[misc,name-defined]  # imported only where it is
        """With somebody who moves the slider before the last cell runs."""

        async def async_execute_cell(
            self, cell: Any, index: int, *args: Any, **more: Any
        ) -> Any:
            if index == len(sources) - 1:
                model = notebook.cells[0].outputs[-1].data[VIEW]["model_id"]
                data = {"method": "update", "state": {"value": 9}, "buffer_paths": []}
                content = {"comm_id": model, "data": data}
                message = self.kc.session.msg("comm_msg", content)
                self.kc.shell_channel.send(message)
            return await super().async_execute_cell(cell, index, *args, **more)

    Moving(notebook, kernel_name=spec, timeout=60).execute()

    found = dict(zip(WIDGETS, notebook.cells, strict=False))
    state = notebook.metadata.widgets[STATE]["state"]
    models = {
        name: cell.outputs[-1].data[VIEW]["model_id"]
        for name, cell in found.items()
        if VIEW in cell.outputs[-1].get("data", {})
    }
    assert notebook.cells[-1].outputs[0].data["text/plain"] == "(9, [9])"
    assert set(models) == set(WIDGETS)
    captured = state[models["output"]]["state"]["outputs"]
    assert [one["output_type"] for one in captured] == ["stream", "display_data"]
    assert captured[0]["text"] == "captured\n"
    assert rc[1]["moves"] == [9]
