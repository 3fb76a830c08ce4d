"""How clusters are named."""

from pathlib import Path

import pytest

from ipcluster.launchers import names
from ipcluster.wire.places import ClusterPlace


def test_without_names_it_is_the_default_cluster(ipcluster_dir: Path) -> None:
    place = names.place_of("", "", None)

    assert place == ClusterPlace("default", "", ipcluster_dir)


def test_the_environment_names_what_options_leave_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IPCLUSTER_PROFILE", "p")
    monkeypatch.setenv("IPCLUSTER_ID", "c")

    assert names.place_of("", "", None).folder.parts[-2:] == ("profile_p", "cluster_c")
    assert names.place_of("q", "", "").folder.parts[-2:] == (
        "profile_q",
        "cluster_default",
    )


def test_a_profile_dir_is_root_and_profile(tmp_path: Path) -> None:
    place = names.place_of("", str(tmp_path / "profile_x"), "c")

    assert place == ClusterPlace("x", "c", tmp_path)


@pytest.mark.parametrize(("profile", "folder"), [("", "x"), ("y", "profile_x")])
def test_a_profile_dir_that_does_not_fit_is_refused(profile: str, folder: str) -> None:
    with pytest.raises(ValueError, match="profile_dir must be"):
        names.place_of(profile, f"/some/{folder}", "")


def test_names_in_options_code_and_sentences() -> None:
    default, other = ClusterPlace("default", ""), ClusterPlace("p", "c")

    assert names.options_for(default) == ""
    assert names.options_for(other) == " --profile p --cluster-id c"
    assert names.client_arguments(default) == ""
    assert names.client_arguments(other) == "profile='p', cluster_id='c'"
    assert names.describe(default) == "cluster 'default'"
    assert names.describe(other) == "cluster 'c' of profile 'p'"


def test_new_names_differ() -> None:
    assert len({names.new_name() for _ in range(50)}) == 50
