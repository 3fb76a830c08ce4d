"""The blocking twins of async methods."""

import asyncio

import pytest

from ipcluster.launchers.blocking import blocking, run_blocking


class Thing:
    async def double(self, x: int) -> int:
        """Twice as much."""
        await asyncio.sleep(0)
        return 2 * x

    double_sync = blocking(double)


def test_a_twin_gives_what_the_coroutine_returns() -> None:
    assert Thing().double_sync(4) == 8
    assert Thing.double_sync.__name__ == "double_sync"


def test_it_works_where_a_loop_runs_already() -> None:
    async def cell() -> int:
        return Thing().double_sync(5)

    assert asyncio.run(cell()) == 10


def test_errors_come_through() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_blocking(fail())


def test_the_threads_own_loop_stays_as_it_is() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        Thing().double_sync(1)
        assert asyncio.get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()
