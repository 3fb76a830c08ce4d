"""The `ipcluster` command with real processes: start, change, kill, stop."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import psutil
import pytest

from ipcluster.launchers.processes import marked
from ipcluster.wire import tickets
from ipcluster.wire.places import ClusterPlace, State
from ipcluster.wire.processes import is_alive

pytestmark = pytest.mark.cluster

COMMAND = [sys.executable, "-m", "ipcluster"]


def ipcluster(*words: str, status: int = 0) -> str:
    """Run the command to its end; what it said on both streams."""
    done = subprocess.run(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def until(reached: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def state_of(place: ClusterPlace) -> State:
    state = place.read_state()
    assert state is not None
    return state


def engines_of(place: ClusterPlace) -> list[psutil.Process]:
    return list(psutil.Process(state_of(place).keeper_pid).children())


def assert_gone(place: ClusterPlace) -> None:
    """No process and no file of the cluster."""
    assert marked(place.folder) == []
    assert not place.folder.exists()
    assert not place.segment_folder.exists()
    assert list(Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*")) == []


class Foreground:
    """`ipcluster start` in the foreground, as a child of ours."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "start", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self.read_until("Ctrl-C stops everything")

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if text in line:
                return
        raise AssertionError(f"never said {text!r}: {self.said}")

    def finish(self) -> int:
        """Its exit status, once it has said all."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(30)


class Terminal:
    """A command in a terminal of its own."""

    # Makes the terminal the one whose Ctrl-C and whose closing the command hears of.
    TAKE = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        "os.execv(sys.executable, [sys.executable, '-m', 'ipcluster', *sys.argv[1:]])"
    )

    def __init__(self, *words: str) -> None:
        self._ours, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.TAKE, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._ours)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read_until(self, text: str) -> None:
        while text not in self._said:
            assert select.select([self._ours], [], [], 30)[0], self._said
            self._said += os.read(self._ours, 4096).decode()
        self._said = self._said.partition(text)[2]


@pytest.fixture
def place() -> Iterator[ClusterPlace]:
    """The default cluster, ended whatever a test has done to it."""
    place = ClusterPlace()
    yield place
    ipcluster("stop", "--signal", "KILL")


def test_daemonize_returns_when_all_engines_answer(place: ClusterPlace) -> None:
    said = ipcluster("start", "-n", "2", "--daemonize")

    assert "2 of 2 engines answer" in said
    assert "ipp.Client()" in said
    assert len(engines_of(place)) == 2
    (listed,) = json.loads(ipcluster("list", "-o", "json"))
    assert (listed["state"], listed["engines"]) == ("running", 2)
    assert ipcluster("stop") == "cluster 'default' stopped\n"
    assert_gone(place)
    assert ipcluster("stop") == "no cluster 'default' is running\n"


def test_status_shows_each_engine(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "2", "--daemonize")

    known = json.loads(ipcluster("status", "-o", "json"))
    text = ipcluster("status")

    pids = {process.pid for process in engines_of(place)}
    assert {one["pid"] for one in known["engine_list"]} == pids
    assert [one["id"] for one in known["engine_list"]] == [0, 1]
    assert all(str(pid) in text for pid in pids)


def test_engines_are_added_stopped_and_replaced(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")

    assert "engines 1-2 started; 3 in" in ipcluster("engines", "-n", "2")
    assert "engine 1 stopped; 2 in" in ipcluster("stop-engines", "-t", "1")
    said = ipcluster("restart-engines", "-t", "0")
    assert "engine 3 started in place of 0; 2 in" in said
    assert "no engine 0; there are: 2-3" in ipcluster(
        "restart-engines", "-t", "0", status=1
    )
    assert "engines 2-3 stopped; 0 in" in ipcluster("stop-engines")


def test_a_second_start_is_refused_and_names_the_first(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")
    pid = state_of(place).pid

    said = ipcluster("start", "-n", "1", "--daemonize", status=1)

    assert f"already running (controller pid {pid}, port " in said
    assert is_alive(pid, state_of(place).pid_started)


def test_clusters_with_other_ids_run_side_by_side(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")
    said = ipcluster("start", "-n", "0", "--daemonize", "--cluster-id", "two")

    assert "ipp.Client(cluster_id='two')" in said
    elsewhere = "no cluster 'three' is running; `ipcluster list` shows those that are\n"
    assert ipcluster("status", "--cluster-id", "three", status=1) == elsewhere
    assert ipcluster("stop", "--cluster-id", "three") == elsewhere
    assert "running" in ipcluster("clean", "--all")
    said = ipcluster("stop", "--all")
    assert said.splitlines() == ["cluster 'default' stopped", "cluster 'two' stopped"]
    assert_gone(place)
    assert_gone(ClusterPlace("default", "two"))


def test_a_start_that_cannot_be_says_why_and_leaves_nothing(
    place: ClusterPlace,
) -> None:
    said = ipcluster("start", "-n", "1", "--daemonize", "--ip", "192.0.2.1", status=1)

    assert "cannot listen on 192.0.2.1" in said
    assert_gone(place)


def test_the_foreground_shows_how_to_connect_and_stops_on_a_signal(
    place: ClusterPlace,
) -> None:
    foreground = Foreground("-n", "2")
    pid = state_of(place).pid

    foreground.process.send_signal(signal.SIGTERM)

    assert foreground.finish() == 0
    assert re.search(rf"controller pid {pid}, port \d+", foreground.said)
    assert "ipp.Client()" in foreground.said
    assert "SIGTERM: stopping" in foreground.said
    assert_gone(place)


def test_ctrl_c_in_a_terminal_stops_everything_in_order(place: ClusterPlace) -> None:
    with Terminal("start", "-n", "2") as terminal:
        terminal.read_until("Ctrl-C stops everything")
        engines = engines_of(place)

        terminal.press("\x03")

        terminal.read_until("Ctrl-C: stopping")
        terminal.read_until("stopped")
        assert terminal.process.wait(30) == 0
    assert not any(engine.is_running() for engine in engines)
    assert_gone(place)


def test_a_terminal_that_closes_stops_everything(place: ClusterPlace) -> None:
    with Terminal("start", "-n", "1") as terminal:
        terminal.read_until("Ctrl-C stops everything")

    assert terminal.process.wait(30) == 0
    assert_gone(place)


def test_the_foreground_tells_when_its_controller_dies(place: ClusterPlace) -> None:
    foreground = Foreground("-n", "1")

    os.kill(state_of(place).pid, signal.SIGKILL)

    assert foreground.finish() == 1
    assert "the controller has died (signal 9, SIGKILL)" in foreground.said
    assert_gone(place)


def test_the_foreground_ends_when_the_cluster_is_stopped_elsewhere(
    place: ClusterPlace,
) -> None:
    foreground = Foreground("-n", "1")

    ipcluster("stop")

    status = foreground.finish()
    assert foreground.said.endswith("the cluster was stopped\n")
    assert status == 0


def test_the_foreground_shows_engines_that_die(place: ClusterPlace) -> None:
    foreground = Foreground("-n", "2")

    engines_of(place)[0].kill()

    foreground.read_until("1 engine answers")
    foreground.process.send_signal(signal.SIGINT)
    assert foreground.finish() == 0


def test_a_killed_foreground_takes_the_cluster_with_it(place: ClusterPlace) -> None:
    foreground = Foreground("-n", "1")

    foreground.process.kill()

    foreground.finish()
    until(lambda: not marked(place.folder), "all processes end")
    assert_gone(place)


@pytest.mark.parametrize("victim", ["controller", "keeper", "engine", "all engines"])
def test_after_kill_9_stop_leaves_nothing(place: ClusterPlace, victim: str) -> None:
    ipcluster("start", "-n", "2", "--daemonize")
    state, engines = state_of(place), engines_of(place)
    victims = {
        "controller": [state.pid],
        "keeper": [state.keeper_pid],
        "engine": [engines[0].pid],
        "all engines": [engine.pid for engine in engines],
    }

    for pid in victims[victim]:
        os.kill(pid, signal.SIGKILL)
    said = ipcluster("stop")

    assert said.startswith("cluster 'default' ")
    assert_gone(place)
    assert ipcluster("stop") == "no cluster 'default' is running\n"


def test_a_frozen_controller_is_stopped_too(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")
    os.kill(state_of(place).pid, signal.SIGSTOP)

    assert "no answer" in ipcluster("list")
    assert ipcluster("stop") == "cluster 'default' stopped\n"
    assert_gone(place)


def test_status_says_why_there_is_no_answer(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")
    place.client_ticket.chmod(0o644)

    said = ipcluster("status", status=1)

    refused = f"ticket refused: others can read {place.client_ticket}"
    assert said.startswith(f"cluster 'default': no answer: {refused}")
    assert ipcluster("stop") == "cluster 'default' stopped\n"


def test_a_dead_cluster_is_recognised_and_started_anew(place: ClusterPlace) -> None:
    ipcluster("start", "-n", "1", "--daemonize")
    state = state_of(place)
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: not is_alive(state.pid, state.pid_started), "the controller ends")

    assert "is gone" in (tickets.is_stale(tickets.read(place.client_ticket)) or "")
    assert "dead" in ipcluster("status", status=1)
    assert "is gone" in ipcluster("engines", "-n", "1", status=1)
    ipcluster("start", "-n", "1", "--daemonize")

    assert state_of(place).pid != state.pid
    assert not is_alive(state.keeper_pid, state.keeper_started)
    ipcluster("stop")
    assert_gone(place)
