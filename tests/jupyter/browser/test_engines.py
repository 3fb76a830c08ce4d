"""Notebooks on an engine of a cluster, in a real browser: widgets and all."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.shell.kernel.install import install

NAME = "ipshell-test-browsed-engine"
Open = Callable[..., Any]


@pytest.fixture
def rc(folders: Path) -> Iterator[Any]:
    """A cluster whose engine has a kernel spec of this name."""
    with ipp.Cluster(n=1) as client:
        ticket = str(client.cluster.place.client_ticket)
        face = ["--cluster", ticket, "--engine", "0"]
        install(prefix=str(folders), name=NAME, face=face)
        yield client


@pytest.mark.parametrize("notebook", ["jupyterlab", "notebook"], indirect=True)
def test_widgets_live_on_the_engine(notebook: Open, rc: Any) -> None:
    book = notebook(
        "import ipywidgets as w\n"
        "slider = w.IntSlider(3, 0, 10)\n"
        "seen = []\n"
        "slider.observe(lambda change: seen.append(change.new), 'value')\n"
        "slider",
        "slider.value, seen",
        "@w.interact(n=(0, 10))\ndef square(n=2):\n    print('the square is', n * n)",
        "out = w.Output()\nbutton = w.Button(description='press')\n"
        "@button.on_click\n"
        "def pressed(_):\n    with out: print('pressed'); display(len('abc'))\n"
        "display(button, out)",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(5), desc='steps'): pass",
        kernel=NAME,
    )
    book.run(0)
    readout = book.find(0, ".widget-readout")
    track = book.find(0, ".noUi-base").bounding_box()["width"]

    book.drag(0, ".noUi-handle", track * 0.3)
    book.wait_for_text(readout, "6")
    value, seen = ast.literal_eval(book.run(1).partition(":")[2])
    rc[0].execute("slider.value = 9", block=True)  # a task: no cell runs
    book.wait_for_text(readout, "9")
    book.run(2)
    book.wait_for_output(2, "the square is 4")
    track = book.find(2, ".noUi-base").bounding_box()["width"]
    book.drag(2, ".noUi-handle", track * 0.3)
    book.wait_for_output(2, "the square is 25")
    book.run(3)
    book.find(3, "button").click()
    book.wait_for_output(3, "pressed")
    book.run(4)
    book.wait_for_output(4, "5/5")

    book.photograph("widgets")
    assert value == seen[-1] == 6
    assert rc[0]["seen"][-1] == 9
    assert book.output(3).split() == ["press", "pressed", "3"]
    assert book.find(4, ".widget-hprogress, [role=progressbar]").is_visible()


def test_two_notebooks_on_an_engine_move_one_slider(notebook: Open, rc: Any) -> None:
    first = notebook(
        "import ipywidgets as w\nslider = w.IntSlider(3, 0, 10)\nslider", kernel=NAME
    )
    first.run(0)
    second = notebook("slider", kernel=NAME)
    second.run(0)
    track = second.find(0, ".noUi-base").bounding_box()["width"]

    second.drag(0, ".noUi-handle", track * 0.3)

    first.wait_for_text(first.find(0, ".widget-readout"), "6")
    second.wait_for_text(second.find(0, ".widget-readout"), "6")
    first.photograph("first")
    second.photograph("second")


def test_a_breakpoint_is_hit_on_the_engine(notebook: Open, rc: Any) -> None:
    pytest.importorskip("debugpy")
    cell = "def f(n):\n    half = n / 2\n    return half\nf(10)"
    book = notebook(cell, kernel=NAME)
    page = book.page
    page.locator(
        "[data-jp-item-name=debugger-icon] button, .jp-DebuggerBugButton"
    ).first.click()
    gutter = book.cell(0).locator(".cm-breakpoint-gutter .cm-gutterElement")
    gutter.first.wait_for(state="attached")

    gutter.nth(3).click(force=True)
    page.locator(".jp-DebuggerBreakpoint").first.wait_for()
    book.start(0)

    frame = page.locator(".jp-DebuggerCallstackFrame").first
    frame.wait_for()
    book.photograph("stopped")
    assert "f" in frame.inner_text()
    variables = page.locator(".jp-DebuggerVariables-body")
    variables.get_by_text("half").first.wait_for()
    page.locator(
        "jp-button[title^='Continue'], button[title^='Continue']"
    ).first.click()

    book.wait_for_end(0)
    assert "5.0" in book.output(0)
    assert rc[0].apply_sync(int, "7") == 7
