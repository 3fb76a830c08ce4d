"""Modules that lie beside the user's program, and engines that were started elsewhere.

Each program is run from another folder than the one its modules lie in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

PATIENCE = 60.0

HELPER = """
SCALE = 10
def scale(x): return SCALE * x
class Point:
    def __init__(self, x): self.x = x
    def double(self): return 2 * self.x
"""

USE = """
import os, sys
import ipcluster as ipp
import {helper} as helper

def use(rc):
    view = rc[:]
    assert view.apply_sync(helper.scale, 2) == [20, 20]
    assert view.apply_sync(lambda: helper.scale(3)) == [30, 30]
    assert rc[0].apply_sync(lambda point: point.double(), helper.Point(4)) == 8
    assert isinstance(rc[0].apply_sync(helper.Point, 4), helper.Point)
    with view.sync_imports(quiet=True):
        import {helper}
    view.execute("import {helper}_two", block=True)

    def imports():
        import {helper}_three as three
        return three.scale(1)

    assert view.apply_sync(imports) == [10, 10]
    view.run(os.path.join(os.path.dirname(__file__), "other.py"), block=True)
    assert view["beside"] == [10, 10]
    needs = ipp.require({helper})(lambda: {helper}.SCALE)
    assert rc.load_balanced_view().apply_sync(needs) == 10

if __name__ == "__main__":
    if len(sys.argv) > 1:
        with ipp.Client(sys.argv[1]) as rc:
            use(rc)
    else:
        with ipp.Cluster(n=2) as rc:
            # By name alone: only this program's Python knows the folder.
            rc[:].execute("import {helper}", block=True)
            use(rc)
    print("all is well")
"""


def run(folder: Path, elsewhere: Path, helper: str, *words: str) -> str:
    """Write a program and its helper into `folder`, and run it from `elsewhere`."""
    folder.mkdir()
    elsewhere.mkdir()
    for number in ("", "_two", "_three", "_four"):
        (folder / f"{helper}{number}.py").write_text(HELPER)
    (folder / "other.py").write_text(f"from {helper}_four import SCALE as beside")
    program = folder / "program.py"
    program.write_text(USE.format(helper=helper))
    done = subprocess.run(
        [sys.executable, program, *words],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done.stderr + done.stdout


def test_engines_of_a_program_find_the_modules_beside_it(tmp_path: Path) -> None:
    said = run(tmp_path / "project", tmp_path / "elsewhere", "beside_it")

    assert said == "all is well\n"


def test_engines_that_run_already_find_them_too(shared: Any, tmp_path: Path) -> None:
    ticket = str(shared.place.client_ticket)

    said = run(tmp_path / "project", tmp_path / "elsewhere", "beside_too", ticket)

    assert said == "all is well\n"


def test_a_module_that_engines_do_not_have_is_named(
    rc: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only_here.py").write_text(HELPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    only_here: Any = __import__("only_here")
    # As on another host: the engines have no such folder.
    only_here.__file__ = "/no/such/folder/only_here.py"

    with pytest.raises(ModuleNotFoundError) as caught:
        rc[0].apply_sync(only_here.scale, 1)

    text = str(caught.value)
    assert "no module 'only_here' on host" in text.splitlines()[0]
    assert "it lies in '/no/such/folder'" in text
    assert "ipcluster.register_pickle_by_value(only_here)" in text
    assert f"--- on engine {rc.ids[0]}, {os.uname().nodename} ---" in text


def test_a_failing_import_says_whose_it_is(rc: Client) -> None:
    with pytest.raises(ipp.CompositeError) as caught:
        rc[:].execute("import a_module_that_is_nowhere", block=True)

    text = str(caught.value)
    assert text.count("No module named 'a_module_that_is_nowhere'") == 1
    assert f"Looked for on host {os.uname().nodename!r} by {sys.executable}" in text


def test_spawned_engines_have_the_folders_of_their_session(
    own: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spawned_with.py").write_text(HELPER)
    monkeypatch.syspath_prepend(str(tmp_path))

    rc: Client = own(1, "--spawn")

    rc[0].execute("import spawned_with", block=True)
    assert rc[0]["spawned_with.SCALE"] == 10


def test_a_module_by_value_needs_no_file(
    rc: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "by_value_only.py").write_text(HELPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    module: Any = __import__("by_value_only")
    module.__file__ = "/no/such/folder/by_value_only.py"
    ipp.register_pickle_by_value(module)

    try:
        assert rc[:].apply_sync(module.scale, 2) == [20, 20]
        assert rc[:].apply_sync(lambda: module.scale(3)) == [30, 30]
        assert rc[0].apply_sync(lambda point: point.double(), module.Point(4)) == 8
        assert isinstance(rc[0].apply_sync(module.Point, 4), module.Point)
        rc[:].push({"module": module, "SCALE": 1000}, block=True)
        rc[:].execute("found = module.scale(1)", block=True)
        assert rc[:]["found"] == [10, 10]
    finally:
        ipp.unregister_pickle_by_value(module)
