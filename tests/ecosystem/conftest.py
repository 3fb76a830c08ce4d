"""Libraries of the field, unchanged from the package index, in our shell.

Two virtual environments are built once per run: one `with` IPython, one `without`. Each
test runs cells there, in a process of its own: in the shell itself (shell_cells.py), or
in a kernel that a client of Jupyter's talks to (kernel_cells.py).

These tests take minutes and a network, so they run only when they are asked for:

    pytest -m ecosystem

`IPCLUSTER_ECOSYSTEM` names a folder for the environments that outlives the run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Seconds that one test's cells may take: a compiler is among them.
PATIENCE = 180

LIBRARIES = [
    "Cython",
    "comm",
    "jinja2",  # pandas' Styler wants it
    "jupyter_client",
    "jupyterlab_widgets",
    "line_profiler",
    "matplotlib",
    "memory_profiler",
    "pandas",
    "pyinstrument",
    "rich",
    "setuptools",  # memory_profiler wants distutils, Cython a build
    "snakeviz",
    "tqdm",
    "traitlets",
]
# These name IPython among what they need. They work without it, in our shell.
THAT_NEED_IPYTHON = ["ipywidgets", "watermark"]
NEEDED_BESIDES = ["importlib-metadata", "widgetsnbextension"]


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave them out, unless `-m` speaks of them."""
    if "ecosystem" in str(config.getoption("markexpr")):
        return
    ours = [one for one in items if one.get_closest_marker("ecosystem")]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [one for one in items if one not in ours]


def _build(folder: Path, with_ipython: bool) -> Path:
    """An environment with the libraries; its Python."""
    python = folder / "bin" / "python"
    done = folder / "complete"
    if done.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)

    def install(*words: str) -> None:
        command = [python, "-m", "pip", "install", "-q", *words]
        subprocess.run(
            [str(word) for word in command],
            check=True,
            env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )

    install("-e", str(ROOT), *LIBRARIES)
    if with_ipython:
        # JupyterLab brings both.
        install("ipython", "ipykernel", *THAT_NEED_IPYTHON)
    else:
        install("--no-deps", *THAT_NEED_IPYTHON, *NEEDED_BESIDES)
    done.touch()
    return python


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Python of each environment, by name."""
    given = os.environ.get("IPCLUSTER_ECOSYSTEM")
    base = Path(given) if given else tmp_path_factory.mktemp("environments")
    base.mkdir(parents=True, exist_ok=True)
    return {
        name: _build(base / name, with_ipython=name == "with")
        for name in ("with", "without")
    }


@pytest.fixture(params=["with", "without"])
def python(request: pytest.FixtureRequest, environments: dict[str, Path]) -> Path:
    """Python with the libraries, with or without IPython."""
    return environments[request.param]


class Shown:
    """What a cell has shown: texts, and bundles of MIME types."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self.out: str = plain["out"]
        self.err: str = plain["err"]
        self.error: str | None = plain["error"]
        self.bundles: list[dict[str, Any]] = plain["bundles"]
        self.messages: list[list[Any]] = plain.get("messages", [])

    @property
    def mime_types(self) -> set[str]:
        return {name for bundle in self.bundles for name in bundle}

    def __repr__(self) -> str:
        return f"{self.out!r} {self.err!r} {self.error} {str(self.bundles)[:200]}"


def _runner(script: str, python: Path, folder: Path) -> Callable[..., list[Shown]]:
    def run(*cells: str, **environment: str) -> list[Shown]:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("MPLBACKEND", "DISPLAY", "PYTHONPATH")
        }
        done = subprocess.run(
            [str(python), str(HERE / script)],
            input=json.dumps(cells),
            capture_output=True,
            text=True,
            cwd=folder,
            env=kept | {"HOME": str(home), "BROWSER": "true"} | environment,
            timeout=PATIENCE,
            check=False,
        )
        last = done.stdout.rstrip().rpartition("\n")[2]
        try:
            return [Shown(one) for one in json.loads(last)]
        except ValueError:
            raise AssertionError(f"{done.stdout}\n{done.stderr}") from None

    return run


@pytest.fixture
def cells(python: Path, tmp_path: Path) -> Callable[..., list[Shown]]:
    """Runs cells in a shell; what each has shown."""
    return _runner("shell_cells.py", python, tmp_path)


@pytest.fixture
def kernel_cells(python: Path, tmp_path: Path) -> Callable[..., list[Shown]]:
    """Runs cells in a kernel, through a client of Jupyter's; what each has shown."""
    return _runner("kernel_cells.py", python, tmp_path)
