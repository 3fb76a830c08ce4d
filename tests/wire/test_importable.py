"""The user's own modules: where they are found, and what is said where they are not."""

from __future__ import annotations

import importlib
import pickle
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import pytest

from ipcluster.wire.importable import (
    find,
    folder_of,
    folders_for,
    import_from,
    is_library,
    user_folders,
)
from ipcluster.wire.serialize import dump, load


class EngineSide(Protocol):
    def run(
        self, function: Callable[..., Any], *args: Any, setup: str = "", **keywords: Any
    ) -> Any: ...


SOURCE = """
import functools
SCALE = 10
def scale(x): return SCALE * x
@functools.lru_cache
def kept(x): return x
class Point:
    class Inner: name = "inner"
    def __init__(self, x): self.x = x
    def __eq__(self, other): return type(other) is Point and other.x == self.x
    __hash__ = None
"""


class Project:
    """A folder with a user's modules, on the path of this process alone."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._names: list[str] = []
        patch.syspath_prepend(str(folder))

    def module(self, name: str, source: str = SOURCE) -> ModuleType:
        """Write a module and import it. Each test has names of its own."""
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        importlib.invalidate_caches()
        self._names.append(name)
        return importlib.import_module(name)

    def forget(self) -> None:
        for name in list(sys.modules):
            if any(f"{name}.".startswith(f"{one}.") for one in self._names):
                del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    path = list(sys.path)
    project = Project(tmp_path, monkeypatch)
    yield project
    project.forget()
    sys.path[:] = path


def test_a_users_module_has_a_folder_and_a_library_has_none(project: Project) -> None:
    project.module("own_alone")
    project.module("own_package.inner")

    assert folder_of("own_alone") == str(project.folder)
    assert folder_of("own_package.inner") == str(project.folder)
    assert folder_of("pickle") == folder_of("numpy") == folder_of("sys") == ""
    assert folder_of("ipcluster.wire.serialize") == ""
    assert folder_of("own_and_nowhere") == ""


def test_asking_for_a_module_that_is_not_loaded_decides_nothing(
    project: Project,
) -> None:
    assert folder_of("own_later") == ""

    project.module("own_later")

    assert folder_of("own_later") == str(project.folder)
    assert not is_library("own_later")


def test_the_users_folders_are_those_without_libraries(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(sys, "path", ["", *sys.path, "nowhere", str(project.folder)])

    folders = user_folders()

    assert folders.count(str(project.folder)) == 1
    assert not [one for one in folders if "site-packages" in one or "nowhere" in one]
    assert not [one for one in folders if one == str(Path(pickle.__file__).parent)]


def test_things_of_a_users_module_are_found_by_another_process(
    project: Project, engine_side: EngineSide
) -> None:
    own: Any = project.module("own_found")

    assert engine_side.run(own.scale, 2) == 20
    assert engine_side.run(lambda: own.scale(3)) == 30
    assert engine_side.run(own.kept, 4) == 4
    assert engine_side.run(lambda point: point.x + 1, own.Point(5)) == 6
    back = engine_side.run(own.Point, 7)
    assert back == own.Point(7)
    assert type(back) is own.Point
    assert engine_side.run(lambda: own.Point.Inner.name) == "inner"


def test_modules_of_a_users_package_are_found(
    project: Project, engine_side: EngineSide
) -> None:
    project.module("own_parts.deep.inner")
    package: Any = importlib.import_module("own_parts")

    assert engine_side.run(package.deep.inner.scale, 1) == 10
    assert engine_side.run(lambda: package.deep.inner.SCALE) == 10


def test_a_folder_is_looked_in_last(project: Project, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    before = list(sys.path)

    with pytest.raises(ModuleNotFoundError):
        import_from("own_nowhere", str(tmp_path / "elsewhere"))

    assert sys.path == [*before, str(tmp_path / "elsewhere")]


def test_a_module_that_is_nowhere_is_named_with_what_to_do() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        find("own_nowhere.deep", "scale", "/home/me/project")

    text = str(caught.value)
    assert caught.value.name == "own_nowhere"
    assert f"no module 'own_nowhere' on host {platform.node()!r}" in text
    assert "it lies in '/home/me/project'" in text
    assert "ipcluster.register_pickle_by_value(own_nowhere)" in text


def test_a_module_that_misses_another_one_does_not_blame_itself(
    project: Project,
) -> None:
    project.module("own_broken", "VALUE = 1")
    (project.folder / "own_broken.py").write_text("import own_missing")
    project.forget()
    importlib.invalidate_caches()

    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'own_missing'$"):
        find("own_broken", "VALUE", str(project.folder))


def test_another_version_of_a_module_is_said_to_be_one(project: Project) -> None:
    own: Any = project.module("own_changed")
    packed = dump(own.scale, None)
    del own.scale

    with pytest.raises(AttributeError, match=r"'own_changed' .* has no 'scale'.*other"):
        load(packed.payload)


def test_imports_of_the_users_modules_need_folders(
    project: Project, engine_side: EngineSide
) -> None:
    project.module("own_loaded")
    (project.folder / "own_seen.py").write_text(SOURCE)
    (project.folder / "own_folder").mkdir()
    (project.folder / "own_folder" / "__init__.py").touch()
    folder = str(project.folder)

    assert folders_for(["own_loaded", "own_seen.x", "os", "numpy", "nowhere"]) == [
        folder
    ]
    assert folders_for(["own_seen"]) == folders_for(["own_folder.deep"]) == [folder]
    assert folders_for(["sys", "numpy", "own_nowhere", "", "ipcluster.wire"]) == []

    def call() -> Any:
        def inside() -> Any:
            from own_seen import scale  # type: ignore[import-not-found]

            return scale

        return inside()(2)

    assert engine_side.run(call) == 20
