"""What ships: every folder of the package, in a wheel that works away from here."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# What of the package lies beside its folders.
ROOT_FILES = {"__init__.py", "__main__.py", "error.py", "py.typed"}
LINKS = ROOT / ".src" / "ipcluster"

# Seconds for one command: building and installing reach a package index.
PATIENCE = 300

NOT_SOURCES = shutil.ignore_patterns(
    *(".git", ".venv*", ".ci", "build", "dist", "*.egg-info"),
    *("__pycache__", ".*_cache", ".hypothesis"),
)


def folders_with_code() -> set[str]:
    """Import names of the root and of all folders below it that hold a package."""
    floors = {link.name for link in ROOT.iterdir() if (link / "__init__.py").exists()}
    nested = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for floor in floors
        for init in (ROOT / floor).rglob("__init__.py")
    }
    return {"ipcluster"} | {f"ipcluster.{name}" for name in floors | nested}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Standard output of `command`; the test fails with all output if it does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an sdist of this checkout and of a wheel made from that sdist."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    # A copy: building writes beside the sources.
    copy = shutil.copytree(ROOT, folder / "sources", symlinks=True, ignore=NOT_SOURCES)
    run(sys.executable, "-m", "build", "--outdir", folder / "dist", copy, cwd=folder)
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a new environment with the wheel and no checkout."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    run(sys.executable, "-m", "venv", venv, cwd=venv.parent)
    commands = venv / ("Scripts" if os.name == "nt" else "bin")
    run(commands / "python", "-m", "pip", "install", wheel, cwd=venv.parent)
    return commands


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    """A working folder with files of a user that are named as our folders are."""
    for name in ("client", "shell", "wire", "controller", "engines", "launchers"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a user's file ran')\n")
    return tmp_path


def test_every_folder_is_in_the_packages_list() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert set(project["tool"]["setuptools"]["packages"]) == folders_with_code()


@pytest.mark.skipif(not LINKS.exists(), reason="an sdist has no links, a checkout has")
def test_every_folder_has_a_link_for_type_checkers() -> None:
    floors = {name.split(".")[1] for name in folders_with_code() if "." in name}

    targets = {link.name: os.readlink(link) for link in LINKS.iterdir()}

    expected = {name: f"../../{name}" for name in floors | ROOT_FILES}
    assert targets == expected


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())

    inits = {f"{name.replace('.', '/')}/__init__.py" for name in folders_with_code()}
    assert inits | {"ipcluster/py.typed"} <= files
    tops = {name.split("/")[0] for name in files}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ipcluster"}
    floors = {name.split(".")[1] for name in folders_with_code() if "." in name}
    below = {name.split("/")[1] for name in files if name.startswith("ipcluster/")}
    assert below == floors | ROOT_FILES


def test_wheel_holds_every_module(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())

    floors = {name.split(".")[1] for name in folders_with_code() if "." in name}
    modules = {
        f"ipcluster/{module.relative_to(ROOT).as_posix()}"
        for floor in floors
        for module in (ROOT / floor).rglob("*.py")
    }
    assert modules <= files


def test_sdist_holds_tests_and_examples(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}

    wanted = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("examples/*.py")]
    assert {path.relative_to(ROOT).as_posix() for path in wanted} <= files
    assert {"README.md", "LICENSE", "pyproject.toml", "__init__.py"} <= files
    assert not [name for name in files if name.endswith(".pyc")]


@pytest.mark.cluster
def test_installed_wheel_runs_a_cluster(scripts: Path, users_folder: Path) -> None:
    program = users_folder / "squares.py"
    program.write_text(
        "import ipcluster as ipp\n"
        "with ipp.Client() as rc:\n"
        "    rc.wait_for_engines(2, timeout=30)\n"
        "    squares = rc.load_balanced_view().map_sync(lambda x: x * x, range(5))\n"
        "    print(len(rc), squares)\n"
    )

    run(scripts / "ipcluster", "start", "-n", "2", "--daemonize", cwd=users_folder)
    try:
        answer = run(scripts / "python", program, cwd=users_folder)
    finally:
        run(scripts / "ipcluster", "stop", cwd=users_folder)

    assert answer == "2 [0, 1, 4, 9, 16]\n"


@pytest.mark.cluster
@pytest.mark.parametrize("command", ["ipcluster", "ipcontroller", "ipengine"])
def test_installed_command_explains_itself(
    scripts: Path, users_folder: Path, command: str
) -> None:
    text = run(scripts / command, "--help", cwd=users_folder)

    assert f"usage: {command}" in text
