"""What libraries draw, print and find out about where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ecosystem

PNG = "image/png"
WIDGET = "application/vnd.jupyter.widget-view+json"


def test_the_environments_are_what_they_are_called(
    environments: dict[str, Path],
) -> None:
    import subprocess

    code = "import importlib.util as u; print(u.find_spec('IPython') is not None)"
    said = {
        name: subprocess.run(
            [str(python), "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name, python in environments.items()
    }

    assert said == {"with": "True", "without": "False"}


# --- matplotlib -----------------------------------------------------------------------


def test_matplotlib_shows_figures_in_the_output(cells: Any) -> None:
    made, _, changed = cells(
        "import matplotlib.pyplot as plt; plt.plot([1, 2]);",
        "1",
        "%config InlineBackend.close_figures = False\nfig, ax = plt.subplots()",
    )

    assert made.error is None
    assert PNG in made.mime_types
    assert PNG in changed.mime_types


def test_matplotlib_knows_that_this_is_an_interactive_shell(cells: Any) -> None:
    (shown,) = cells(
        "import matplotlib.pyplot as plt; fig = plt.figure()\n"
        "print(plt._REPL_DISPLAYHOOK.name, plt.isinteractive())\n"
        "with plt.ioff():\n    fig = plt.figure()\n"
        "plt.ion()"
    )

    assert shown.error is None
    assert shown.out == "IPYTHON True\n"


def test_importing_matplotlib_does_not_import_an_installed_ipython(cells: Any) -> None:
    (shown,) = cells(
        "import matplotlib.pyplot, sys; module = 'IPython.core.interactiveshell'\n"
        "print('IPython' in sys.modules, module in sys.modules)"
    )

    assert shown.out == "True False\n"


# --- pandas ---------------------------------------------------------------------------


def test_pandas_shows_tables(cells: Any) -> None:
    table, styled, schema = cells(
        "import pandas as pd; pd.DataFrame({'a': [1]})",
        "pd.DataFrame({'a': [1]}).style.highlight_max()",
        "pd.options.display.html.table_schema = True\npd.DataFrame({'a': [1]})",
    )

    assert "<table" in table.bundles[0]["text/html"]
    assert "background-color: yellow" in styled.bundles[0]["text/html"]
    assert "application/vnd.dataresource+json" in schema.mime_types


def test_pandas_frames_are_cut_and_joined_by_rows(cells: Any) -> None:
    (shown,) = cells(
        "import pandas as pd\n"
        "from ipcluster.client.partitions import Map, RoundRobinMap\n"
        "frame = pd.DataFrame({'a': range(7), 'b': list('abcdefg')})\n"
        "for each in Map(), RoundRobinMap():\n"
        "    for whole in frame, frame.a, frame[:2]:\n"
        "        parts = [each.part(whole, p, 3) for p in range(3)]\n"
        "        print(each.join(parts).equals(whole), [len(part) for part in parts])"
    )

    assert shown.error is None
    said = "True [2, 2, 3]\nTrue [2, 2, 3]\nTrue [0, 1, 1]\n"
    assert shown.out == said + "True [3, 2, 2]\nTrue [3, 2, 2]\nTrue [1, 1, 0]\n"


def test_pandas_completes_columns_and_knows_a_notebook(kernel_cells: Any) -> None:
    (shown,) = kernel_cells(
        "from pandas.io.formats.console import in_ipython_frontend\n"
        "print(in_ipython_frontend())"
    )

    assert shown.out == "True\n"


# --- tqdm, rich -----------------------------------------------------------------------


def test_tqdm_draws_with_text_at_a_prompt(cells: Any) -> None:
    (shown,) = cells("from tqdm.auto import tqdm\nfor i in tqdm(range(3)): pass")

    assert shown.error is None
    assert "3/3" in shown.err


def test_tqdm_draws_a_widget_in_a_kernel(kernel_cells: Any) -> None:
    (shown,) = kernel_cells("from tqdm.auto import tqdm\nfor i in tqdm(range(3)): pass")

    assert shown.error is None
    assert WIDGET in shown.mime_types
    values = [
        content["data"]["state"]["value"]
        for kind, content in shown.messages
        if kind == "comm_msg" and "value" in content["data"].get("state", {})
    ]
    assert 3.0 in values


def test_rich_is_in_a_notebook_in_a_kernel_only(cells: Any, kernel_cells: Any) -> None:
    code = (
        "from rich import print as say; say('[bold]x[/bold]')\n"
        "from rich.console import Console; print(Console().is_jupyter)"
    )

    (at_prompt,) = cells(code)
    (in_kernel,) = kernel_cells(code)

    assert at_prompt.out.endswith("False\n")
    assert in_kernel.out == "True\n"
    assert "font-weight: bold" in in_kernel.bundles[0]["text/html"]


def test_rich_prints_values_and_tracebacks(cells: Any) -> None:
    _, value, _, failed, syntax, after = cells(
        "from rich import pretty, traceback; pretty.install()",
        "list(range(3))",
        "_ = traceback.install()",
        "def f(n):\n    return 1 / n\nf(0)",
        "x = = 1",
        "6 * 7",
    )

    assert "[0, 1, 2]" in value.out + str(value.bundles)
    assert "Traceback (most recent call last)" in failed.out + failed.err
    assert "ZeroDivisionError" in failed.out + failed.err
    assert "SyntaxError" in syntax.out + syntax.err
    assert "42" in after.out + str(after.bundles)


# --- ipywidgets -----------------------------------------------------------------------


def comm_id_of(shown: Any, model: str) -> str:
    """The comm of the widget of a kind that a cell has made."""
    (found,) = (
        content["comm_id"]
        for kind, content in shown.messages
        if kind == "comm_open" and content["data"]["state"]["_model_name"] == model
    )
    return str(found)


def kinds(shown: Any) -> list[str]:
    return [kind for kind, _ in shown.messages if kind != "status"]


def test_widgets_are_shown_in_a_kernel(kernel_cells: Any) -> None:
    (shown,) = kernel_cells("import ipywidgets as w\nw.IntSlider(value=3)")

    assert shown.error is None
    model = shown.bundles[0][WIDGET]["model_id"]
    assert model == comm_id_of(shown, "IntSliderModel")


def test_a_slider_that_is_moved_calls_the_function(kernel_cells: Any) -> None:
    """Two kernels: the first tells what the second's comms will be called."""
    code = (
        "import ipywidgets as w, comm, uuid\n"
        "numbers = iter(range(1000))\n"
        "class Id:\n    hex = property(lambda self: f'comm-{next(numbers)}')\n"
        "uuid.uuid4 = Id\n"
        "@w.interact(x=(0, 10))\n"
        "def f(x=2):\n    print('x is', x)\n    return x * 2"
    )
    (shown,) = kernel_cells(code)
    slider = comm_id_of(shown, "IntSliderModel")
    update = {"method": "update", "state": {"value": 7}, "buffer_paths": []}

    _, moved = kernel_cells(
        code, "comm_msg " + json.dumps({"comm_id": slider, "data": update})
    )

    assert "x is 2\n" in shown.out
    assert moved.out == "x is 7\n"
    assert moved.bundles == [{"text/plain": "14"}]
    # While the function runs, the output widget asks for what it shows.
    asked = [
        content["data"]["state"]["msg_id"]
        for kind, content in moved.messages
        if kind == "comm_msg" and "msg_id" in content["data"].get("state", {})
    ]
    assert asked[0]
    assert asked[-1] == ""


def test_what_is_shown_inside_an_output_widget_goes_there(kernel_cells: Any) -> None:
    _, shown, failed = kernel_cells(
        "import ipywidgets as w; out = w.Output()",
        "with out:\n    print('inside'); display('shown')",
        "with out:\n    1/0",
    )

    order = [one for one in kinds(shown) if one != "execute_input"]
    assert order == ["comm_msg", "stream", "display_data", "comm_msg"]
    order = [one for one in kinds(failed) if one != "execute_input"]
    assert order == ["comm_msg", "error", "comm_msg"]
    assert failed.error == "ZeroDivisionError: division by zero"


def test_widgets_at_a_prompt_are_texts(cells: Any) -> None:
    (shown,) = cells("import ipywidgets as w\nw.IntSlider(value=3)")

    assert shown.error is None
    assert "IntSlider(value=3" in shown.bundles[0]["text/plain"]


def test_who_asks_ipykernel_in_a_kernel_gets_ours(kernel_cells: Any) -> None:
    """With it installed as well, as JupyterLab has it."""
    comm, file, app, zmqshell = kernel_cells(
        "from ipykernel.comm import Comm\n_ = Comm('target', data={'a': 1})",
        "from ipykernel.connect import get_connection_file\n"
        "from pathlib import Path; print(Path(get_connection_file()).name)",
        "from ipykernel.kernelapp import IPKernelApp\n"
        "app = IPKernelApp.instance()\n"
        "print(IPKernelApp.initialized(), app.shell is get_ipython())",
        "from ipykernel.zmqshell import ZMQInteractiveShell\n"
        "print(isinstance(get_ipython(), ZMQInteractiveShell))",
    )

    assert "comm_open" in kinds(comm)
    assert file.out == "kernel.json\n"
    assert app.out == "True True\n"
    assert zmqshell.out == "True\n"


def test_comms_stay_ours_when_the_fields_kernel_is_imported(kernel_cells: Any) -> None:
    (shown,) = kernel_cells(
        "try:\n    import ipykernel.ipkernel\nexcept ImportError:\n    pass\n"
        "import comm\n_ = comm.create_comm(target_name='target', data={})"
    )

    assert shown.error is None
    assert "comm_open" in kinds(shown)


# --- IPython itself -------------------------------------------------------------------


def test_our_shell_is_the_running_one(cells: Any) -> None:
    (shown,) = cells(
        "import IPython\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from IPython.core.getipython import get_ipython as current\n"
        "ours = get_ipython()\n"
        "print(IPython.get_ipython() is current() is ours)\n"
        "print(InteractiveShell.instance() is ours)\n"
        "print(InteractiveShell.initialized(), isinstance(ours, InteractiveShell))"
    )

    assert shown.error is None
    assert shown.out == "True\nTrue\nTrue True\n"


def test_options_that_are_set_on_the_class_count(cells: Any) -> None:
    _, shown = cells(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "InteractiveShell.ast_node_interactivity = 'all'",
        "1\n2",
    )

    assert [one["text/plain"] for one in shown.bundles] == ["1", "2"]


def test_what_is_displayed_and_captured_by_its_names_is_shown(cells: Any) -> None:
    shown, captured, paged = cells(
        "from IPython.display import HTML, Image, clear_output, display\n"
        "handle = display(HTML('<b>x</b>'), display_id=True)\n"
        "handle.update(HTML('<i>y</i>'))",
        "from IPython.utils.capture import capture_output\n"
        "with capture_output() as found:\n    print('printed'); display('shown')\n"
        "print(repr(found.stdout), len(found.outputs))",
        "from IPython.core.page import page\npage('long text')",
    )

    assert [one["text/html"] for one in shown.bundles] == ["<b>x</b>", "<i>y</i>"]
    assert captured.out == "'printed\\n' 1\n"
    assert paged.bundles == [{"text/plain": "long text"}]


def test_magics_with_traits_take_options_of_our_config(cells: Any) -> None:
    """As those of ipython-sql: a class of magics that is configurable by traits."""
    made, shown, wrong = cells(
        "from IPython.core.error import UsageError\n"
        "from IPython.core.magic import Magics, line_magic, magics_class\n"
        "from traitlets import Int\n"
        "from traitlets.config import Configurable\n"
        "@magics_class\n"
        "class Mine(Magics, Configurable):\n"
        "    limit = Int(3, config=True)\n"
        "    def __init__(self, shell):\n"
        "        Configurable.__init__(self, config=shell.config)\n"
        "        Magics.__init__(self, shell=shell)\n"
        "    @line_magic\n"
        "    def mine(self, line):\n"
        "        if line: raise UsageError('no words, please')\n"
        "        return self.limit, self.shell is get_ipython()\n"
        "get_ipython().config['Mine'] = {'limit': 5}\n"
        "get_ipython().register_magics(Mine)",
        "%mine",
        "%mine words",
    )

    assert made.error is None
    assert shown.bundles == [{"text/plain": "(5, True)"}]
    assert wrong.error == "UsageError: no words, please"
    assert "Traceback" not in wrong.err
