"""When an interrupt raises: decided by what the main thread is about."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from ipcluster.shell.kernel.interrupts import Interrupts


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    found = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    found.install()
    yield found
    found.restore()
    found.close()
    assert signal.getsignal(signal.SIGINT) is before


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_between_requests_nothing_is_hit(interrupts: Interrupts) -> None:
    press()

    interrupts.expect()
    with interrupts.user_code():
        interrupts.begin()


def test_one_that_comes_before_the_cells_code_waits_for_it(
    interrupts: Interrupts,
) -> None:
    interrupts.expect()
    press()

    with interrupts.user_code(), pytest.raises(KeyboardInterrupt):
        interrupts.begin()


def test_it_hits_one_cell_only(interrupts: Interrupts) -> None:
    interrupts.expect()
    press()
    interrupts.end()  # it had no code: a syntax error

    with interrupts.user_code():
        interrupts.begin()
    interrupts.expect()
    with interrupts.user_code():
        interrupts.begin()
        with pytest.raises(KeyboardInterrupt):
            press()
