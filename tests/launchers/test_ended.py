"""Stopping clusters whose processes are stand-ins that do as they like."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipcluster.launchers.claim import claimed
from ipcluster.launchers.ended import Ended, is_running, stop_cluster
from ipcluster.wire.errors import ClusterError, LaunchError
from ipcluster.wire.places import ClusterPlace, State, process_started

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(flush=True); time.sleep(60)"
)
MEEK = "import time; print(flush=True); time.sleep(60)"
WITH_CHILD = (
    "import subprocess, sys, time;"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(flush=True); time.sleep(60)"
)


class StandIns:
    """Processes in the place of a controller, a keeper or an engine."""

    def __init__(self, place: ClusterPlace) -> None:
        self._place = place
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, code: str = MEEK, *, marked: bool = True) -> int:
        environment = dict(os.environ)
        if marked:
            environment["IPCLUSTER_PLACE"] = str(self._place.folder)
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process.pid

    def note(self, pid: int, keeper: int = 0, host: str = "") -> None:
        """Write the cluster's state as a controller does."""
        self._place.write_state(
            State(
                pid=pid,
                pid_started=process_started(pid) or 1.0,
                keeper_pid=keeper,
                keeper_started=process_started(keeper) or 1.0,
                host=host or socket.gethostname(),
                started=time.time(),
            )
        )

    def statuses(self) -> list[int | None]:
        return [process.poll() for process in self.started]


@pytest.fixture
def place() -> Iterator[ClusterPlace]:
    place = ClusterPlace("default", "stand-in")
    place.make()
    yield place
    place.remove()


@pytest.fixture
def processes(place: ClusterPlace) -> Iterator[StandIns]:
    made = StandIns(place)
    yield made
    for process in made.started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_live_controller_is_asked_to_stop(
    place: ClusterPlace, processes: StandIns
) -> None:
    processes.note(processes.start())

    ended = stop_cluster(place)

    assert ended == Ended(was_running=True, had_files=True)
    assert processes.statuses() == [-signal.SIGTERM]
    assert not place.folder.exists()


def test_one_that_does_not_listen_is_killed(
    place: ClusterPlace, processes: StandIns
) -> None:
    processes.note(processes.start(STUBBORN))

    ended = stop_cluster(place, grace=0.1)

    assert ended == Ended(was_running=True, was_killed=True, had_files=True)
    assert processes.statuses() == [-signal.SIGKILL]


def test_one_that_is_frozen_hears_of_it(
    place: ClusterPlace, processes: StandIns
) -> None:
    pid = processes.start()
    processes.note(pid)
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)

    assert not stop_cluster(place).was_killed
    assert processes.statuses() == [-signal.SIGTERM]


def test_the_signal_can_be_chosen(place: ClusterPlace, processes: StandIns) -> None:
    processes.note(processes.start(STUBBORN))

    stop_cluster(place, signum=signal.SIGKILL)

    assert processes.statuses() == [-signal.SIGKILL]


def test_of_a_dead_controller_keeper_and_descendants_end(
    place: ClusterPlace, processes: StandIns
) -> None:
    controller = processes.start()
    keeper = processes.start(WITH_CHILD, marked=False)
    processes.note(controller, keeper)
    kill(controller)

    ended = stop_cluster(place)

    assert ended == Ended(was_running=False, leftovers=2, had_files=True)
    assert processes.statuses()[1] == -signal.SIGTERM


def test_of_a_dead_keeper_the_engines_are_found_by_their_mark(
    place: ClusterPlace, processes: StandIns
) -> None:
    controller, keeper = processes.start(), processes.start()
    processes.start()
    processes.start(STUBBORN)
    processes.note(controller, keeper)
    kill(controller)
    kill(keeper)

    assert stop_cluster(place).leftovers == 2
    assert None not in processes.statuses()


def test_marked_processes_end_even_when_no_file_is_left(
    place: ClusterPlace, processes: StandIns
) -> None:
    processes.start()
    place.remove()

    assert stop_cluster(place) == Ended(was_running=False, leftovers=1)


def test_processes_of_others_are_left_alone(
    place: ClusterPlace, processes: StandIns
) -> None:
    stranger = processes.start(marked=False)
    # The pid of a dead controller, given to somebody else since.
    place.write_state(
        State(pid=stranger, pid_started=1.0, keeper_pid=stranger, keeper_started=1.0)
    )

    assert is_running(place) is None
    assert stop_cluster(place) == Ended(was_running=False, had_files=True)
    assert processes.statuses() == [None]


def test_the_second_time_there_is_nothing_to_do(place: ClusterPlace) -> None:
    stop_cluster(place)

    assert stop_cluster(place) == Ended(was_running=False)


def test_a_cluster_of_another_host_is_not_touched(
    place: ClusterPlace, processes: StandIns
) -> None:
    processes.note(processes.start(marked=False), host="elsewhere")

    with pytest.raises(ClusterError, match="on host elsewhere"):
        stop_cluster(place)

    assert place.state_file.exists()
    assert processes.statuses() == [None]


def test_a_running_cluster_cannot_be_claimed(
    place: ClusterPlace, processes: StandIns
) -> None:
    pid = processes.start()
    processes.note(pid)

    with pytest.raises(LaunchError, match=rf"already running \(controller pid {pid}"):
        claimed(place).__enter__()

    assert processes.statuses() == [None]


def test_claiming_cleans_up_after_a_dead_cluster(
    place: ClusterPlace, processes: StandIns
) -> None:
    controller = processes.start()
    processes.start()
    processes.note(controller)
    kill(controller)

    with claimed(place):
        assert not place.state_file.exists()
        assert place.log_folder.is_dir()

    assert None not in processes.statuses()


def test_two_cannot_start_the_same_cluster_at_once(place: ClusterPlace) -> None:
    with (
        claimed(place),
        pytest.raises(LaunchError, match="being started by somebody else"),
    ):
        claimed(place).__enter__()


def test_a_claim_survives_a_cluster_that_is_removed_meanwhile(
    place: ClusterPlace, tmp_path: Path
) -> None:
    place.remove()

    with claimed(place):
        assert place.folder.is_dir()
