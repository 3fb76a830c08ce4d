"""Where a cluster keeps its files, and which process is which."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from ipcluster.wire import places, private_files
from ipcluster.wire.errors import SecurityError
from ipcluster.wire.places import ClusterPlace, State, all_clusters, most_recent
from ipcluster.wire.processes import is_alive, process_started

as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")

# Longer than any pid that Linux gives.
NO_PID = 1 << 30


@pytest.fixture
def place() -> ClusterPlace:
    made = ClusterPlace()
    made.make()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


# --- folders --------------------------------------------------------------------------


def test_make_makes_private_folders(place: ClusterPlace) -> None:
    folders = [place.folder, place.log_folder, place.run_folder, place.segment_folder]

    assert [mode(folder) for folder in folders] == [0o700] * 4
    place.check()


def test_make_is_private_whatever_the_umask() -> None:
    old = os.umask(0)
    try:
        place = ClusterPlace()
        place.make()
    finally:
        os.umask(old)

    assert mode(place.folder) == mode(place.run_folder.parent) == 0o700


def test_make_can_be_repeated(place: ClusterPlace) -> None:
    place.state_file.write_text("{}")

    place.make()

    assert place.state_file.read_text() == "{}"


def test_remove_leaves_nothing(place: ClusterPlace) -> None:
    (place.run_folder / "door").touch()
    (place.segment_folder / "s1").touch()
    (place.log_folder / "controller.log").touch()
    above = [place.folder, place.run_folder, place.segment_folder]
    above += [place.folder.parent, place.run_folder.parent]

    place.remove()
    place.remove()

    assert [path for path in above if path.exists()] == []
    assert place.root.is_dir()


def test_remove_can_keep_logs(place: ClusterPlace) -> None:
    log = place.log_folder / "controller.log"
    log.touch()
    place.client_ticket.touch()

    place.remove(keep_logs=True)

    assert list(place.folder.iterdir()) == [place.log_folder]
    assert log.exists()
    assert not place.run_folder.exists()


def test_remove_of_one_cluster_leaves_the_other(place: ClusterPlace) -> None:
    other = ClusterPlace(cluster_id="other")
    other.make()

    place.remove()

    assert other.folder.is_dir()
    assert other.run_folder.is_dir()


def test_clusters_come_and_go_side_by_side() -> None:
    failed: list[BaseException] = []

    def come_and_go(cluster_id: str) -> None:
        place = ClusterPlace(cluster_id=cluster_id)
        try:
            for _ in range(30):
                place.make()
                place.remove()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=come_and_go, args=(f"c{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert failed == []


def test_run_folder_is_found_without_its_environment(
    place: ClusterPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = place.run_folder

    monkeypatch.delenv("XDG_RUNTIME_DIR")

    assert ClusterPlace().run_folder == found
    ClusterPlace().remove()
    assert not found.exists()


def test_copied_folder_does_not_use_the_run_folder_of_the_first(
    place: ClusterPlace,
) -> None:
    other = ClusterPlace(cluster_id="copy")
    shutil.copytree(place.folder, other.folder, symlinks=True)

    assert other.run_folder != place.run_folder
    other.remove()
    assert place.run_folder.is_dir()


def test_socket_paths_are_short_however_long_the_runtime_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))

    assert len(os.fsencode(ClusterPlace(cluster_id="y" * 64).door_path)) < 100


def test_small_shared_memory_is_not_used(
    place: ClusterPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_LEAST_SHARED_MEMORY", 1 << 60)

    assert place.segment_folder == place.run_folder / "segments"


# --- what others could do -------------------------------------------------------------


def test_a_runtime_folder_that_others_can_change_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = Path(tempfile.mkdtemp(prefix="ipt-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    try:
        assert runtime in ClusterPlace(cluster_id="x").run_folder.parents
        runtime.chmod(0o777)
        assert runtime not in ClusterPlace(cluster_id="x").run_folder.parents
        runtime.chmod(0o1777)  # as /tmp: nobody can exchange what is another's
        assert runtime in ClusterPlace(cluster_id="x").run_folder.parents
    finally:
        runtime.rmdir()


def test_folder_that_others_may_enter_is_refused(place: ClusterPlace) -> None:
    place.run_folder.chmod(0o755)

    with pytest.raises(SecurityError, match=r"run: chmod 700 .*ipcluster-"):
        place.make()
    with pytest.raises(SecurityError, match="others may enter"):
        place.check()


def test_link_in_place_of_the_run_folder_is_refused(
    place: ClusterPlace, tmp_path: Path
) -> None:
    shutil.rmtree(place.run_folder)
    place.run_folder.symlink_to(tmp_path)

    with pytest.raises(SecurityError, match="is not a folder"):
        place.make()
    place.remove()
    assert tmp_path.is_dir()


@as_root
def test_run_folder_of_another_user_is_refused(place: ClusterPlace) -> None:
    os.chown(place.run_folder.parent, 12345, 12345)

    with pytest.raises(SecurityError, match="belongs to another user"):
        place.make()


def test_root_that_others_may_write_is_refused(place: ClusterPlace) -> None:
    place.root.chmod(0o777)

    with pytest.raises(SecurityError, match="run: chmod go-w"):
        place.make()


def test_root_that_others_may_read_is_fine(place: ClusterPlace) -> None:
    place.root.chmod(0o755)

    place.make()


def test_missing_run_folder_is_told(place: ClusterPlace) -> None:
    shutil.rmtree(place.run_folder)

    with pytest.raises(SecurityError, match="is not there"):
        place.check()


def test_file_is_replaced_whole_or_not_at_all(place: ClusterPlace) -> None:
    private_files.write_file(place.state_file, b"old")

    with pytest.raises(TypeError):
        private_files.write_file(place.state_file, "not bytes")  # type: ignore[arg-type]  # to fail half way

    assert place.state_file.read_bytes() == b"old"
    assert {path.name for path in place.folder.iterdir()} == {
        "cluster.json",
        "log",
        "run",
    }


def test_pipe_in_place_of_a_file_does_not_block(place: ClusterPlace) -> None:
    os.mkfifo(place.client_ticket, 0o600)

    with pytest.raises(SecurityError, match="is not a file"):
        private_files.read_file(place.client_ticket)


# --- names ----------------------------------------------------------------------------


def test_default_cluster_has_an_empty_id_and_a_name() -> None:
    place = ClusterPlace()

    assert (place.profile, place.cluster_id, place.name) == ("default", "", "default")
    assert place.folder.name == "cluster_default"
    assert ClusterPlace(cluster_id="default") == place


def test_environment_names_profile_and_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IPCLUSTER_PROFILE", "mpi")
    monkeypatch.setenv("IPCLUSTER_ID", "night")

    place = ClusterPlace()

    assert place.folder.parts[-2:] == ("profile_mpi", "cluster_night")
    assert ClusterPlace("other").profile == "other"


@pytest.mark.parametrize("name", ["..", "a/b", ".x", "-n", "a b", "x" * 65, "a\n", "é"])
def test_name_that_is_no_part_of_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cluster id .*: use 1 to 64 letters"):
        ClusterPlace(cluster_id=name)
    with pytest.raises(ValueError, match="profile"):
        ClusterPlace(name)


# --- what is known of clusters --------------------------------------------------------


def write_state(cluster_id: str, started: float, **fields: object) -> ClusterPlace:
    place = ClusterPlace(cluster_id=cluster_id)
    place.make()
    known = {"pid": NO_PID, "host": socket.gethostname(), **fields}
    place.write_state(State(started=started, **known))  # type: ignore[arg-type]  # a test's short cut
    return place


def test_state_is_read_back(place: ClusterPlace) -> None:
    state = State(pid=5, pid_started=1.5, keeper_pid=6, host="h", port=7, n=8)

    place.write_state(state)

    assert place.read_state() == state
    assert mode(place.state_file) == 0o600


def test_broken_state_is_none(place: ClusterPlace) -> None:
    assert place.read_state() is None
    for broken in (b"", b"{", b"[]", b'{"n": 3}', b"\xff"):
        place.state_file.write_bytes(broken)
        assert place.read_state() is None


def test_unknown_fields_of_a_state_are_passed_over(place: ClusterPlace) -> None:
    place.state_file.write_text('{"pid": 3, "from_the_future": 1}')

    assert place.read_state() == State(pid=3)


def test_all_clusters_are_listed() -> None:
    ClusterPlace("a", "two").make()
    ClusterPlace("a").make()
    (ClusterPlace("a").root / "profile_a" / "cluster_not ours").mkdir()

    listed = [(place.profile, place.cluster_id) for place in all_clusters()]

    assert listed == [("a", ""), ("a", "two")]


def test_no_clusters_at_all() -> None:
    assert all_clusters() == []
    assert most_recent() is None


def test_most_recent_prefers_those_that_run() -> None:
    write_state("dead", started=9.0)
    assert most_recent() == ClusterPlace(cluster_id="dead")

    write_state("elsewhere", started=3.0, host="another-host")
    assert most_recent() == ClusterPlace(cluster_id="elsewhere")

    me = {"pid": os.getpid(), "pid_started": process_started(os.getpid())}
    write_state("older", started=1.0, **me)
    write_state("newer", started=2.0, **me)
    assert most_recent() == ClusterPlace(cluster_id="newer")
    assert most_recent(profile="none") is None


# --- processes ------------------------------------------------------------------------


def test_process_is_known_by_pid_and_start() -> None:
    started = process_started(os.getpid())

    assert started is not None
    assert is_alive(os.getpid(), started)
    assert not is_alive(os.getpid(), started + 1)
    assert is_alive(os.getpid(), None)


def test_start_stays_the_same() -> None:
    assert process_started(1) == process_started(1)


@pytest.mark.parametrize("pid", [0, -1, NO_PID])
def test_pid_of_nobody_has_no_start(pid: int) -> None:
    assert process_started(pid) is None
    assert not is_alive(pid, None)


def test_zombie_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    # It has ended, and is not reaped.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    try:
        assert process_started(child.pid) is None
    finally:
        child.wait(10)


def test_start_can_be_had_where_there_is_no_proc() -> None:
    from ipcluster.wire.processes import _started_elsewhere

    started = _started_elsewhere(os.getpid())

    assert started is not None
    assert _started_elsewhere(NO_PID) is None


def test_nothing_stays_of_what_is_made_while_it_is_removed() -> None:
    """A client writes its arrays until it hears that the cluster has stopped."""
    place = ClusterPlace("default", "busy")
    folder = place.segment_folder
    begun, enough = threading.Event(), threading.Event()

    def write() -> None:
        with contextlib.suppress(FileNotFoundError):
            for number in itertools.count():
                (folder / f"c1-{number}").touch()
                begun.set()
                if enough.is_set():
                    return

    for _ in range(20):
        place.make()
        begun.clear()
        writer = threading.Thread(target=write)
        writer.start()
        assert begun.wait(10)
        place.remove()
        left = list(folder.parent.glob(f"*{folder.name}*"))
        enough.set()
        writer.join(10)

        assert not left
        assert not folder.exists()
        enough.clear()


def test_what_a_broken_off_removal_has_left_is_removed() -> None:
    place = ClusterPlace("default", "half")
    place.make()
    folder = place.segment_folder
    gone = folder.with_name(f".{folder.name}.12345.gone")
    folder.rename(gone)

    place.remove()

    assert not gone.exists()
