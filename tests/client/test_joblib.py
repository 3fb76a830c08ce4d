"""joblib's calls on engines."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ipcluster as ipp
from ipcluster.client.balancedview import LoadBalancedView
from ipcluster.client.client import Client

pytest.importorskip("joblib", reason="joblib is not installed: ipcluster[joblib]")

import joblib
from joblib import Parallel, delayed, parallel_config

pytestmark = pytest.mark.cluster

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends as they were before the test."""
    backends, default = joblib.parallel.BACKENDS, joblib.parallel.DEFAULT_BACKEND
    monkeypatch.setattr(joblib.parallel, "BACKENDS", dict(backends))
    monkeypatch.setattr(joblib.parallel, "DEFAULT_BACKEND", default)


@pytest.fixture
def view(rc: Client) -> Iterator[LoadBalancedView]:
    """A registered view; afterwards its engines must be idle and nothing under way."""
    view = rc.load_balanced_view()
    view.register_joblib_backend()
    yield view
    assert rc.wait(timeout=PATIENCE)
    assert rc[:].apply_async(int).get(timeout=PATIENCE) == [0] * 4


def square(x: int) -> int:
    return x * x


# --- calls ----------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 7, "auto"])
def test_calls_run_on_engines(
    rc: Client, view: LoadBalancedView, batch_size: Any
) -> None:
    def call(x: int) -> tuple[int, int]:
        return x * x, os.getpid()

    with parallel_config("ipcluster"):
        found = Parallel(batch_size=batch_size)(delayed(call)(i) for i in range(100))

    assert [value for value, _ in found] == [i * i for i in range(100)]
    assert {pid for _, pid in found} <= set(rc[:].apply_sync(os.getpid))
    if batch_size != "auto":
        assert len(view.history) >= 100 / batch_size


def test_it_is_known_by_the_name_of_ipyparallel(view: LoadBalancedView) -> None:
    with parallel_config("ipyparallel"):
        assert Parallel()(delayed(square)(i) for i in range(3)) == [0, 1, 4]
    assert view.history


def test_the_name_of_ipyparallel_is_not_taken_from_it(rc: Client) -> None:
    joblib.register_parallel_backend("ipyparallel", theirs := lambda **_: None)

    rc.load_balanced_view().register_joblib_backend()

    assert joblib.parallel.BACKENDS["ipyparallel"] is theirs


def test_another_name_is_the_only_one(rc: Client) -> None:
    rc.load_balanced_view().register_joblib_backend("mine")

    assert {"mine"} == set(joblib.parallel.BACKENDS) & {
        "mine",
        "ipcluster",
        "ipyparallel",
    }


def test_a_default_needs_no_name(rc: Client) -> None:
    view = rc.load_balanced_view()
    view.register_joblib_backend(make_default=True)

    assert Parallel()(delayed(square)(i) for i in range(5)) == [0, 1, 4, 9, 16]

    assert view.history


def test_one_parallel_for_several_calls(view: LoadBalancedView) -> None:
    with parallel_config("ipcluster"), Parallel() as parallel:
        for n in (3, 0, 20):
            assert parallel(delayed(square)(i) for i in range(n)) == [
                i * i for i in range(n)
            ]


def test_results_one_by_one(view: LoadBalancedView) -> None:
    with parallel_config("ipcluster"):
        ordered = Parallel(return_as="generator")(delayed(square)(i) for i in range(9))
        as_they_come = Parallel(return_as="generator_unordered")

        assert list(ordered) == [i * i for i in range(9)]
        assert sorted(as_they_come(delayed(square)(i) for i in range(4))) == [
            0,
            1,
            4,
            9,
        ]


def test_one_call_while_another_yields_its_results(view: LoadBalancedView) -> None:
    with parallel_config("ipcluster"):
        first = Parallel(return_as="generator", batch_size=1, pre_dispatch=2)
        results = first(delayed(square)(i) for i in range(30))

        assert next(results) == 0
        assert Parallel()(delayed(square)(i) for i in range(30)) == [
            i * i for i in range(30)
        ]
        assert list(results) == [i * i for i in range(1, 30)]


@pytest.mark.parametrize("inner", [None, 2])
def test_calls_inside_of_calls(view: LoadBalancedView, inner: int | None) -> None:
    def outer(n: int) -> tuple[int, int]:
        found = Parallel(n_jobs=inner)(
            delayed(lambda x: (x * x, os.getpid()))(i) for i in range(n)
        )
        return sum(value for value, _ in found), len({pid for _, pid in found})

    with parallel_config("ipcluster"):
        found = Parallel()(delayed(outer)(n) for n in range(1, 5))

    # The inner ones stay on the engine of the outer one.
    assert found == [(0, 1), (1, 1), (5, 1), (14, 1)]


def test_large_arrays_from_another_host(cluster: Any) -> None:
    # Sending them waits for the receiving thread, which must not wait for joblib.
    arrays = [np.full(100_000, i, dtype=float) for i in range(30)]
    with Client(cluster.place.client_ticket, transport="remote") as rc:
        rc.load_balanced_view().register_joblib_backend()
        with parallel_config("ipcluster"):
            found = Parallel(batch_size=1)(delayed(lambda a: a + 1)(a) for a in arrays)

    assert [float(one[0]) for one in found] == [i + 1.0 for i in range(30)]


# --- how many at a time ---------------------------------------------------------------


def test_fewer_jobs_than_engines(view: LoadBalancedView, tmp_path: Path) -> None:
    folder = str(tmp_path)

    def call(i: int) -> int:
        mine = os.path.join(folder, str(i))
        with open(mine, "w"):
            count = len(os.listdir(folder))
            time.sleep(0.01)
        os.unlink(mine)
        return count

    with parallel_config("ipcluster", n_jobs=2):
        counts = Parallel(batch_size=1)(delayed(call)(i) for i in range(20))

    assert 1 <= max(counts) <= 2


@pytest.mark.parametrize(
    ("n_jobs", "effective"), [(-1, 4), (None, 4), (-2, 3), (-9, 2), (3, 3), (99, 4)]
)
def test_number_of_jobs(
    view: LoadBalancedView, n_jobs: int | None, effective: int
) -> None:
    with parallel_config("ipcluster", n_jobs=n_jobs):
        assert joblib.effective_n_jobs(None) == effective


def test_one_job_is_run_here_and_none_is_an_error(view: LoadBalancedView) -> None:
    with parallel_config("ipcluster"):
        assert Parallel(n_jobs=1)([delayed(os.getpid)()]) == [os.getpid()]
        with pytest.raises(ValueError, match="n_jobs == 0"):
            Parallel(n_jobs=0)([delayed(os.getpid)()])


def test_one_engine_is_used(rc: Client) -> None:
    rc.load_balanced_view(targets=[rc.ids[0]]).register_joblib_backend()

    with parallel_config("ipcluster"):
        pids = Parallel()(delayed(os.getpid)() for _ in range(5))

    assert set(pids) == {rc[0].apply_sync(os.getpid)}


# --- when it fails --------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, "auto"])
def test_an_error_is_what_it_was_and_ends_the_rest(
    rc: Client, view: LoadBalancedView, batch_size: Any
) -> None:
    def call(i: int) -> int:
        if i == 2:
            raise ValueError(f"no {i}")
        time.sleep(0 if i < 2 else PATIENCE)
        return i

    began = time.monotonic()
    with (
        parallel_config("ipcluster"),
        pytest.raises(ValueError, match="no 2") as caught,
    ):
        Parallel(batch_size=batch_size)(delayed(call)(i) for i in range(1000))

    assert isinstance(caught.value, ipp.RemoteError)
    # What ran was interrupted, what waited was taken back.
    assert rc.wait(timeout=PATIENCE / 2)
    assert time.monotonic() - began < PATIENCE / 2
    with parallel_config("ipcluster"):
        assert Parallel()(delayed(square)(i) for i in range(3)) == [0, 1, 4]


def test_a_call_that_takes_too_long(view: LoadBalancedView) -> None:
    with parallel_config("ipcluster"), pytest.raises(multiprocessing.TimeoutError):
        Parallel(timeout=0.2, batch_size=1)(
            delayed(time.sleep)(PATIENCE) for _ in range(2)
        )


@pytest.mark.parametrize("where", [0, 50])
def test_an_argument_that_cannot_be_sent(view: LoadBalancedView, where: int) -> None:
    # The later ones are sent by callbacks, where an error is easily lost.
    arguments: Iterator[Any] = itertools.chain(
        range(where), [threading.Lock()], range(50)
    )

    with (
        parallel_config("ipcluster"),
        pytest.raises(ipp.SerializationError, match="cannot pickle"),
    ):
        Parallel(batch_size=1)(delayed(square)(i) for i in arguments)


def test_without_engines_it_is_said(rc: Client, view: LoadBalancedView) -> None:
    view.client.roster.on_engines((), [(engine, "gone") for engine in rc.ids])

    try:
        with (
            parallel_config("ipcluster"),
            pytest.raises(ipp.NoEnginesRegistered, match="ipcluster engines"),
        ):
            Parallel()([delayed(square)(1)])
    finally:
        rc.roster.on_engines(rc.roster.known.values(), ())


# --- without a view -------------------------------------------------------------------

PROGRAM = """
import os, sys
import joblib
import ipcluster as ipp

ipp.register_joblib_backend()
for _ in range(2):
    with joblib.parallel_config("ipcluster"):
        pids = joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(20))
    assert os.getpid() not in pids
print(len(ipp.client.joblib_backend.latest.view()))
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_without_a_view_the_latest_cluster_is_used() -> None:
    cluster = ipp.Cluster(n=3)
    cluster.start_cluster_sync()

    done = run(PROGRAM)

    cluster.stop_cluster_sync()
    assert done.stdout == "3\n", done.stderr


def test_without_a_cluster_one_is_started_and_ends() -> None:
    done = run(PROGRAM)

    # One for each core; the fixtures look for what is left.
    assert done.stdout.strip().isdecimal(), done.stderr


def test_without_joblib_it_says_what_to_install() -> None:
    done = run(
        "import sys; sys.modules['joblib'] = None\n"
        "import ipcluster; ipcluster.register_joblib_backend()",
    )

    assert done.stderr.endswith(
        "ModuleNotFoundError: joblib is not installed: "
        "pip install 'ipcluster[joblib]'\n"
    )
