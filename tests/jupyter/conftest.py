"""Jupyter's own programs, with this kernel: left out unless they are asked for.

    pip install -e '.[test,jupyter-test]'          and a browser: apt install chromium
    pytest -m jupyter tests/jupyter

Kernel spec, settings, history and screenshots lie in pytest's own folders; nothing of
the user's is read or written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.shell.kernel.install import install

NAME = "ipshell-test"
HOW = "pytest -m jupyter tests/jupyter (see CONTRIBUTING.md)"

_left_out = 0


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """All tests here have the mark; without a word of it they are left out."""
    global _left_out
    here = Path(__file__).parent
    own = [item for item in items if item.path.is_relative_to(here)]
    for item in own:
        item.add_marker("jupyter")
    if own and "jupyter" not in (config.option.markexpr or ""):
        _left_out = len(own)
        config.hook.pytest_deselected(items=own)
        items[:] = [item for item in items if item not in own]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left_out:
        terminalreporter.write_line(
            f"{_left_out} tests of Jupyter's programs were left out: {HOW}"
        )


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders for Jupyter's programs and ours, with the kernel spec in them."""
    root = tmp_path_factory.mktemp("jupyter")
    home = root / "home"
    home.mkdir()
    install(prefix=str(root), name=NAME)
    patch = pytest.MonkeyPatch()
    for name, value in {
        "HOME": home,
        "XDG_DATA_HOME": home / "data",
        "XDG_CONFIG_HOME": home / "config",
        "JUPYTER_PATH": root / "share" / "jupyter",
        "JUPYTER_CONFIG_DIR": home / "jupyter-config",
        "JUPYTER_DATA_DIR": home / "jupyter",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "MPLCONFIGDIR": home / "matplotlib",
    }.items():
        patch.setenv(name, str(value))
    patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    patch.delenv("JPY_PARENT_PID", raising=False)
    before = Path.cwd()
    work = root / "work"
    work.mkdir()
    os.chdir(work)
    yield root
    os.chdir(before)
    patch.undo()


@pytest.fixture(autouse=True)
def settings(
    ipcluster_dir: Path, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings and history of kernels: a server starts them for later tests as well.

    In a folder of one test they would make that anew when it has been removed.
    """
    monkeypatch.setenv("IPCLUSTER_DIR", str(folders / "home" / "ipcluster"))


@pytest.fixture(scope="session")
def pictures(folders: Path, pytestconfig: pytest.Config) -> Path:
    """Where screenshots go; the environment may name a folder that stays."""
    given = os.environ.get("IPCLUSTER_SCREENSHOTS")
    here = pytestconfig.invocation_params.dir
    folder = here / given if given else folders / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
