"""Jupyter's server, a headless Chromium, and a notebook as a person handles it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

# Seconds that a page gets for what it is asked; a busy machine needs them.
PATIENCE = 60
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
NAME = "ipshell-test"  # as `folders` installs it
MISSING = "pip install 'ipcluster[jupyter-test]', apt install chromium"
FAILED = pytest.StashKey[bool]()
TOKEN = "for-tests-only"


class Server:
    """`jupyter lab` or `jupyter notebook`, with this kernel as the default."""

    def __init__(self, program: str, folder: Path, kernel: str) -> None:
        self.program = program
        self.folder = folder
        self.kernel = kernel
        self.log = folder / f"{program}.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True, exist_ok=True)
        news = settings / "notification.jupyterlab-settings"
        news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    program,
                    "--no-browser",
                    "--allow-root",
                    "--ip=127.0.0.1",
                    f"--port={self.port}",
                    f"--ServerApp.token={TOKEN}",
                    f"--ServerApp.root_dir={folder}",
                    f"--MappingKernelManager.default_kernel_name={kernel}",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                ],
                cwd=folder,
                env={**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(urllib.error.URLError, OSError):
                self.ask("api")
                return
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def ask(self, path: str, method: str = "GET") -> Any:
        """What the server's REST interface answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            headers={"Authorization": f"token {TOKEN}"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
        return json.loads(text) if text else None

    def address(self, name: str) -> str:
        # A workspace of its own: others open what was open before.
        own = name.partition(".")[0]
        is_lab = self.program == "jupyterlab"
        kind = f"lab/workspaces/{own}/tree" if is_lab else "notebooks"
        return f"http://127.0.0.1:{self.port}/{kind}/{name}?token={TOKEN}"

    def end_sessions(self) -> None:
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", "DELETE")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Notebook:
    """An open notebook; cells by number, from 0."""

    def __init__(self, page: Any, server: Server, pictures: Path, name: str) -> None:
        self.page = page
        self.server = server
        self._pictures = pictures
        self._name = name

    def open(self, cells: tuple[str, ...], kernel: str = "") -> None:
        """Write a notebook with these cells, and wait until its kernel is ready."""
        file = f"{self._name}.ipynb"
        content = {
            "cells": [
                {
                    "id": f"cell-{number}",
                    "cell_type": "code",
                    "source": text,
                    "metadata": {"trusted": True},
                    "outputs": [],
                    "execution_count": None,
                }
                for number, text in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {
                    "name": kernel or self.server.kernel,
                    "display_name": "ipshell",
                }
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.server.folder / file).write_text(json.dumps(content))
        self.page.goto(self.server.address(file))
        self.cell(0).wait_for()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_idle():
            assert time.monotonic() < deadline, self.server.log.read_text()
            time.sleep(0.05)
        self.page.wait_for_selector(
            '.jp-Notebook-ExecutionIndicator[data-status="idle"]', state="attached"
        )

    def _is_idle(self) -> bool:
        return any(
            session["path"] == f"{self._name}.ipynb"
            and session["kernel"]["execution_state"] == "idle"
            and session["kernel"]["connections"] > 0
            for session in self.server.ask("api/sessions")
        )

    def cell(self, number: int) -> Any:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def focus(self, number: int) -> None:
        self.cell(number).locator(".cm-content").click()

    def start(self, number: int) -> None:
        """Run a cell, as Shift-Enter does, without waiting for its end."""
        self.focus(number)
        self.page.keyboard.press("Shift+Enter")

    def run(self, number: int) -> str:
        """Run a cell to its end; the text of its output."""
        self.start(number)
        self.wait_for_end(number)
        return self.output(number)

    def wait_for_end(self, number: int) -> None:
        prompt = self.cell(number).locator(".jp-InputPrompt")
        deadline = time.monotonic() + PATIENCE
        while not prompt.inner_text().strip(" []:").isdigit():
            assert time.monotonic() < deadline, f"cell {number} does not end"
            time.sleep(0.05)

    def output(self, number: int) -> str:
        area = self.cell(number).locator(".jp-Cell-outputArea")
        return str(area.inner_text()) if area.count() else ""

    def wait_for_output(self, number: int, text: str) -> None:
        area = self.cell(number).locator(".jp-Cell-outputArea")
        area.get_by_text(text).first.wait_for()

    def wait_for_text(self, element: Any, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while element.inner_text().strip() != text:
            assert time.monotonic() < deadline, element.inner_text()
            time.sleep(0.05)

    def find(self, number: int, selector: str) -> Any:
        """An element in a cell's output, once it is there."""
        found = self.cell(number).locator(f".jp-Cell-outputArea {selector}").first
        found.wait_for()
        return found

    def drag(self, number: int, selector: str, by: float) -> None:
        """Move something in a cell's output to the right, with the mouse."""
        box = self.find(number, selector).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + by / 2, y, steps=3)
        mouse.move(x + by, y, steps=3)
        mouse.up()

    def menu(self, *words: str) -> None:
        """Choose from the menu bar."""
        bar = self.page.locator("#jp-MainMenu, #menu-panel").first
        bar.get_by_text(words[0], exact=True).click()
        for word in words[1:]:
            self.page.locator(".lm-Menu-itemLabel").get_by_text(word).first.click()

    def photograph(self, what: str) -> Path:
        path = self._pictures / f"{self.server.program}-{self._name}-{what}.png"
        self.page.screenshot(path=str(path))
        return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason=MISSING)
    if not Path(CHROMIUM).exists():
        pytest.skip(MISSING)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def servers(folders: Path) -> Iterator[Callable[[str], Server]]:
    """Starts a program of Jupyter's, once."""
    started: dict[str, Server] = {}

    def start(program: str) -> Server:
        if program not in started:
            pytest.importorskip(program, reason=MISSING)
            folder = folders / "work" / program
            folder.mkdir()
            started[program] = Server(program, folder, NAME)
        return started[program]

    yield start
    for server in started.values():
        server.stop()


@pytest.fixture
def notebook(
    request: pytest.FixtureRequest,
    browser: Any,
    servers: Callable[[str], Server],
    pictures: Path,
) -> Iterator[Callable[..., Notebook]]:
    """Opens notebooks with these cells in the program that the test is run for."""
    server = servers(getattr(request, "param", "jupyterlab"))
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    name = request.node.originalname.removeprefix("test_")
    books: list[Notebook] = []

    def open_notebook(*cells: str, kernel: str = "") -> Notebook:
        own = f"{name}-{len(books)}" if books else name
        book = Notebook(context.new_page(), server, pictures, own)
        books.append(book)
        book.open(cells, kernel)
        return book

    yield open_notebook
    if request.node.stash.get(FAILED, False):
        for book in books:
            book.photograph("failed")
    context.close()
    server.end_sessions()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
