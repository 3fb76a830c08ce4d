"""The floors of the architecture: who may import whom, and who stays small."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ipcluster

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {"client", "controller", "engines", "launchers", "shell", "wire"}


def modules_loaded_by(statement: str) -> set[str]:
    """Names of top-level packages in a new interpreter after `statement`."""
    code = f"import sys\n{statement}\nprint(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_imports_point_down_only() -> None:
    pytest.importorskip("importlinter")

    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_ipcluster_loads_nothing_else() -> None:
    loaded = modules_loaded_by("import ipcluster")

    assert not loaded & {"zmq", "msgspec", "numpy", "dill", "psutil", "asyncio"}


def test_engine_imports_no_network() -> None:
    loaded = modules_loaded_by("import ipcluster.engines.engine")

    assert not loaded & {"zmq", "psutil", "cryptography", "dill", "asyncio", "numpy"}


@pytest.mark.parametrize(
    "init",
    [
        pytest.param(init, id=init.parent.relative_to(ROOT).as_posix())
        for init in sorted(ROOT.glob("*/**/__init__.py"))
        if init.relative_to(ROOT).parts[0] in FLOORS
    ],
)
def test_folder_says_what_is_in_it(init: Path) -> None:
    docstring = ast.get_docstring(ast.parse(init.read_text())) or ""

    named = re.findall(r"\b[a-z_]+\.py\b", docstring)

    is_floor = len(init.relative_to(ROOT).parts) == 2
    assert (5 if is_floor else 1) <= len(docstring.splitlines()) <= 60
    assert [name for name in named if not (init.parent / name).exists()] == []


def names_for_type_checkers() -> dict[str, str]:
    """Public name -> module, as the TYPE_CHECKING block of __init__.py has them."""
    tree = ast.parse((ROOT / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: node.module or ""
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if not (alias.asname or "").startswith("_")
    }


@pytest.mark.parametrize(("name", "home"), sorted(names_for_type_checkers().items()))
def test_public_name_is_what_type_checkers_see(name: str, home: str) -> None:
    found = getattr(ipcluster, name)

    expected = (
        importlib.import_module("ipcluster.wire.errors")
        if name == "error"
        else getattr(importlib.import_module(home), name)
    )
    assert found is expected


def test_public_names_are_listed() -> None:
    listed = set(dir(ipcluster))

    assert names_for_type_checkers().keys() | {"__version__"} <= listed
    public = {name for name in listed if not name.startswith("_")}
    assert public - FLOORS == names_for_type_checkers().keys() | {"version_info"}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Kluster'"):
        _ = ipcluster.Kluster
