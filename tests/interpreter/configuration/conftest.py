"""A folder of all profiles, and a way to read a config file in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.files import read_file

Reader = Callable[..., Config]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def read(root: Path) -> Reader:
    """Write a file, read it, and give its config."""

    def read(text: str, name: str = "ipshell_config.py") -> Config:
        path = root / name
        path.write_text(text)
        config = Config()
        read_file(str(path), config, str(root))
        return config

    return read
