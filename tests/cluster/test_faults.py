"""Engines that die: what their tasks get, and what goes on."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import psutil
import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

Own = Callable[..., Client]


def die_killed() -> None:
    print("my last words", file=sys.stderr)
    os.kill(os.getpid(), signal.SIGKILL)


def die_crashing() -> None:
    ctypes.string_at(0)


def die_exiting() -> None:
    os.write(2, b"my last words\n")
    os._exit(3)


DEATHS = [
    (die_killed, "signal 9, SIGKILL; its last words on stderr:\nmy last words"),
    (die_crashing, "signal 11, SIGSEGV; its last words on stderr:\nFatal Python error"),
    (die_exiting, "exit status 3; its last words on stderr:\nmy last words"),
]


@pytest.mark.parametrize("kind", ["balanced", "direct"])
def test_the_error_names_engine_host_and_cause(own: Own, kind: str) -> None:
    rc = own(4)
    for engine, (die, cause) in enumerate(DEATHS):
        view = rc.load_balanced_view(engine) if kind == "balanced" else rc[engine]

        with pytest.raises(ipp.error.EngineError) as caught:
            view.apply_async(die).get(timeout=20)

        text = str(caught.value)
        assert text.startswith(f"engine {engine} on {os.uname().nodename} ended: ")
        assert cause in text
        assert "engines/calls.py" not in text
        assert (caught.value.engine, caught.value.host) == (engine, os.uname().nodename)
    assert rc.ids == [3]
    assert rc[3].apply_sync(len, "abc") == 3


def test_an_idle_engine_that_dies_leaves(own: Own, wait_until: Any) -> None:
    rc = own(2)

    os.kill(rc[0].apply_sync(os.getpid), signal.SIGKILL)

    wait_until(lambda: rc.ids == [1], "engine 0 has left")
    with pytest.raises(IndexError, match=r"engine 0 has left \(signal 9, SIGKILL\)"):
        rc[0]


def test_what_is_queued_behind_runs_elsewhere(own: Own, flag: Any) -> None:
    rc = own(2)
    killer, other = rc[0], rc[1]
    go = flag("go")

    def wait_and_die() -> None:
        go.wait()
        os.kill(os.getpid(), signal.SIGKILL)

    view = rc.load_balanced_view()
    blocked = other.apply_async(go.wait)
    dying = killer.apply_async(wait_and_die)
    behind = view.map_async(lambda i: (i, os.getpid()), range(200))
    direct = killer.apply_async(os.getpid)
    go.set()

    assert blocked.get(timeout=20)
    with pytest.raises(ipp.error.EngineError):
        dying.get(timeout=20)
    with pytest.raises(ipp.error.EngineError, match=r"engine 0 .* ended: signal 9"):
        direct.get(timeout=20)
    survivor = other.apply_sync(os.getpid)
    assert behind.get(timeout=20) == [(i, survivor) for i in range(200)]


def test_retries_end(own: Own) -> None:
    rc = own(4)
    view = rc.load_balanced_view()

    with view.temp_flags(retries=1):
        dying = view.apply_async(die_killed)
    with pytest.raises(ipp.error.EngineError, match="signal 9"):
        dying.get(timeout=20)

    assert len(rc.ids) == 2


def test_a_task_that_kills_every_engine_is_given_up(own: Own) -> None:
    rc = own(5)
    view = rc.load_balanced_view()

    with view.temp_flags(retries=100):
        poison = view.apply_async(die_killed)
    with pytest.raises(ipp.error.EngineError):
        poison.get(timeout=20)

    assert rc.ids
    assert view.apply_sync(len, "abc") == 3


def test_a_retry_succeeds_elsewhere(own: Own, flag: Any) -> None:
    rc = own(2)
    view = rc.load_balanced_view()
    died = flag("died")

    def die_once() -> str:
        if not died.is_set():
            died.set()
            os.kill(os.getpid(), signal.SIGKILL)
        return "done"

    with view.temp_flags(retries=1):
        assert view.apply_async(die_once).get(timeout=20) == "done"


def test_without_engines_tasks_wait(own: Own) -> None:
    rc = own(1)
    view = rc.load_balanced_view()
    with pytest.raises(ipp.error.EngineError):
        view.apply_async(die_killed).get(timeout=20)

    with pytest.raises(ipp.error.NoEnginesRegistered):
        rc[:]
    with pytest.raises(ipp.error.NoEnginesRegistered):
        rc.direct_view("all").apply_sync(os.getpid)
    waiting = view.apply_async(len, "abc")
    with view.temp_flags(timeout=0.05):
        hurried = view.apply_async(len, "abc")
    with pytest.raises(ipp.error.TaskTimeout, match=r"timeout of 0\.05 s"):
        hurried.get(timeout=20)
    assert not waiting.ready()

    rc.cluster.start_engines_sync(1)
    assert waiting.get(timeout=20) == 3


def test_the_children_of_a_dead_engine_die(own: Own, wait_until: Any) -> None:
    rc = own(1)

    def start_child() -> int:
        import subprocess

        return subprocess.Popen(["sleep", "1000"]).pid

    child = psutil.Process(rc[0].apply_sync(start_child))
    with pytest.raises(ipp.error.EngineError):
        rc[0].apply_async(die_killed).get(timeout=20)

    def has_ended() -> bool:
        # Whoever inherits it may not have looked at it yet.
        return not child.is_running() or child.status() == psutil.STATUS_ZOMBIE

    wait_until(has_ended, "the child ends")


def test_output_of_a_dying_task_arrives(own: Own) -> None:
    rc = own(1)

    def say_and_die() -> None:
        print("from Python")
        os.write(1, b"from C")
        os.kill(os.getpid(), signal.SIGKILL)

    dying = rc[0].apply_async(say_and_die)
    with pytest.raises(ipp.error.EngineError):
        dying.get(timeout=20)

    assert dying.stdout == "from Python\nfrom C"


def test_a_stopped_process_loses_nothing(own: Own, flag: Any) -> None:
    rc = own(2)
    process = psutil.Process(rc[0].apply_sync(os.getpid))
    begun, go = flag("begun"), flag("go")

    def wait(n: int) -> int:
        begun.set()
        go.wait()
        return n

    one = rc[0].apply_async(wait, 1)
    begun.wait()
    process.suspend()
    more = [rc[0].apply_async(wait, n) for n in range(2, 30)]
    assert rc[1].apply_async(len, "abc").get(timeout=20) == 3
    go.set()
    assert not one.wait(timeout=0.05)
    process.resume()

    values = [one.get(timeout=20), *(ar.get(timeout=20) for ar in more)]
    assert values == list(range(1, 30))


def open_files() -> tuple[int, int]:
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)


def test_engines_are_started_again_after_the_keeper_was_killed(
    own: Own, keeper_of: Any, wait_until: Any
) -> None:
    rc = own(2)
    cluster, limit = rc.cluster, rc[0].apply_sync(open_files)
    keeper_of(rc).kill()
    wait_until(lambda: rc.ids == [], "the engines are gone")
    waiting = rc.load_balanced_view().apply_async(abs, -5)

    cluster.start_engines_sync(n=2)
    rc.wait_for_engines(2, timeout=20)

    assert waiting.get(timeout=20) == 5
    assert rc.ids == [2, 3]
    assert rc[:].apply_sync(open_files) == [limit, limit]
    keeper = keeper_of(rc)
    cluster.stop_cluster_sync()
    wait_until(lambda: not keeper.is_running(), "the second keeper has ended")


def test_a_second_keeper_is_stopped_when_its_controller_is_killed(
    own: Own, keeper_of: Any, wait_until: Any
) -> None:
    rc = own(1)
    place = rc.cluster.place
    keeper_of(rc).kill()
    wait_until(lambda: rc.ids == [], "the engine is gone")
    rc.cluster.start_engines_sync(n=1)
    rc.wait_for_engines(1, timeout=20)
    keeper = keeper_of(rc)

    os.kill(rc.connection.ticket.pid, signal.SIGKILL)
    rc.cluster.stop_cluster_sync()

    wait_until(lambda: not keeper.is_running(), "the second keeper has ended")
    assert not place.folder.exists()


def test_without_a_keeper_all_engines_are_lost(
    own: Own, keeper_of: Any, flag: Any, wait_until: Any
) -> None:
    rc = own(2)
    keeper = keeper_of(rc)
    begun = flag("begun")

    def wait() -> None:
        begun.set()
        while True:  # the doorbell is a signal, too
            signal.pause()

    running = rc[0].apply_async(wait)
    begun.wait()
    engines = rc[:].apply_async(os.getpid)
    keeper.kill()

    with pytest.raises(ipp.error.EngineError, match="its keeper ended"):
        running.get(timeout=20)
    assert isinstance(engines.exception(timeout=20), ipp.error.ClusterError)
    wait_until(lambda: rc.ids == [], "the client knows")
    place = rc.cluster.place
    rc.cluster.stop_cluster_sync()
    assert not place.folder.exists()
