"""Which connection file is meant: here, and by the shell of another machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.shell.console.finding import find_file, finding_script, ident_of
from ipcluster.shell.console.remote import NotReached


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder with three kernels that listen, `new` the newest."""
    folder = tmp_path / "run time"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as kernel:
        port = kernel.getsockname()[1]
        for age, name in enumerate(["new", "old-1", ""]):
            file = f"kernel-{name}.json" if name else "other.json"
            write(folder / file, age, shell_port=port, kernel_pid=os.getpid())
        yield folder


def write(path: Path, age: int, **said: object) -> None:
    """A connection file, so old."""
    path.write_text(json.dumps({"kernel_name": path.name, **said}, indent=2))
    os.utime(path, (1e9 - age, 1e9 - age))


def closed_port() -> int:
    """Where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def gone_pid() -> int:
    """A process that has ended."""
    done = subprocess.Popen(["true"])
    done.wait(20)
    return done.pid


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

    assert json.loads(found.stdout)["kernel_name"] == name
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


def test_kernels_that_have_ended_do_not_count(runtime: Path) -> None:
    for age, name in ((-1, "kernel-newer.json"), (9, "kernel-old-2.json")):
        write(runtime / name, age, shell_port=closed_port(), kernel_pid=gone_pid())

    there = subprocess.run(
        ["sh", "-c", finding_script("")], capture_output=True, text=True, timeout=20
    )

    assert find_file("") == str(runtime / "kernel-new.json")
    assert find_file("kernel-new*") == str(runtime / "kernel-new.json")
    assert find_file("old-2") == str(runtime / "kernel-old-2.json")  # it is named
    assert json.loads(there.stdout)["kernel_name"] == "kernel-new.json"


def test_if_all_have_ended_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    write(tmp_path / "kernel-1.json", 0, shell_port=closed_port())

    with pytest.raises(NotReached, match="are of kernels that have ended"):
        find_file("")
