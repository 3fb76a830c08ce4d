"""Every example of the pages about the shell is tried, and does what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "shell",
    "magics",
    "configuration",
    "extending",
    pytest.param("kernel", marks=pytest.mark.cluster),
)

# Seconds: a page starts commands of the system, and kernels.
PATIENCE = 120


def follow(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what a page says."""
    return subprocess.run(
        [sys.executable, Path(__file__).with_name("follow.py"), page, folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("page", PAGES)
def test_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    done = follow(ROOT / "docs" / f"{page}.md", tmp_path)

    assert done.returncode == 0, done.stdout


@pytest.mark.cluster
def test_sessions_of_the_readme_are_as_they_stand(tmp_path: Path) -> None:
    done = follow(ROOT / "README.md", tmp_path)

    assert done.returncode == 0, done.stdout


def test_a_page_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n1 + 1  # => 3\n```\n"
        "```ipython\nIn [1]: 2 * 3\nOut[1]: 7\n```\n"
        "```console\n$ echo no\nyes\n```\n"
        "<!-- config -->\n```python\nget_config().NoClass.option = 1\n```\n"
    )

    done = follow(page, tmp_path)

    assert done.returncode == 1
    for told in ("1 + 1  # => 3", "wants:\n7\ngot:\n6", "wants:\nyes\ngot:\nno"):
        assert told in done.stdout
    assert "NoClass" in done.stdout
