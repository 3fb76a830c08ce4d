"""JupyterLab and Notebook 7 in a real browser: what a person does all day."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest

both = pytest.mark.parametrize("notebook", ["jupyterlab", "notebook"], indirect=True)
Open = Callable[..., Any]


@both
def test_cells_show_text_values_and_errors(notebook: Open) -> None:
    book = notebook(
        "print('hello'); 6 * 7",
        "def f(n):\n    return 1 / n\nf(0)",
        "import pandas as pd\npd.DataFrame({'name': ['ada'], 'age': [36]})",
        "!echo from a child",
    )

    assert book.run(0).split() == ["hello", "[1]:", "42"]
    error = book.run(1)
    assert "ZeroDivisionError: division by zero" in error
    assert "return 1 / n" in error
    assert book.find(1, ".ansi-red-fg, [style*='color']").is_visible()
    assert "ada" in book.run(2)
    assert book.find(2, "table").is_visible()
    assert book.run(3).strip() == "from a child"
    book.photograph("cells")


@both
def test_a_plot_is_seen(notebook: Open) -> None:
    book = notebook(
        "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title('a plot');"
    )

    book.run(0)

    image = book.find(0, "img")
    size = image.evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert min(size) > 200
    assert image.get_attribute("src").startswith("data:image/png")
    book.photograph("plot")


@both
def test_input_is_typed_under_the_cell(notebook: Open) -> None:
    book = notebook("name = input('your name? ')", "name.upper()")
    book.start(0)

    field = book.find(0, "input.jp-Stdin-input")
    book.photograph("asked")
    field.fill("ada")
    field.press("Enter")

    book.wait_for_end(0)
    assert "'ADA'" in book.run(1)


@both
def test_tab_completes(notebook: Open) -> None:
    book = notebook("long_name_of_mine = 1", "")
    book.run(0)

    book.focus(1)
    book.page.keyboard.type("import json\njson.")
    book.page.keyboard.press("Tab")
    book.page.locator(".jp-Completer-item").get_by_text("dumps").first.wait_for()
    book.photograph("menu")
    book.page.keyboard.press("Escape")
    book.page.keyboard.press("Control+a")
    book.page.keyboard.type("long_name_")
    book.page.keyboard.press("Tab")
    book.page.locator(".jp-Completer-item").get_by_text("long_name_of_").wait_for()
    book.page.keyboard.press("Enter")

    book.cell(1).locator(".cm-content").get_by_text("long_name_of_mine").wait_for()


@both
def test_a_long_loop_is_interrupted(notebook: Open) -> None:
    book = notebook("print('on')\nwhile True: pass", "'alive'")
    book.start(0)
    book.wait_for_output(0, "on")

    book.menu("Kernel", "Interrupt Kernel")

    book.wait_for_output(0, "KeyboardInterrupt")
    assert "'alive'" in book.run(1)
    book.photograph("interrupted")


@both
def test_the_kernel_is_restarted(notebook: Open) -> None:
    book = notebook("x = 1", "'x' in globals()")
    book.run(0)

    book.menu("Kernel", "Restart Kernel…")
    book.page.locator(".jp-Dialog .jp-mod-accept").click()
    book.page.locator(".jp-Dialog").wait_for(state="detached")
    book.wait_until_idle()

    assert "False" in book.run(1)


@both
def test_exit_leaves_the_notebook_its_kernel(notebook: Open) -> None:
    book = notebook("x = 5", "exit", "x")
    book.run(0)
    book.run(1)

    assert "5" in book.run(2)


@both
def test_a_kernel_that_dies_says_why_under_the_cell(notebook: Open) -> None:
    book = notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")

    book.start(0)

    book.wait_for_output(0, "The kernel was killed by SIGKILL")
    book.photograph("died")


@both
def test_what_came_while_the_tab_was_closed_is_shown_again(notebook: Open) -> None:
    book = notebook(
        "import os, time\nprint('begun', flush=True)\n"
        "while not os.path.exists('go'): time.sleep(0.01)\n"
        "os.remove('go')\nprint('missed')\n6 * 7",
        "%replay 1",
    )
    book.start(0)
    book.wait_for_output(0, "begun")
    context, address = book.page.context, book.page.url

    book.page.close(run_before_unload=False)
    (book.server.folder / "go").touch()
    book.page = context.new_page()
    book.page.goto(address)
    book.cell(1).wait_for()
    book.wait_until_idle()

    assert book.run(1).split() == ["begun", "missed", "42"]
    book.photograph("back")


@both
def test_a_slider_moves_the_kernels_value(notebook: Open) -> None:
    book = notebook(
        "import ipywidgets as w\n"
        "slider = w.IntSlider(3, 0, 10)\n"
        "seen = []\n"
        "slider.observe(lambda change: seen.append(change.new), 'value')\n"
        "slider",
        "slider.value, seen",
        "slider.value = 9",
    )
    book.run(0)
    readout = book.find(0, ".widget-readout")
    track = book.find(0, ".noUi-base").bounding_box()["width"]

    book.drag(0, ".noUi-handle", track * 0.3)

    book.wait_for_text(readout, "6")
    value, seen = ast.literal_eval(book.run(1).partition(":")[2])
    assert value == seen[-1] == 6
    book.run(2)
    book.wait_for_text(readout, "9")
    book.photograph("slider")


@both
def test_interact_and_output_widgets(notebook: Open) -> None:
    book = notebook(
        "import ipywidgets as w\n"
        "@w.interact(n=(0, 10))\n"
        "def square(n=2):\n    print('the square is', n * n)",
        "out = w.Output()\nbutton = w.Button(description='press')\n"
        "@button.on_click\n"
        "def pressed(_):\n    with out: print('pressed'); display(len('abc'))\n"
        "display(button, out)",
    )
    book.run(0)
    book.wait_for_output(0, "the square is 4")
    track = book.find(0, ".noUi-base").bounding_box()["width"]

    book.drag(0, ".noUi-handle", track * 0.3)
    book.wait_for_output(0, "the square is 25")
    book.run(1)
    book.find(1, "button").click()

    book.wait_for_output(1, "pressed")
    assert book.output(1).split() == ["press", "pressed", "3"]
    book.photograph("widgets")


@both
def test_progress_tables_and_charts(notebook: Open) -> None:
    book = notebook(
        "from tqdm.notebook import tqdm\nfor _ in tqdm(range(5), desc='steps'): pass",
        "import pandas as pd\n"
        "pd.DataFrame({'a': [1, 2], 'b': [4, 3]}).style.highlight_max(color='lime')",
        "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[2, 1, 3]))",
    )

    book.run(0)
    book.wait_for_output(0, "5/5")
    assert book.find(0, ".widget-hprogress, [role=progressbar]").is_visible()
    book.run(1)
    colour = book.find(1, "td:has-text('4')").evaluate(
        "cell => getComputedStyle(cell).backgroundColor"
    )
    assert colour == "rgb(0, 255, 0)"
    book.run(2)
    assert book.find(2, ".js-plotly-plot .bars").is_visible()
    book.photograph("libraries")
