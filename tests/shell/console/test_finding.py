"""Which connection file is meant: here, and by the shell of another machine."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from ipcluster.shell.console.finding import find_file, finding_script, ident_of
from ipcluster.shell.console.remote import NotReached


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder with three kernels, `new` the newest."""
    folder = tmp_path / "run time"
    folder.mkdir()
    for age, name in enumerate(["kernel-new.json", "kernel-old-1.json", "other.json"]):
        path = folder / name
        path.write_text(json.dumps({"kernel_name": name}))
        os.utime(path, (1e9 - age, 1e9 - age))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


MEANT = [
    ("", "kernel-new.json"),
    ("old-1", "kernel-old-1.json"),
    ("kernel-old-1.json", "kernel-old-1.json"),
    ("ld-", "kernel-old-1.json"),
    ("*", "kernel-new.json"),
    ("o*r", "other.json"),
]


@pytest.mark.parametrize(("which", "name"), MEANT)
def test_the_newest_that_fits_is_taken(runtime: Path, which: str, name: str) -> None:
    assert find_file(which) == str(runtime / name)


@pytest.mark.parametrize(("which", "name"), MEANT)
def test_another_machine_finds_the_same(runtime: Path, which: str, name: str) -> None:
    command = ["sh", "-c", finding_script(which)]

    found = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert json.loads(found.stdout) == {"kernel_name": name}
    assert found.stderr == ""


@pytest.mark.parametrize("which", ["nobody", "$(touch pwned)", "'; touch pwned; '*"])
def test_what_is_not_there_is_not_run_either(runtime: Path, which: str) -> None:
    command = ["sh", "-c", finding_script(which)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode != 0
    assert not (runtime.parent / "pwned").exists()
    with pytest.raises(NotReached, match="no connection file"):
        find_file(which)


def test_a_path_is_taken_as_it_is(runtime: Path) -> None:
    path = str(runtime / "other.json")

    assert find_file(path) == path
    assert ident_of(find_file("")) == "new"


def test_without_any_kernel_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))

    with pytest.raises(NotReached, match="no kernel runs"):
        find_file("")
