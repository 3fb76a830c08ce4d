"""The README's five minutes, run as they stand, and what they promise, checked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parent.parent / "README.md"

# Seconds: two clusters start and stop in it.
PATIENCE = 120


def python_of(text: str) -> str:
    """All Python in `text`, in order, with each `# =>` made an assertion."""
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return re.sub(
        r"^(\S.*?)  # => (.*)$",
        lambda line: f"found = {line[1]}\nassert repr(found) == {line[2]!r}, found",
        "\n".join(blocks),
        flags=re.MULTILINE,
    )


def test_promises_become_assertions() -> None:
    text = "```python\nx = 1\nx + 1  # => 2\n```\n"

    code = python_of(text)

    assert code == "x = 1\nfound = x + 1\nassert repr(found) == '2', found\n"


@pytest.mark.cluster
def test_tour_gives_what_it_says(tmp_path: Path) -> None:
    code = python_of(README.read_text())
    assert code.count("assert repr(found)") > 10
    # A script, as users have: spawned processes must not run it a second time.
    tour = tmp_path / "tour.py"
    tour.write_text(code)

    done = subprocess.run(
        [sys.executable, tour],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )

    assert done.returncode == 0, done.stdout
