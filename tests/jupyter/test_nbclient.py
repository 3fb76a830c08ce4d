"""`nbclient` executes a notebook: text, errors, a plot, widgets, an `input()`."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

CELLS = {
    "text": "print('some text')\n6 * 7",
    "stderr": "import sys; print('a warning', file=sys.stderr)",
    "error": "1 / 0",
    "after": "'it goes on'",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);",
    "table": "import pandas as pd\npd.DataFrame({'a': [1, 2]}).style.highlight_max()",
    "bar": "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)): pass",
    "widget": "import ipywidgets as w\nslider = w.IntSlider(3, 0, 10)\nslider",
    "output": (
        "out = w.Output()\ndisplay(out)\n"
        "with out:\n    print('captured'); display(slider.value)"
    ),
    "interact": "w.interact(lambda n: print(n * n), n=(0, 10));",
    "updated": ("handle = display('before', display_id=True)\nhandle.update('after')"),
    "cleared": (
        "from IPython.display import clear_output\n"
        "print('gone'); clear_output(); print('stays')"
    ),
    "async": "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "child": "!echo from a child",
}


@pytest.fixture(scope="module")
def done(folders: Path) -> dict[str, Any]:
    """The cells after they were run, by name; and the notebook."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in CELLS.values()]
    )
    client = nbclient.NotebookClient(
        notebook, kernel_name="ipshell-test", allow_errors=True, timeout=120
    )
    client.execute()
    nbformat.validate(notebook)
    cells = dict(zip(CELLS, notebook.cells, strict=True))
    return {**cells, "notebook": notebook}


def kinds(cell: Any) -> list[str]:
    return [output.output_type for output in cell.outputs]


def text_of(cell: Any) -> str:
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


def data_of(cell: Any) -> dict[str, Any]:
    found = [output.data for output in cell.outputs if "data" in output]
    assert len(found) == 1, cell.outputs
    data: dict[str, Any] = found[0]
    return data


def test_text_and_results(done: dict[str, Any]) -> None:
    assert text_of(done["text"]) == "some text\n"
    assert data_of(done["text"]) == {"text/plain": "42"}
    assert done["text"].execution_count == 1
    assert done["stderr"].outputs[0].name == "stderr"
    assert text_of(done["child"]) == "from a child\n"
    assert data_of(done["async"]) == {"text/plain": "'awaited'"}


def test_an_error_and_what_follows(done: dict[str, Any]) -> None:
    (error,) = done["error"].outputs
    assert error.ename == "ZeroDivisionError"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "".join(error.traceback))
    assert "1 / 0" in plain
    assert data_of(done["after"]) == {"text/plain": "'it goes on'"}


def test_a_plot_is_an_image(done: dict[str, Any]) -> None:
    data = data_of(done["plot"])

    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith("<Figure size")


def test_a_table_with_style(done: dict[str, Any]) -> None:
    assert "background-color: yellow" in data_of(done["table"])["text/html"]


def test_widgets_are_kept_in_the_notebook(done: dict[str, Any]) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    model = data_of(done["widget"])[view]["model_id"]
    state = done["notebook"].metadata.widgets[
        "application/vnd.jupyter.widget-state+json"
    ]["state"]

    assert state[model]["model_name"] == "IntSliderModel"
    assert state[model]["state"]["value"] == 3
    assert view in data_of(done["bar"])
    assert view in data_of(done["interact"])


def test_the_output_widget_captures(done: dict[str, Any]) -> None:
    view = "application/vnd.jupyter.widget-view+json"
    model = data_of(done["output"])[view]["model_id"]
    state = done["notebook"].metadata.widgets[
        "application/vnd.jupyter.widget-state+json"
    ]["state"]

    outputs = state[model]["state"]["outputs"]

    assert [output["output_type"] for output in outputs] == ["stream", "display_data"]
    assert outputs[0]["text"] == "captured\n"
    assert outputs[1]["data"] == {"text/plain": "3"}


def test_what_is_updated_and_cleared(done: dict[str, Any]) -> None:
    assert data_of(done["updated"]) == {"text/plain": "'after'"}
    assert text_of(done["cleared"]) == "stays\n"


def test_input_is_answered(folders: Path) -> None:
    class Answers(nbclient.NotebookClient):  # type: ignore[misc,name-defined]  # imported only where it is
        """With somebody at the keyboard."""

        async def async_execute_cell(self, cell: Any, *args: Any, **more: Any) -> Any:
            import asyncio

            self.kc.allow_stdin = True
            running = asyncio.ensure_future(
                super().async_execute_cell(cell, *args, **more)
            )
            message = await self.kc.stdin_channel.get_msg(timeout=60)
            assert message["content"] == {"prompt": "name? ", "password": False}
            self.kc.input("ada")
            return await running

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("name = input('name? ')\nname.upper()")]
    )
    Answers(notebook, kernel_name="ipshell-test", timeout=60).execute()

    assert data_of(notebook.cells[0]) == {"text/plain": "'ADA'"}
