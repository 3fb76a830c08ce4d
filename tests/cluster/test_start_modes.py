"""Engines that are spawned, engines with modules loaded before, and async tasks."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Callable
from typing import Any

import pytest

import ipcluster as ipp
from ipcluster.client.client import Client

pytestmark = pytest.mark.cluster

Own = Callable[..., Client]


def test_spawned_engines_do_the_same(own: Own, flag: Any) -> None:
    rc = own(2, "--spawn")
    begun = flag("begun")

    def speak(x: int) -> int:
        print("hello")
        os.write(2, b"error")
        return 2 * x

    ar = rc[:].apply_async(speak, 2)
    assert ar.get(timeout=20) == [4, 4]
    assert (ar.stdout, ar.stderr) == (["hello\n"] * 2, ["error"] * 2)

    def sleep() -> None:
        import time

        begun.set()
        time.sleep(1000)

    running = rc[0].apply_async(sleep)
    begun.wait()
    running.cancel()
    with pytest.raises(ipp.RemoteError, match="KeyboardInterrupt"):
        running.get(timeout=20)
    with pytest.raises(ipp.error.EngineError, match="exit status 4"):
        rc[0].apply_async(os._exit, 4).get(timeout=20)


def test_spawned_engines_leave_their_link_to_no_child(own: Own) -> None:
    rc = own(1, "--spawn")

    def open_files_of_child() -> str:
        return os.popen("ls -l /proc/self/fd").read()

    found = rc[0].apply_async(open_files_of_child).get(timeout=20)
    assert "socket:" not in found
    assert "memfd:" not in found


def test_preloaded_modules_are_there(own: Own) -> None:
    rc = own(2, "--preload=numpy,no_such_module")

    def loaded() -> bool:
        return "numpy" in sys.modules

    assert rc[:].apply_sync(loaded) == [True, True]


def test_forked_engines_have_random_numbers_of_their_own(own: Own) -> None:
    rc = own(4, "--preload=numpy,random,numpy.random")

    def numbers() -> tuple[float, float, float]:
        import numpy as np

        fresh = np.random.default_rng()
        return random.random(), float(np.random.random()), float(fresh.random())

    for found in zip(*rc[:].apply_sync(numbers), strict=True):
        assert len(set(found)) == 4


def test_engines_are_no_threads(own: Own) -> None:
    import threading

    rc = own(1)

    assert rc[0].apply_sync(threading.active_count) == 1
    assert rc[0].apply_sync(lambda: threading.current_thread().name) == "MainThread"


def test_async_functions_are_tasks(rc: Client) -> None:
    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    view = rc.load_balanced_view()
    assert rc[:].apply_sync(double, 2) == [4, 4]
    assert view.apply_sync(double, 3) == 6
    assert view.map_sync(double, range(10)) == [2 * i for i in range(10)]
    assert view.map_sync(double, range(4), return_exceptions=True) == [0, 2, 4, 6]
    with pytest.raises(ValueError, match="later"):
        view.apply_sync(fail)


def test_results_can_be_awaited(rc: Client) -> None:
    async def main() -> list[int]:
        view = rc.load_balanced_view()
        return list(
            await asyncio.gather(*[view.apply_async(abs, -i) for i in range(20)])
        )

    assert asyncio.run(main()) == list(range(20))
