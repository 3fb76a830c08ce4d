"""`ipcluster list`, `status`, `stop` and `clean` on folders that dead clusters left."""

import json
import socket
from collections.abc import Iterator

import pytest

from ipcluster.launchers.app import main
from ipcluster.launchers.commands import ids
from ipcluster.launchers.reports import duration
from ipcluster.wire.places import ClusterPlace, State


@pytest.fixture
def dead() -> Iterator[list[ClusterPlace]]:
    """Two clusters of two profiles, whose controllers are gone."""
    places = [ClusterPlace("default", ""), ClusterPlace("other", "two")]
    for place in places:
        place.make()
        host = socket.gethostname()
        place.write_state(State(pid=2**22 + 1, pid_started=5.0, host=host, n=3))
    yield places
    for place in places:
        place.remove()


def said(capsys: pytest.CaptureFixture[str], *line: str) -> tuple[int, str, str]:
    status = main(line)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_nothing_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "list")[:2] == (
        0,
        "no clusters; start one with `ipcluster start`\n",
    )
    assert said(capsys, "list", "-o", "json")[:2] == (0, "[]\n")
    assert said(capsys, "status")[:2] == (1, "no cluster 'default' is running\n")
    assert said(capsys, "stop")[:2] == (0, "no cluster 'default' is running\n")
    assert said(capsys, "stop", "--all")[:2] == (0, "no cluster is running\n")
    assert said(capsys, "clean")[:2] == (0, "nothing to clean\n")


@pytest.mark.parametrize("command", ["engines", "stop-engines", "restart-engines"])
def test_no_engines_without_a_cluster(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = said(capsys, command, "--cluster-id", "x")

    assert status == 1
    assert errors.startswith("ipcluster: no cluster 'x' is running")


def test_dead_clusters_are_listed_as_dead(
    dead: list[ClusterPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    _, text, _ = said(capsys, "list")
    _, data, _ = said(capsys, "list", "-o", "json")

    assert [line.split()[:3] for line in text.splitlines()[1:3]] == [
        ["default", "default", "dead"],
        ["other", "two", "dead"],
    ]
    assert "ipcluster clean" in text
    assert [
        (one["profile"], one["cluster_id"], one["state"]) for one in json.loads(data)
    ] == [("default", "", "dead"), ("other", "two", "dead")]


def test_status_of_a_dead_cluster_says_what_to_do(
    dead: list[ClusterPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    status, text, _ = said(
        capsys, "status", "--profile", "other", "--cluster-id", "two"
    )

    assert status == 1
    assert "dead" in text
    assert "ipcluster stop --profile other --cluster-id two" in text


def test_clean_keeps_to_its_profile(
    dead: list[ClusterPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    status, text, _ = said(capsys, "clean")

    assert status == 0
    assert text == "cluster 'default' was dead; its files are removed\n"
    assert [place.folder.exists() for place in dead] == [False, True]


def test_clean_all_takes_all_profiles(
    dead: list[ClusterPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "clean", "--all")[0] == 0

    assert [place.folder.exists() for place in dead] == [False, False]
    assert [place.segment_folder.exists() for place in dead] == [False, False]


def test_stop_all_goes_on_after_one_that_cannot_be_stopped(
    dead: list[ClusterPlace], capsys: pytest.CaptureFixture[str]
) -> None:
    dead[0].write_state(State(pid=7, host="elsewhere"))

    status, text, errors = said(capsys, "stop", "--all")

    assert status == 1
    assert "elsewhere" in errors
    assert "cluster 'two'" in text
    assert [place.folder.exists() for place in dead] == [True, False]


def test_ids_as_people_write_them() -> None:
    assert ids([]) == ""
    assert ids([3]) == "3"
    assert ids({7, 0, 2, 4, 5, 6}) == "0,2,4-7"


def test_durations_in_their_two_largest_units() -> None:
    assert [duration(s) for s in (-1, 59.9, 61, 3_660, 90_000)] == [
        "0 s",
        "59 s",
        "1 min 1 s",
        "1 h 1 min",
        "1 d 1 h",
    ]
