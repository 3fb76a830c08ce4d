"""Folders of profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipcluster.engines.interpreter.configuration import profiles
from ipcluster.engines.interpreter.configuration.classes import import_all, live
from ipcluster.engines.interpreter.configuration.config import Config
from ipcluster.engines.interpreter.configuration.files import read_file
from ipcluster.wire.places import ClusterPlace


def test_a_shell_and_a_cluster_have_the_same_profile(root: Path) -> None:
    cluster = ClusterPlace("work", root=root)

    profile = profiles.find("work", str(root))

    assert Path(profile.location) == cluster.folder.parent
    assert profile.name == "work"


@pytest.mark.parametrize(
    "name",
    ["", "../x", "a/b", "-x", ".x", "a b", "\N{LATIN SMALL LETTER E}/", "x" * 65],
)
def test_a_name_that_could_be_no_folder_is_refused(name: str, root: Path) -> None:
    with pytest.raises(profiles.ProfileError, match="letters, digits"):
        profiles.find(name, str(root))


def test_a_new_profile_has_a_config_file_of_comments(root: Path) -> None:
    profile = profiles.find("p", str(root))

    written = profile.create()

    config = Config()
    read_file(written[0], config, str(root))
    assert config == {}
    assert config.complaints == []
    text = Path(written[0]).read_text()
    import_all()
    for name, cls in live().items():
        if cls.__module__.startswith("ipcluster."):
            for option in cls.options().values():
                if option.owner == name:
                    assert f"# c.{name}.{option.name} = " in text
    assert os.stat(profile.location).st_mode & 0o777 == 0o700


def test_creating_it_again_changes_nothing_unless_asked(root: Path) -> None:
    profile = profiles.find("p", str(root))
    path = Path(profile.create()[0])
    path.write_text("mine")

    assert profile.create() == []
    assert path.read_text() == "mine"
    assert str(path) in profile.create(overwrite=True)
    assert path.read_text() != "mine"


def test_startup_files_come_in_the_order_of_their_names(root: Path) -> None:
    profile = profiles.find("p", str(root))
    profile.create()
    folder = Path(profile.startup_dir)
    for name in ("10-b.ipy", "00-a.py", "20-c.txt"):
        (folder / name).write_text("")

    names = [os.path.basename(path) for path in profile.startup_files()]

    assert names == ["00-a.py", "10-b.ipy"]


def test_profiles_are_listed(root: Path) -> None:
    for name in ("b", "a"):
        assert profiles.find(name, str(root)).ensure()
    (root / "profile_file").write_text("")

    assert [profile.name for profile in profiles.all_in(str(root))] == ["a", "b"]
    assert list(profiles.all_in(str(root / "none"))) == []


def test_a_folder_that_cannot_be_made_is_no_error(root: Path) -> None:
    (root / "profile_p").write_text("a file in its place")

    assert not profiles.find("p", str(root)).ensure()
    assert profiles.find("p", str(root)).startup_files() == []
